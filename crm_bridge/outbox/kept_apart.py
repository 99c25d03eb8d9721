"""Records that keep their own value beside the card: an undo gave it back to them, and it is not written over again.

Where systems contradicted each other, and the rules chose one, there is no former value that all of them could go back
to: each record has its own back. It keeps it until somebody edits the unit there, or the card says something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import ABSENT, canonical
from crm_bridge.sync.rules import PERSON
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import is_value_keyed, join, split

FIELD = "apart"  # where the row of a person's word says so


class Apart(NamedTuple):
    """What one unit of one record goes back to. ``None``: nothing.

    Attributes:
        own: what it held before the write that was undone, and holds again.
        wrote: what that write had put there.
        over: the card's value that is not carried there, as :func:`told_apart` tells it.
    """

    own: Any
    wrote: Any
    over: str | None


def told_apart(unit: str, value: Any) -> str | None:
    """A card's value as text, to see whether it became another; of an item that its value names, that it is there."""
    if value is None or value is ABSENT:
        return None
    return "there" if is_value_keyed(unit) else canonical(value)


def kept_apart(rows: Sequence[SourceRecord]) -> dict[str, dict[str, Apart]]:
    """Record key → unit → what it keeps, from all that people decided about one client."""
    found: dict[str, dict[str, Apart]] = {}
    for row in rows:
        if row.system == PERSON and FIELD.encode() in row.raw:
            for key, units in orjson.loads(row.raw).get(FIELD, {}).items():
                found.setdefault(key, {}).update({unit: Apart(*each) for unit, each in units.items()})
    return found


def own_values(row: SourceRecord, apart: Mapping[str, Apart], card: Card) -> dict[str, Any]:
    """Unit → the record's own value, of those that still hold: nobody edited it there, and the card is as it was."""
    holds = split(row.effective_doc())
    return {
        unit: each.own
        for unit, each in apart.items()
        if holds.get(unit) in (each.own, each.wrote)
        if told_apart(unit, card.verdicts[unit].value if unit in card.verdicts else None) == each.over
    }


def with_own(doc: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """``doc``, a card, with the record's own values in it."""
    if not own:
        return doc
    said = split(doc)
    for unit, value in own.items():
        if value is None:
            said.pop(unit, None)
        else:
            said[unit] = value
    return {"kind": doc["kind"], **join(said)}
