"""One number typed over on two sides: a conflict like that of any field. Numbers that are added stand side by side."""

import pytest
from memory_world import PERSON, World

A, B, C, D, E = (f"+3805055501{number:02d}" for number in range(5))
FIRST = "+380505550000"
MANUAL = '[survivorship.paths]\ncontact_points = {rule = "manual"}\n'


@pytest.fixture
def stand(tmp_path):
    """One person with number A in A, B and C; A is the most trusted."""

    def make(systems="abc", **options):
        world = World(tmp_path, **options)
        world.ids = world.person(*systems, mobile_phone=A, email="anna@example.com")
        world.settle()
        return world

    return make


def edit(world, system, **fields):
    world[system].edit("person", world.ids[system], fields)


def held(world, field="mobile_phone"):
    return [world[name].person(world.ids[name])[field] for name in world.ids]


def numbers(world, kind="phone"):
    return sorted(point["value"] for point in world.client().get("contact_points", ()) if point["type"] == kind)


def conflicts(world):
    found = world.client()["id"]
    return [line for line in world.ask("history", found) if line["what"] == "conflict"]


@pytest.mark.parametrize(
    ("field", "kind", "path", "values"),
    [
        ("mobile_phone", "phone", "contact_points[phone/mobile]", (B, C)),
        ("email", "email", "contact_points[email]", ("b@example.com", "c@example.com")),
    ],
)
def test_the_trusted_side_wins_and_is_carried(stand, field, kind, path, values):
    """The loser stays in the history and is reported; the second run writes nothing."""
    world = stand()
    edit(world, "b", **{field: values[1]})
    edit(world, "a", **{field: values[0]})

    report = world.sync()

    assert ([values[0]] * 3, [values[0]]) == (held(world, field), numbers(world, kind))
    assert 1 == report.clients["conflicts"]
    [told] = conflicts(world)
    assert [(f"b/person/{world.ids['b']}", values[1])] == [
        (each["source"], each["value"]["value"]) for each in told["lost"]
    ]
    assert 0 == world.sync().written
    [why] = world.ask("why", world.client()["id"], path)["values"]
    assert (values[0], "precedence") == (why["value"]["value"], why["rule"])
    assert [values[1]] == [each["value"]["value"] for each in why["lost"]]


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_which_side_is_read_first_does_not_matter(stand, order):
    world = stand()
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=C)

    for system in order:
        world.sync(system)
    world.sync()

    assert [B] * 3 == held(world)
    assert 0 == world.sync().written


def test_the_paths_own_order_decides(stand):
    world = stand(more='[survivorship.paths]\ncontact_points = ["b", "a"]\n')
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=C)

    world.sync()

    assert [C] * 3 == held(world)
    assert 0 == world.sync().written


@pytest.mark.parametrize(("rule", "stands"), [("newest", C), ("precedence", B)])
def test_the_rule_of_the_path_decides(stand, rule, stands):
    """B is edited last, and A is the more trusted."""
    world = stand(more=f'[survivorship.paths]\ncontact_points = {{rule = "{rule}"}}\n')
    edit(world, "a", mobile_phone=B)
    world.sync("a")
    edit(world, "b", mobile_phone=C)

    world.sync()

    assert ([stands] * 3, [stands]) == (held(world), numbers(world))
    assert 0 == world.sync().written


def test_three_sides_leave_one(stand):
    world = stand()
    for system, number in zip("abc", (B, C, D), strict=True):
        edit(world, system, mobile_phone=number)

    world.sync()

    assert ([B] * 3, [B]) == (held(world), numbers(world))
    assert {C, D} == {each["value"]["value"] for line in conflicts(world) for each in line["lost"]}
    assert 0 == world.sync().written


