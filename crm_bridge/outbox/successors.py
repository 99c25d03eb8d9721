"""Which of a record's nested rows is to say the item that took the place of what the row says.

A child that was renamed elsewhere is renamed in its row, and not taken out and added anew: the row may hold columns
that no mapping names, and keeps its id, by which the next edit is known to be of the same child.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.sync.claims import ABSENT
from crm_bridge.sync.slots import row_ids
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import head, is_value_keyed, split


def in_their_rows(doc: Mapping[str, Any], held: Mapping[str, Any], card: Card) -> Mapping[str, Any]:
    """``doc``, what a record is to say, with the id of the row where an item took the place of what the row says.

    Args:
        held: what the record says, with the ids of its rows.
    """
    wanted = split(doc)
    rows = {unit: row for unit, (_, row) in row_ids(held).items() if unit not in wanted}
    if not rows:
        return doc
    there, given = split(held), dict[str, str]()
    for unit in wanted:
        verdict = card.verdicts.get(unit)
        if verdict is None or verdict.value is ABSENT or unit in there or not is_value_keyed(unit):
            continue
        former = next((each for each in reversed(verdict.replaced) if each in rows and head(each) == head(unit)), None)
        if former is not None:
            given[unit] = rows.pop(former)
    if not given:
        return doc
    lists = {head(unit) for unit in given}
    return {**doc, **{name: [_with_id(name, item, given) for item in doc[name]] for name in lists}}


def _with_id(name: str, item: Mapping[str, Any], given: Mapping[str, str]) -> Mapping[str, Any]:
    own = given.get(next(iter(split({name: [item]}))))
    return item if own is None else {**item, "id": own}
