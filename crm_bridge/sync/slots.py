"""Slots: what a list item is *for*, where the item is named by its value. One mobile number takes another's place.

A phone is a unit of its own (``contact_points[phone/+380505550101]``), so that lists of several systems add up. But
who types a new mobile number over the old one edits one field, not two: the new item *takes the place* of the old one.
Two that took the place of the same item, in the same slot, are edits of the same field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crm_bridge.sync.units import ITEM_KEYS, VALUE_KEYED, Doc, Units, head, is_value_keyed, split

# What an item is for, in the order in which a path names it: `contact_points[phone/mobile]`.
_FOR: Mapping[str, tuple[str, ...]] = {
    "contact_points": ("type", "purpose"),
    "identifiers": ("system",),
    "relationships": ("type",),
    "holdings": ("type",),
    "other_names": ("use",),
}
# What a number is for stays when it changes, in a system that does not say what its numbers are for.
_STAYS = ("purpose", "features")


def slot_of(unit: str, item: Any) -> str:
    """The path of the slot that ``item`` fills: ``contact_points[phone/mobile]``; other units are their own slot."""
    if not is_value_keyed(unit):
        return unit
    named = [str(item[name]) for name in _FOR[head(unit)] if item.get(name)]
    return f"{head(unit)}[{'/'.join(named)}]"


def unit_of_item(list_name: str, item: Doc) -> str:
    """The unit that ``item`` of the list is."""
    return next(iter(split({list_name: [item]})))


def unit_of_row(doc: Doc, list_name: str, row_id: str) -> str | None:
    """The unit that the nested row with that id is; ``None``: there is no such row."""
    rows = (item for item in doc.get(list_name, ()) if isinstance(item, Mapping) and item.get("id") == row_id)
    return next((unit_of_item(list_name, item) for item in rows), None)


def is_unit(text: str) -> bool:
    """Whether ``text``, one of the things that an edit replaced, names an item, and is not a value's canonical text."""
    return text.partition("[")[0] in VALUE_KEYED


def places_taken(before: Doc, after: Doc, *, was: Units, is_now: Units, edited: Iterable[str]) -> dict[str, str]:
    """New item → the item whose place it took in this record, as units.

    A nested row is known by the row's own id; what has none by being the only item of its slot that went while one
    came. So is a row that we added, whose id its system tells with the next reading. Where that is not plain, nothing
    took any place: the items stand side by side.

    Args:
        before, after: the record's documents; ``was``, ``is_now``: their units.
    """
    went: list[str] = []
    came: list[str] = []
    for unit in edited:
        if is_value_keyed(unit):
            if unit not in is_now:
                went.append(unit)
            elif unit not in was:
                came.append(unit)
    if not went or not came:
        return {}
    old_rows, new_rows = _row_ids(before, went), _row_ids(after, came)
    by_row = {row: unit for unit, row in old_rows.items()}
    taken = {unit: by_row[row] for unit, row in new_rows.items() if row in by_row}
    known = set(row_ids(before).values()) if new_rows else set()
    for slot, units in _by_slot((unit for unit in came if new_rows.get(unit) not in known), is_now).items():
        gone = _by_slot((unit for unit in went if unit not in old_rows), was).get(slot, [])
        if len(units) == len(gone) == 1:
            taken[units[0]] = gone[0]
    return taken


def row_ids(doc: Doc) -> dict[str, tuple[str, str]]:
    """The items that are nested rows: unit → (list, the row's own id)."""
    return {
        unit: (name, str(item["id"]))
        for name in VALUE_KEYED & doc.keys()
        for item in doc[name]
        if item.get("id") and is_value_keyed(unit := f"{name}[{ITEM_KEYS[name](item)}]")
    }


def with_row_ids(doc: Doc, *told: Doc) -> Doc:
    """``doc``, made of units, with the ids of nested rows as the documents in ``told`` have them, the last one best."""
    ids = {unit: row for each in told for unit, (_, row) in row_ids(each).items()}
    if not ids:
        return doc
    lists = {head(unit) for unit in ids} & doc.keys()
    return {**doc, **{name: [_with_row_id(name, item, ids) for item in doc[name]] for name in lists}}


def _with_row_id(name: str, item: Doc, ids: Mapping[str, str]) -> Doc:
    own = ids.get(unit_of_item(name, item))
    return item if own is None else {**item, "id": own}


def _row_ids(doc: Doc, units: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Unit → (list, id) of the nested row that says it."""
    wanted = set(units)
    return {
        unit: (name, str(item["id"]))
        for name in {head(unit) for unit in wanted}
        for item in doc.get(name, ())
        if item.get("id") and (unit := f"{name}[{ITEM_KEYS[name](item)}]") in wanted
    }


def _by_slot(units: Iterable[str], items: Units) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for unit in units:
        found.setdefault(slot_of(unit, items[unit]), []).append(unit)
    return found


def described_as(former: Any, item: Any) -> Any:
    """``item`` with what ``former``, whose place it took, was for; ``None`` where it says that itself."""
    if not isinstance(former, Mapping) or not isinstance(item, Mapping):
        return None
    missing = {name: former[name] for name in _STAYS if name in former and name not in item}
    return {**item, **missing} if missing else None


def items_replaced(texts: Iterable[str]) -> Iterator[str]:
    """Of all that an edit took the place of, the items."""
    return (text for text in texts if is_unit(text))