def test_an_edit_made_on_top_of_the_winner_wins(stand):
    """In the system of the loser, by the least trusted."""
    world = stand()
    edit(world, "a", mobile_phone=B)
    edit(world, "c", mobile_phone=C)
    world.sync()

    edit(world, "c", mobile_phone=C)
    report = world.sync()

    assert ([C] * 3, [C]) == (held(world), numbers(world))
    assert "conflicts" not in report.clients
    assert 0 == world.sync().written


def test_a_chain_of_edits_meets_the_edit_of_one_that_was_away(stand):
    """A → B → D in two systems, A → C in the third, which saw nothing of it."""
    world = stand()
    edit(world, "a", mobile_phone=B)
    world.sync("a", "b")
    edit(world, "b", mobile_phone=D)
    world.sync("a", "b")
    edit(world, "c", mobile_phone=C)

    world.sync()

    assert ([D] * 3, [D]) == (held(world), numbers(world))
    assert [C] == [each["value"]["value"] for line in conflicts(world) for each in line["lost"]]
    assert 0 == world.sync().written


def test_numbers_that_are_added_stand_side_by_side(stand):
    """Each side filled an empty field."""
    world = stand()
    edit(world, "a", home_phone=B)
    edit(world, "b", home_phone=C)

    report = world.sync()

    assert [A, B, C] == numbers(world)
    assert "conflicts" not in report.clients
    assert 0 == world.sync().written


def test_one_number_replaced_in_two_slots_is_no_conflict(tmp_path):
    """The same number was somebody's mobile here and home number there."""
    world = World(tmp_path)
    world.ids = {
        **world.person("a", mobile_phone=A),
        **world.person("b", mobile_phone="", home_phone=A, email="x@example.com"),
    }
    world["a"].edit("person", world.ids["a"], {"email": "x@example.com"})
    world.settle()
    edit(world, "a", mobile_phone=B)
    edit(world, "b", home_phone=C)

    report = world.sync()

    assert [B, C] == numbers(world)
    assert "conflicts" not in report.clients


def test_the_same_edit_on_both_sides_is_none(stand):
    world = stand()
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=B)

    report = world.sync()

    assert ([B] * 3, [B]) == (held(world), numbers(world))
    assert "conflicts" not in report.clients


def test_a_changed_number_wins_over_an_emptied_one(stand):
    world = stand()
    edit(world, "a", mobile_phone="")
    edit(world, "b", mobile_phone=C)

    world.sync()

    assert ([C] * 3, [C]) == (held(world), numbers(world))
    assert 0 == world.sync().written


def test_a_number_that_somebody_else_says_is_not_lost(stand):
    """C has it by itself, in place of nothing."""
    world = stand()
    edit(world, "c", home_phone=C)
    world.sync()
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=C)

    world.sync()

    assert {B, C} == set(numbers(world))
    world.sync()
    assert 0 == world.sync().written


def test_a_side_that_cannot_be_written_keeps_its_number_and_is_told_once(stand):
    world = stand()
    world["b"].refuse(world.ids["b"])
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=C)
    world.sync()
    edit(world, "b", job_title="teacher")

    world.sync()

    assert ([B], [B, C, B]) == (numbers(world), held(world))
    assert 1 == len(conflicts(world))


def test_a_system_that_does_not_say_what_a_number_is_for_takes_part(tmp_path):
    """The agency has one telephone column. It lost, and gets the mobile number."""
    world = World(tmp_path)
    bare = PERSON.format(system="c", image="partial").replace(", purpose: mobile, features: [voice, sms]", "")
    world.write_mapping("c", "".join(line for line in bare.splitlines(True) if "home_phone" not in line))
    world.ids = world.person("a", "b", "c", mobile_phone=A)
    world.settle()
    edit(world, "b", mobile_phone=B)
    edit(world, "c", mobile_phone=C)

    report = world.sync()

    assert ([B] * 3, [B], 1) == (held(world), numbers(world), report.clients["conflicts"])
    assert 0 == world.sync().written
    edit(world, "c", mobile_phone=D)
    world.sync()
    assert ([D] * 3, [D]) == (held(world), numbers(world))


