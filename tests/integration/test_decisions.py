"""What people decide: doubts, merges, and taking them back; and what they are told when they look."""

import pytest

from crm_bridge.errors import UserMistake


def doubtful(world):
    """The same name and phone, and no birth date in B: nobody can be sure."""
    a = world["a"].load(
        "person",
        [{"last_name": "Коваль", "first_name": "Anna", "birth_date": "1985-03-08", "mobile_phone": "+380505550101"}],
    )
    b = world["b"].load(
        "person",
        [{"last_name": "Коваль", "first_name": "Anna", "mobile_phone": "+380505550101", "job_title": "teacher"}],
    )
    world.sync()
    return a[0], b[0]


def clients(world):
    return sorted(found["id"] for found in world.ask("lookup", name="Коваль"))


class TestDoubts:
    def test_a_doubtful_pair_is_asked_about_and_not_linked(self, world):
        doubtful(world)

        [question] = world.ask("review_list")

        assert (2, "duplicate") == (len(clients(world)), question["kind"])

    def test_accepting_it_makes_one_client_and_carries_what_each_knew(self, world):
        a, b = doubtful(world)
        [question] = world.ask("review_list")

        world.ask("review_decide", question["id"], True, by="Olha")
        world.sync()

        assert ("teacher", "1985-03-08") == (world["a"].person(a)["job_title"], world["b"].person(b)["birth_date"])
        assert [] == world.ask("review_list")

    def test_a_merge_answers_every_question_about_the_two(self, world):
        doubtful(world)
        [question] = world.ask("review_list")
        left, right = clients(world)

        world.ask("merge", left, right, by="Olha", reason="the client said so")

        assert [] == world.ask("review_list")
        with pytest.raises(UserMistake, match="no open question"):
            world.ask("review_decide", question["id"], False, by="Olha")

    def test_a_rejected_pair_is_not_asked_about_again(self, world):
        a, _ = doubtful(world)
        [question] = world.ask("review_list")
        world.ask("review_decide", question["id"], False, by="Olha")

        world["a"].edit("person", a, {"email": "anna@example.com"})
        world.sync()

        assert (2, []) == (len(clients(world)), world.ask("review_list"))

    def test_an_answered_question_cannot_be_answered_again(self, world):
        doubtful(world)
        [question] = world.ask("review_list")
        world.ask("review_decide", question["id"], False, by="Olha")

        with pytest.raises(UserMistake, match="no open question"):
            world.ask("review_decide", question["id"], True, by="Olha")


