"""A person decides a conflict: the value stands, flows as any edit, and is edited like any other."""

import pytest
from memory_world import PERSON, World, capable

from crm_bridge.errors import UserMistake

ANNA = {"last_name": "Коваль", "first_name": "Anna", "birth_date": "1985-03-08", "mobile_phone": "+380505550101"}


@pytest.fixture
def asked(tmp_path):
    """A, B and C differ on a path that only a person may decide."""
    world = World(tmp_path, more='[survivorship.paths]\nmarital_status = {rule = "manual"}\n')
    world.ids = world.person("a", "b", "c")
    world.settle()
    for name, value in (("a", "single"), ("b", "married")):
        world[name].edit("person", world.ids[name], {"marital_status": value})
    world.sync()
    [world.question] = world.ask("review_list")
    return world


def accept(world, value):
    return world.ask("review_decide", world.question["id"], True, by="Olha", value=value)


def held(world):
    return [world[name].person(world.ids[name]).get("marital_status") for name in "abc"]


@pytest.mark.parametrize(("side", "stands"), [("left", "single"), ("right", "married"), ("b", "married")])
def test_the_chosen_side_stands_everywhere(asked, side, stands):
    accept(asked, side)
    asked.sync()

    assert ([stands] * 3, []) == (held(asked), asked.ask("review_list"))
    assert 0 == asked.sync().written


def test_a_record_can_be_named_too(asked):
    accept(asked, f"b/person/{asked.ids['b']}")

    assert "married" == asked.client()["marital_status"]


def test_the_sides_are_shown_left_first(asked):
    rows = asked.ask("review_case", asked.question["id"])["rows"]

    assert [("a", "single"), ("b", "married")] == [(row["record"].split("/")[0], row["value"]) for row in rows]


def test_why_says_who_decided(asked):
    accept(asked, "right")

    [value] = asked.ask("why", asked.client()["id"], "marital_status")["values"]

    assert ("married", "decided by Olha") == (value["value"], value["rule"])
    assert {"single"} <= {each["value"] for each in value["superseded"]}


def test_an_edit_made_on_top_of_it_wins(asked):
    accept(asked, "right")
    asked.sync()

    asked["c"].edit("person", asked.ids["c"], {"marital_status": "divorced"})
    asked.sync()

    assert ["divorced"] * 3 == held(asked)


@pytest.mark.parametrize("answer", ["right", None])
def test_it_is_asked_again_when_the_path_differs_anew(asked, answer):
    """Nobody has judged the new values, whether the question was answered or turned down."""
    asked.ask("review_decide", asked.question["id"], answer is not None, by="Olha", value=answer)
    asked.sync()
    asked.sync()
    assert [] == asked.ask("review_list")
    for name, value in (("a", "divorced"), ("b", "widowed")):
        asked[name].edit("person", asked.ids[name], {"marital_status": value})

    report = asked.sync()

    [question] = asked.ask("review_list")
    rows = asked.ask("review_case", question["id"])["rows"]
    assert (["divorced", "widowed"], 1, None) == (
        [row["value"] for row in rows],
        report.clients["doubts"],
        question["decided_by"],
    )


def test_it_is_not_asked_again_for_what_was_judged(asked):
    """Other edits of the client, and a record that cannot be written, raise no dust."""
    asked["b"].refuse(asked.ids["b"])
    asked["b"].edit("person", asked.ids["b"], {"marital_status": "widowed"})
    asked["a"].edit("person", asked.ids["a"], {"marital_status": "divorced"})
    asked.sync()
    [question] = asked.ask("review_list")
    asked.ask("review_decide", question["id"], False, by="Olha")

    asked["b"].edit("person", asked.ids["b"], {"job_title": "teacher"})
    asked.sync()
    asked["a"].edit("person", asked.ids["a"], {"job_title": "baker"})
    asked.sync()

    assert [] == asked.ask("review_list")


def test_a_side_that_is_not_there_is_refused_and_the_question_stays(asked):
    with pytest.raises(UserMistake, match="is said by a/person"):
        accept(asked, "d")

    assert [asked.question["id"]] == [each["id"] for each in asked.ask("review_list")]


def test_taken_apart_each_record_has_its_own_word_again(asked):
    """What was decided in favour of a record that was another's leaves with it."""
    accept(asked, "right")
    asked.sync()
    client = asked.client()["id"]

    asked.ask("unmerge", client, f"b/person/{asked.ids['b']}", by="Olha", reason="her sister")
    asked.sync()

    assert ["single", "married"] == held(asked)[:2]


def test_a_value_is_for_conflicts_only(tmp_path):
    world = World(tmp_path)
    world["a"].load("person", [ANNA])
    world["b"].load("person", [{name: value for name, value in ANNA.items() if name != "birth_date"}])
    world.sync()
    [world.question] = world.ask("review_list")

    with pytest.raises(UserMistake, match="--value is for conflicts"):
        accept(world, "left")


