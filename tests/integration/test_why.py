"""Why a value stands: who said it, who lost, by which rule, and what carried it, also when all that is long over."""

import pytest
from memory_world import PERSON, World

from crm_bridge.errors import UserMistake

A, B, C, D = (f"+3805055502{number:02d}" for number in range(4))
CHILDREN = """
  relationships:
    - {each: children, key: id, item: {type: child}, parts: {to.name: {src: name, required: true}}}
"""


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.ids = world.person("a", "b", "c", mobile_phone=A, job_title="pupil")
    world.settle()
    return world


def edit(world, system, **fields):
    world[system].edit("person", world.ids[system], fields)


def why(world, path, system=None):
    return world.ask("why", world.client()["id"], path, system)


def test_a_system_that_nobody_configured_is_told(world):
    """It has been mistyped: that nothing was carried there would be no answer."""
    with pytest.raises(UserMistake, match=r"no such system: d; configured: a, b, c"):
        why(world, "job_title", "d")
    assert [] == why(world, "job_title", "c")["carried"]


class TestAConflict:
    """Two edits of one field; A is the more trusted."""

    @pytest.fixture
    def decided(self, world):
        edit(world, "a", job_title="teacher")
        edit(world, "b", job_title="headmaster")
        world.sync()
        assert 0 == world.sync().written
        return world

    def test_the_loser_is_named_when_the_winner_was_carried_over_it(self, decided):
        [value] = why(decided, "job_title")["values"]

        assert ("teacher", f"a/person/{decided.ids['a']}", "precedence") == (
            value["value"],
            value["source"],
            value["rule"],
        )
        [lost] = value["lost"]
        assert (f"b/person/{decided.ids['b']}", "headmaster") == (lost["source"], lost["value"])
        assert lost["at"] >= "2026-10-20T10:04"
        assert {"pupil"} == {each["value"] for each in value["superseded"]}

    def test_it_is_told_when_the_value_was_edited_further(self, decided):
        edit(decided, "c", job_title="director")
        decided.sync()
        decided.sync()

        answer = why(decided, "job_title")

        [value], [conflict] = answer["values"], answer["conflicts"]
        assert ("director", "edit", []) == (value["value"], value["rule"], value["lost"])
        assert ("precedence", "teacher") == (conflict["rule"], conflict["winner"]["value"])
        [lost] = conflict["lost"]
        assert (f"b/person/{decided.ids['b']}", "headmaster") == (lost["source"], lost["value"])
        assert conflict["at"] >= lost["at"] >= "2026-10-20T10:04"

    def test_the_history_names_the_rule(self, decided):
        [told] = [line for line in decided.ask("history", decided.client()["id"]) if line["what"] == "conflict"]

        assert ("precedence", "teacher", "headmaster") == (told["rule"], told["new"], told["lost"][0]["value"])

    def test_what_carried_it_into_a_system_is_told_with_its_receipt(self, decided):
        answer = why(decided, "job_title", "b")

        carried = answer["carried"][0]
        assert ("accepted", {"job_title": "teacher"}) == (
            carried["state"],
            {name: value for name, value in carried["fields"].items() if name == "job_title"},
        )
        assert carried["intent"]
        assert carried["receipt"]
        assert ["headmaster"] == [lost["value"] for value in answer["values"] for lost in value["lost"]]


def test_a_first_reading_that_lost_is_named_after_it_was_overwritten(tmp_path):
    """Nobody edited anything: trust decided."""
    world = World(tmp_path)
    world.ids = {**world.person("a", job_title="teacher"), **world.person("b", job_title="headmaster")}
    world.settle()

    [value] = why(world, "job_title")["values"]

    assert ("teacher", "precedence") == (value["value"], value["rule"])
    assert ["headmaster"] == [each["value"] for each in value["lost"]]


@pytest.mark.parametrize("path", ["contact_points", "contact_points[phone/mobile].value", f"contact_points[phone/{B}]"])
def test_a_number_that_lost_is_told_by_every_name_of_the_place(world, path):
    edit(world, "a", mobile_phone=B)
    edit(world, "b", mobile_phone=C)
    world.sync()
    world.sync()

    answer = why(world, path)

    [value] = [each for each in answer["values"] if each["value"] and each["value"]["value"] == B]
    assert ("precedence", [C]) == (value["rule"], [each["value"]["value"] for each in value["lost"]])
    assert [[C]] == [[lost["value"]["value"] for lost in each["lost"]] for each in answer["conflicts"]]


class TestThePlan:
    """Each planned field names the record whose claim it carries, and no other."""

    def reasons(self, world, system):
        found = {}
        for write in world.ask("plan").writes:
            if write.system == system:
                found.update({(field.field, field.new): field.why for field in write.fields})
        return found

    def test_fields_of_one_list(self, world):
        edit(world, "a", email="anna@example.com", mobile_phone=B)
        edit(world, "b", home_phone=D)

        reasons = self.reasons(world, "c")

        a, b = (f"{name}/person/{world.ids[name]}" for name in "ab")
        assert {
            ("email", "anna@example.com"): f"{a} (only)",
            ("mobile_phone", B): f"{a} (edit)",
            ("home_phone", D): f"{b} (only)",
        } == reasons

    def test_rows_of_one_list(self, tmp_path):
        world = World(tmp_path)
        for name in "abc":
            world.write_mapping(name, PERSON.format(system=name, image="full") + CHILDREN)
        world.ids = world.person("a", "b", "c", children=[])
        world.settle()
        edit(world, "a", children=[{"id": "1", "name": "Marko"}])
        edit(world, "b", children=[{"id": "1", "name": "Olena"}])

        reasons = self.reasons(world, "c")

        assert {"Marko": f"a/person/{world.ids['a']} (only)", "Olena": f"b/person/{world.ids['b']} (only)"} == {
            new: text for (_, new), text in reasons.items()
        }
