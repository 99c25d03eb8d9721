"""Which item took which one's place, and what follows from it. All numbers are invented."""

import pytest
from saying import OTHER, Systems, said

from crm_bridge.sync.claims import Echo, settle
from crm_bridge.sync.edits import observe
from crm_bridge.sync.slots import places_taken, row_ids, slot_of
from crm_bridge.sync.units import changed, split

A, B = "a/contact/1", "b/contact/1"
OLD = {"type": "phone", "value": "+380505550101", "purpose": "mobile"}
NEW = {"type": "phone", "value": "+380505550103", "purpose": "mobile"}
BARE = {"type": "phone", "value": OLD["value"]}
HOME = {"type": "phone", "value": "+380505550104", "purpose": "home"}


def unit(item):
    return next(iter(split({"contact_points": [item]})))


def taken(before, after):
    old, new = ({"kind": "person", "contact_points": items} for items in (before, after))
    was, is_now = split(old), split(new)
    return places_taken(old, new, was=was, is_now=is_now, edited=list(changed(was, is_now)))


def numbers(systems):
    return sorted(point["value"] for point in systems.card().doc.get("contact_points", ()))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([OLD], [NEW], {unit(NEW): unit(OLD)}),
        ([OLD, HOME], [NEW, HOME], {unit(NEW): unit(OLD)}),
        ([OLD], [OLD, NEW], {}),
        ([], [NEW], {}),
        ([OLD], [], {}),
        ([OLD], [HOME], {}),
        ([OLD, OTHER], [NEW, {**NEW, "value": "+380505550105"}], {}),
        ([OLD, OTHER], [OTHER, NEW], {unit(NEW): unit(OLD)}),
        (
            [{**OLD, "id": "1"}, {**OTHER, "id": "2"}],
            [{**OLD, "id": "1"}, {**NEW, "id": "2"}],
            {unit(NEW): unit(OTHER)},
        ),
        ([{**OLD, "id": "1"}], [{**NEW, "id": "2"}], {}),
        ([OLD, {**OTHER, "id": "1"}], [{**OTHER, "id": "1"}, {**NEW, "id": "2"}], {unit(NEW): unit(OLD)}),
        ([OLD, {**OTHER, "id": "1"}], [{**NEW, "id": "1"}], {unit(NEW): unit(OTHER)}),
    ],
    ids=[
        "field",
        "one-of-two-fields",
        "added",
        "first",
        "emptied",
        "elsewhere",
        "two-at-once",
        "list",
        "row",
        "other-row",
        "row-that-we-added",
        "row-that-we-added-went",
    ],
)
def test_a_place_is_taken_by_the_same_row_or_the_only_one_that_came(before, after, expected):
    """Where that is not plain the items stand side by side."""
    assert expected == taken(before, after)


def test_rows_are_told_apart_by_their_ids():
    """Two rows edited at once: each new item took the place of its own row's."""
    before = [{**OLD, "id": "1"}, {**OTHER, "id": "2"}]
    after = [{**NEW, "id": "1"}, {**HOME, "id": "2"}]

    assert {unit(NEW): unit(OLD), unit(HOME): unit(OTHER)} == taken(before, after)


def test_the_ids_of_rows_that_we_added_are_taken_in():
    """So that the next edit is known to be of the same row, in whatever list it stands by then."""
    known = said("a", contact_points=[OLD, OTHER])
    doc = {"kind": "person", "contact_points": [{**OTHER, "id": "2"}, {**OLD, "id": "1"}]}

    now, units = observe(known, doc, seq=4, at="2026-03-02T00:00:00Z")

    assert ((), {unit(OLD): "1", unit(OTHER): "2"}) == (
        units,
        {name: row for name, (_, row) in row_ids(now.doc).items()},
    )


def test_a_slot_is_named_as_a_mapping_names_it():
    assert ["contact_points[phone/mobile]", "contact_points[email]", "gender"] == [
        slot_of(unit(OLD), OLD),
        slot_of("contact_points[email/x@example.com]", {"type": "email", "value": "x@example.com"}),
        slot_of("gender", "female"),
    ]


def test_a_number_whose_system_does_not_say_what_it_is_for_keeps_what_it_was_for():
    """The agency has one telephone column; its users changed the mobile number that the card knows."""
    systems = Systems(said("a", contact_points=[OLD]), said("b", seq=2, contact_points=[BARE]))

    systems.reads(B, contact_points=[{"type": "phone", "value": NEW["value"]}])

    assert [NEW] == systems.card().doc["contact_points"]


def test_it_is_in_conflict_with_the_number_that_another_typed_over_the_same_one():
    systems = Systems(said("a", contact_points=[OLD]), said("b", seq=2, contact_points=[BARE]))
    systems.reads(A, contact_points=[OTHER])

    systems.reads(B, contact_points=[{"type": "phone", "value": NEW["value"]}])

    assert [OTHER["value"]] == numbers(systems)
    assert [unit(OTHER)] == [name for name, verdict in systems.card().verdicts.items() if verdict.conflict]


def test_a_number_added_after_the_conflict_stands_beside_the_winner():
    """The loser's number is no outcast: a third system that adds it adds it."""
    systems = Systems(*(said(name, seq=seq, contact_points=[OLD]) for seq, name in enumerate("abc", 1)))
    systems.reads(A, contact_points=[NEW])
    systems.reads(B, contact_points=[OTHER])
    systems.carry()
    assert [NEW["value"]] == numbers(systems)

    systems.reads("c/contact/1", contact_points=[NEW, OTHER])

    assert [OTHER["value"], NEW["value"]] == numbers(systems)


def test_a_child_renamed_on_two_sides_has_one_name():
    """Rows of one id are the same item, in whatever list."""

    def child(name):
        return [{"type": "child", "to": {"name": name}, "id": "1"}]

    systems = Systems(said("a", relationships=child("Marko")), said("b", seq=2, relationships=child("Marko")))
    systems.reads(A, relationships=child("Mark"))
    systems.reads(B, relationships=child("Markian"))

    assert ["Mark"] == [item["to"]["name"] for item in systems.card().doc["relationships"]]


def test_one_that_lags_behind_and_gets_a_new_number_drops_the_one_that_we_wrote():
    """Its one field cannot hold both."""
    known = said("a", contact_points=[OLD])
    carried = {"kind": "person", "contact_points": [NEW]}
    echoes = {unit(OLD): Echo(B), unit(NEW): Echo(B, (unit(OLD),), NEW)}
    written = settle(known, carried, seq=3, at="2026-03-01T00:00:00Z", echoes=echoes)

    def reads(item):
        doc = {"kind": "person", "contact_points": [item]}
        now, _ = observe(written, doc, seq=4, at="2026-03-02T00:00:00Z", partial=True, lagging=True)
        return [item["value"] for item in now.doc["contact_points"]]

    assert ([NEW["value"]], [OTHER["value"]]) == (reads(OLD), reads(OTHER))