def test_a_new_number_goes_where_the_old_one_was(stand):
    """Not another mobile number of the client's, which only one system has."""
    world = stand()
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=A)
    world["c"].edit("person", world.ids["c"], {"home_phone": ""})
    world["c"].load("person", [{**world["c"].person(world.ids["c"]), "id": "c-second", "mobile_phone": FIRST}])

    world.sync()
    world.sync()

    assert {FIRST, B} == set(numbers(world))
    assert [B] * 3 == held(world)


def test_taken_apart_each_has_its_own_number_again(stand):
    world = stand()
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=C)
    world.sync()
    client = world.client()["id"]

    world.ask("unmerge", client, f"a/person/{world.ids['a']}", by="Olha", reason="her sister")
    world.sync()

    assert [B, C] == held(world)[:2]


class TestAPersonDecides:
    """The rule ``manual`` asks; the answer stands everywhere."""

    @pytest.fixture
    def asked(self, stand):
        world = stand(more=MANUAL)
        edit(world, "a", mobile_phone=B)
        edit(world, "b", mobile_phone=C)
        world.sync()
        [world.question] = world.ask("review_list")
        return world

    def test_the_question_names_the_slot_and_both_numbers(self, asked):
        case = asked.ask("review_case", asked.question["id"])

        assert "contact_points[phone/mobile]" == asked.question["right"]
        assert [("a", B), ("b", C)] == [(row["record"].split("/")[0], row["value"]["value"]) for row in case["rows"]]
        assert [B] == [side["value"]["value"] for side in case["sides"]]

    @pytest.mark.parametrize(("side", "number"), [("left", B), ("right", C), ("b", C)])
    def test_the_chosen_number_stands_everywhere(self, asked, side, number):
        asked.ask("review_decide", asked.question["id"], True, by="Olha", value=side)
        asked.sync()

        assert ([number] * 3, [number]) == (held(asked), numbers(asked))
        assert 0 == asked.sync().written
        assert [] == asked.ask("review_list")

    def test_the_next_edit_wins_over_the_answer(self, asked):
        asked.ask("review_decide", asked.question["id"], True, by="Olha", value="right")
        asked.sync()
        edit(asked, "c", mobile_phone=D)
        asked.sync()

        assert ([D] * 3, [D]) == (held(asked), numbers(asked))

    def test_it_is_asked_again_when_the_numbers_differ_anew(self, asked):
        asked.ask("review_decide", asked.question["id"], True, by="Olha", value="right")
        asked.sync()
        edit(asked, "a", mobile_phone=D)
        edit(asked, "b", mobile_phone=E)
        asked.sync()

        [question] = asked.ask("review_list")
        case = asked.ask("review_case", question["id"])
        assert [D, E] == [row["value"]["value"] for row in case["rows"]]
        asked.ask("review_decide", question["id"], True, by="Olha", value="right")
        asked.sync()
        assert ([E] * 3, [E]) == (held(asked), numbers(asked))


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_number_that_moves_to_another_use_stays_where_another_user_took_it_out(stand, order):
    """Neither had seen the other's edit; whichever is read first, the number is kept, in its new use."""
    world = stand("ab")
    edit(world, "a", mobile_phone=None)
    edit(world, "b", mobile_phone=None, home_phone=A)

    for system in order:
        world.sync(system)
    world.settle()

    assert ([None, None], [A, A]) == ([each or None for each in held(world)], held(world, "home_phone"))


def test_a_number_that_was_moved_is_taken_out_for_all(stand):
    """Whoever takes it out had seen the move."""
    world = stand()
    edit(world, "b", mobile_phone=None, home_phone=A)
    world.settle()
    edit(world, "a", home_phone=None)
    world.settle()

    assert ([], [None] * 3) == (numbers(world), [each or None for each in held(world, "home_phone")])
