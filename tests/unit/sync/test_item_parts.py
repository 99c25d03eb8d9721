"""The fields of one item of a list: each is merged like a field of its own. Everyone is invented."""

import pytest
from saying import MOBILE, Systems, said

A, B, C = (f"{name}/contact/1" for name in "abc")


def child(name="Marko", born="2018-01-01", row="1", **more):
    return {"type": "child", "to": {"name": name, "birth_date": born}, "id": row, **more}


def stand(*items, systems="ab"):
    return Systems(*(said(name, seq=seq, relationships=list(items)) for seq, name in enumerate(systems, 1)))


def children(systems):
    found = systems.card().doc.get("relationships", ())
    return [(item["to"]["name"], item["to"].get("birth_date"), item.get("valid", {}).get("start")) for item in found]


def conflicts(systems):
    return [unit for unit, verdict in systems.card().verdicts.items() if verdict.conflict]


SINCE = {"valid": {"start": "2020-01-01"}}
LATER = {"valid": {"start": "2021-01-01"}}


@pytest.mark.parametrize("first", [A, B])
@pytest.mark.parametrize(
    ("by_a", "by_b", "expected"),
    [
        (child(born="2018-02-02", **SINCE), child(**LATER), ("Marko", "2018-02-02", "2021-01-01")),
        (child("Mark", **SINCE), child(born="2018-02-02", **SINCE), ("Mark", "2018-02-02", "2020-01-01")),
        (child(born="2018-02-02", **SINCE), child("Mark", **SINCE), ("Mark", "2018-02-02", "2020-01-01")),
        (child("Mark", **LATER), child(born="2018-02-02", **SINCE), ("Mark", "2018-02-02", "2021-01-01")),
        (child(born=None, **SINCE), child(**LATER), ("Marko", None, "2021-01-01")),
    ],
    ids=["date-and-time", "name-and-date", "date-and-name", "two-and-one", "emptied-and-time"],
)
def test_edits_of_different_fields_all_stand(by_a, by_b, expected, first):
    """In whichever order they are read, and when they were carried."""
    systems = stand(child(**SINCE))
    edits = {A: by_a, B: by_b}
    for item in edits.values():
        item["to"] = {name: value for name, value in item["to"].items() if value is not None}
    for key in (first, B if first == A else A):
        systems.reads(key, relationships=[edits[key]])

    assert ([expected], []) == (children(systems), conflicts(systems))
    for key in (A, B):  # one is written, and the other not yet
        systems.carry(key)
        assert [expected] == children(systems)
    assert {} == systems.carry()


def test_each_record_has_its_own_fields_again_when_they_are_taken_apart():
    systems = stand(child(**SINCE))
    systems.reads(A, relationships=[child(born="2018-02-02", **SINCE)])
    systems.reads(B, relationships=[child("Mark", **SINCE)])
    systems.carry()

    assert [("Marko", "2018-02-02", "2020-01-01")] == children(systems.only(A))
    assert [("Mark", "2018-01-01", "2020-01-01")] == children(systems.only(B))


@pytest.mark.parametrize("first", [A, B])
def test_edits_of_one_field_are_a_conflict(first):
    """A is the more trusted, and B's other field stands."""
    systems = stand(child(**SINCE))
    edits = {A: child(born="2018-02-02", **SINCE), B: child(born="2018-03-03", **LATER)}
    for key in (first, B if first == A else A):
        systems.reads(key, relationships=[edits[key]])

    assert [("Marko", "2018-02-02", "2021-01-01")] == children(systems)
    assert ["relationships[child/Marko]"] == conflicts(systems)


def test_a_description_that_only_one_system_edited_wins_over_a_trusted_one_that_says_more():
    """A knows since when, and its birth date was B's user's to correct."""
    systems = Systems(said("a", relationships=[child(**SINCE)]), said("b", seq=2, relationships=[child()]))

    systems.reads(B, relationships=[child(born="2018-02-02")])

    assert ([("Marko", "2018-02-02", "2020-01-01")], []) == (children(systems), conflicts(systems))


def test_a_removed_child_stays_removed():
    systems = stand(child(), systems="abc")
    systems.reads(A, relationships=[child(born="2018-02-02")])
    systems.carry()
    systems.reads(B, relationships=[])

    assert [] == children(systems)


@pytest.mark.parametrize("first", [A, B])
def test_who_removes_a_child_without_having_seen_an_edit_of_it_does_not_remove_the_edit(first):
    systems = stand(child(), systems="abc")
    edits = {A: [child(born="2018-02-02")], B: []}
    for key in (first, B if first == A else A):
        systems.reads(key, relationships=edits[key])

    assert [("Marko", "2018-02-02", None)] == children(systems)


def test_what_is_said_of_a_number_does_not_go_along_to_the_next_one():
    """A finds the number out of use, and B's user knows the new one."""
    systems = Systems(said("a", contact_points=[MOBILE]), said("b", seq=2, contact_points=[MOBILE]))
    new = {**MOBILE, "value": "+380505550109"}
    systems.reads(A, contact_points=[{**MOBILE, "status": "invalid"}])
    systems.reads(B, contact_points=[new])

    assert [new] == systems.card().doc["contact_points"]