class TestTaxIdentifiers:
    """Two valid numbers of one register are two people, unless a person knows better."""

    @pytest.fixture
    def two(self, tmp_path):
        def make(left, right):
            world = World(tmp_path)
            for name, value in (("a", left), ("b", right)):
                row = "    - {src: rnokpp, item: {system: ua.rnokpp, type: tax}}\n  contact_points:"
                text = (world.folder / f"{name}.yaml").read_text(encoding="utf-8")
                world.write_mapping(name, text.replace("  contact_points:", row, 1))
                birth_date = {"birth_date": ""} if name == "b" else {}
                world[name].load("person", [{**ANNA, **birth_date, "rnokpp": value}])
            world.sync()
            world.ids = sorted(found["id"] for found in world.ask("lookup", name="Коваль"))
            assert 2 == len(world.ids)
            return world

        return make

    def test_they_are_not_merged_by_an_oversight(self, two):
        world = two("1759013776", "2530414071")

        with pytest.raises(UserMistake, match=r"ua\.rnokpp.*--despite-identifiers"):
            world.ask("merge", *world.ids, by="Olha", reason="called her")

        assert 2 == len(world.ask("lookup", name="Коваль"))

    def test_they_are_merged_when_a_person_insists(self, two):
        world = two("1759013776", "2530414071")

        world.ask("merge", *world.ids, by="Olha", reason="one is mistyped", despite_identifiers=True)

        assert 1 == len(world.ask("lookup", name="Коваль"))

    def test_a_mistyped_number_does_not_stand_in_the_way(self, two):
        """Its check digit says that it is none."""
        world = two("1759013776", "1759013777")

        world.ask("merge", *world.ids, by="Olha", reason="called her")

        assert 1 == len(world.ask("lookup", name="Коваль"))

    def test_the_review_queue_follows_the_same_rule(self, two):
        world = two("1759013776", "2530414071")
        [question] = world.ask("review_list")

        with pytest.raises(UserMistake, match="--despite-identifiers"):
            world.ask("review_decide", question["id"], True, by="Olha")
        assert [question["id"]] == [each["id"] for each in world.ask("review_list")]
        world.ask("review_decide", question["id"], True, by="Olha", despite_identifiers=True)

        assert 1 == len(world.ask("lookup", name="Коваль"))


class TestUntilSomebodyDecides:
    def test_each_system_keeps_what_its_users_typed(self, asked):
        """Nobody's word is written over, and a system that said nothing of it hears of neither."""
        asked.sync()

        assert ["single", "married", None] == held(asked)

    def test_other_fields_are_carried(self, asked):
        asked["a"].edit("person", asked.ids["a"], {"job_title": "teacher"})
        asked.sync()

        assert ["teacher"] * 3 == [asked[name].person(asked.ids[name])["job_title"] for name in "abc"]
        assert ["single", "married", None] == held(asked)

    def test_the_plan_says_what_it_waits_for(self, asked):
        blocked = asked.ask("plan").blocked

        assert {f"waits for review case {asked.question['id']}"} == {each.message for each in blocked}
        assert {"marital_status"} == {each.path for each in blocked}

    def test_a_further_edit_of_one_side_drops_neither(self, asked):
        asked["a"].edit("person", asked.ids["a"], {"marital_status": "divorced"})
        asked.sync()
        asked["b"].edit("person", asked.ids["b"], {"marital_status": "widowed"})
        asked.sync()
        [question] = asked.ask("review_list")
        rows = asked.ask("review_case", question["id"])["rows"]

        assert ["divorced", "widowed"] == [row["value"] for row in rows]
        assert ["divorced", "widowed", None] == held(asked)

    def test_a_side_that_gives_way_ends_it(self, asked):
        """The users agreed on the telephone: nothing is left to decide."""
        asked["a"].edit("person", asked.ids["a"], {"marital_status": "married"})
        asked.sync()

        assert ["married"] * 3 == held(asked)
        assert [] == asked.ask("review_list")

    def test_turned_down_it_stays_as_it_is(self, asked):
        asked.ask("review_decide", asked.question["id"], False, by="Olha")
        asked.sync()

        assert (["single", "married", None], 0) == (held(asked), asked.sync().written)

    def test_accepted_without_a_value_the_cards_is_carried(self, asked):
        stands = asked.client()["marital_status"]
        asked.ask("review_decide", asked.question["id"], True, by="Olha")
        asked.sync()

        assert [stands] * 3 == held(asked)


class TestOfAName:
    """A system may hold only a part of it."""

    @pytest.fixture
    def world(self, tmp_path):
        world = World(
            tmp_path, systems=dict.fromkeys("ab", capable()), more='[survivorship.paths]\nname = {rule = "manual"}\n'
        )
        text = PERSON.format(system="b", image="full")
        world.write_mapping("b", text.replace("  name.given: {src: first_name}\n", ""))
        world.ids = world.person("a", "b")
        world.sync()
        [question] = world.ask("review_list")
        world.ask("review_decide", question["id"], True, by="Olha")  # the two are one client
        world.settle()
        return world

    def test_nobody_is_asked_about_a_part_that_agrees(self, world):
        assert [] == world.ask("review_list")

    def test_who_holds_a_part_is_right_in_that_part(self, world):
        world["a"].edit("person", world.ids["a"], {"last_name": "Перша"})
        world["b"].edit("person", world.ids["b"], {"last_name": "Друга"})
        world.sync()
        [question] = world.ask("review_list")
        world.ask("review_decide", question["id"], True, by="Olha", value="b")
        world.settle()

        assert ("Друга", "Anna") == tuple(
            world["a"].person(world.ids["a"])[each] for each in ("last_name", "first_name")
        )
        assert "Друга" == world["b"].person(world.ids["b"])["last_name"]