class TestMerge:
    def merged(self, world):
        a, b = doubtful(world)
        before = {name: dict(world[name].person(each)) for name, each in (("a", a), ("b", b))}
        survivor = world.show(phone="+380505550101", name="Коваль") if len(clients(world)) == 1 else None
        assert survivor is None
        left, right = clients(world)
        cards = {each: world.ask("show", each)["client"] for each in (left, right)}
        world.ask("merge", left, right, by="Olha", reason="called her")
        world.sync()
        return (a, b), (left, right), before, cards

    def test_the_absorbed_client_stays_as_a_signpost(self, world):
        _, (left, right), _, _ = self.merged(world)

        assert left == world.ask("show", right)["replaced_by"]
        assert [left] == clients(world)

    def test_taking_it_back_restores_both_cards_and_both_systems(self, world):
        (a, b), (left, right), before, cards = self.merged(world)
        assert "teacher" == world["a"].person(a)["job_title"]
        moved = f"b/person/{b}"

        world.ask("unmerge", left, moved, by="Olha", reason="her sister")
        world.sync()
        after = {each: world.ask("show", each)["client"] for each in (left, right)}

        for each in (left, right):
            assert {**cards[each], "version": 0} == {**after[each], "version": 0}
        for name, each in (("a", a), ("b", b)):
            assert before[name].get("job_title", "") == world[name].person(each).get("job_title", "")
            assert before[name].get("birth_date", "") == (world[name].person(each).get("birth_date") or "")
        assert 0 == world.sync().written

    def test_an_edit_made_after_the_merge_is_kept_when_it_is_taken_back(self, world):
        (_, b), (left, right), _, _ = self.merged(world)
        world["b"].edit("person", b, {"job_title": "headmaster"})
        world.sync()

        world.ask("unmerge", left, f"b/person/{b}", by="Olha", reason="her sister")
        world.sync()

        assert "headmaster" == world.ask("show", right)["client"]["job_title"]
        assert "job_title" not in world.ask("show", left)["client"]

    def test_what_was_taken_apart_is_not_put_together_again(self, world):
        (a, b), (left, _), _, _ = self.merged(world)
        world.ask("unmerge", left, f"b/person/{b}", by="Olha", reason="her sister")

        world["a"].edit("person", a, {"email": "anna@example.com"})
        world["b"].edit("person", b, {"email": "anna@example.com"})
        world.sync()

        assert 2 == len(clients(world))

    def test_a_client_cannot_be_merged_with_itself_or_with_a_signpost(self, world):
        _, (left, right), _, _ = self.merged(world)

        with pytest.raises(UserMistake, match="itself"):
            world.ask("merge", left, left, by="Olha", reason="x")
        with pytest.raises(UserMistake, match="merged away"):
            world.ask("merge", left, right, by="Olha", reason="x")

    def test_a_client_keeps_its_last_record(self, world):
        ids = world.person("a")
        world.sync()
        with pytest.raises(UserMistake, match="no record left"):
            world.ask("unmerge", world.client()["id"], f"a/person/{ids['a']}", by="Olha", reason="x")


class TestLooking:
    def test_a_client_is_found_by_phone_email_identifier_and_name(self, world):
        ids = world.person("a", email="anna@example.com")
        world.sync()
        client = world.client()["id"]

        for asked in (
            {"phone": "050 555 00 01"},
            {"email": "Anna@Example.com"},
            {"identifier": f"a.id={ids['a']}"},
            {"name": "коваль anna"},
            {"phone": "+380505550001", "name": "Коваль"},
        ):
            assert [client] == [found["id"] for found in world.ask("lookup", **asked)], asked

    def test_all_that_is_asked_has_to_hold(self, world):
        world.person("a")
        world.sync()

        assert [] == world.ask("lookup", phone="+380505550001", name="Бондар")

    def test_why_names_the_source_the_rule_and_who_lost(self, world):
        ids = world.person("a", "b", job_title="teacher")
        world.settle()
        world["b"].edit("person", ids["b"], {"job_title": "headmaster"})
        world.sync("b")

        [value] = world.ask("why", world.client()["id"], "job_title")["values"]

        assert ("headmaster", f"b/person/{ids['b']}", "edit") == (value["value"], value["source"], value["rule"])
        assert [(f"a/person/{ids['a']}", "teacher")] == [
            (lost["source"], lost["value"]) for lost in value["superseded"]
        ]

    def test_why_names_the_write_that_carried_it(self, world):
        ids = world.person("a", "b")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world.sync()

        [carried] = world.ask("why", world.client()["id"], "job_title", "b")["carried"]

        assert ("accepted", "teacher") == (carried["state"], carried["fields"]["job_title"])

    def test_why_of_what_was_never_said_names_what_was(self, world):
        world.person("a")
        world.sync()

        with pytest.raises(UserMistake, match="birth_date"):
            world.ask("why", world.client()["id"], "gender")

    def test_the_history_tells_every_value_from_the_first(self, world):
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        for value in ("teacher", "headmaster"):
            world["a"].edit("person", ids["a"], {"job_title": value})
            world.sync()

        told = world.ask("history", world.client()["id"])

        said = [
            (line["what"], line["new"]) for line in told if line.get("path") == "job_title" and line["source"][0] == "a"
        ]
        assert [("observed", value) for value in ("pupil", "teacher", "headmaster")] == [
            each for each in said if each[0] == "observed"
        ]
