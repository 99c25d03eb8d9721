"""What a record that is read back says of a write to it of which nobody knows whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.sync.slots import places_taken, row_ids, slot_of
from crm_bridge.sync.units import Doc, is_value_keyed, split


def may_have_been_seen(before: Doc, written: Doc, holds: Doc, *, wrote: Mapping[str, Any]) -> dict[str, Any]:
    """Of what the write put there, what the record's users have seen, or may have seen.

    That is what the record holds of it, and what something new stands in the place of. The new value was typed over the
    old one or over ours, nobody can tell. We say: over ours. Were it a rival edit instead, ours would be lost to an
    edit made at the same time; the other way round, an edit of our value would be taken back by that very value.

    Args:
        before: what we knew of the record.
        written: what the write would have made of it.
        holds: what it says now.
        wrote: the units of the write, ``None`` for what it took out.
    """
    was, would_be, is_now = split(before), split(written), split(holds)
    seen = {unit: value for unit, value in wrote.items() if is_now.get(unit) != was.get(unit)}
    items = [unit for unit in wrote if is_value_keyed(unit) and unit not in was and unit in would_be]
    taken = places_taken(before, written, was=was, is_now=would_be, edited=wrote) if items else {}
    for unit in items:
        if unit not in is_now and _something_else_is_there(unit, taken.get(unit), before, written, holds):
            seen[unit] = wrote[unit]
    return seen


def typed_over(seen: Mapping[str, Any], before: Doc, holds: Doc) -> dict[str, Any]:
    """Of what we wrote and take for ``seen``, what the record does not hold as written: unit → what is there instead,
    ``None`` for nothing."""
    was, is_now = split(before), split(holds)
    over: dict[str, Any] = {}
    for unit, wrote in seen.items():
        now = is_now.get(unit)
        if now == wrote:
            continue
        if now is None and is_value_keyed(unit):
            slot = slot_of(unit, wrote)
            came = (each for name, each in is_now.items() if name not in was and slot_of(name, each) == slot)
            now = next(came, None)
        over[unit] = now
    return over


def _something_else_is_there(unit: str, former: str | None, before: Doc, written: Doc, holds: Doc) -> bool:
    """Whether the place that an item was written to is no longer as it was. A row more in a list is no such place."""
    was, is_now = split(before), split(holds)
    if former is not None:
        return former not in is_now
    slot = slot_of(unit, split(written)[unit])
    if any(slot_of(each, value) == slot for each, value in was.items()):
        return False
    rows = row_ids(holds)
    return any(slot_of(each, value) == slot for each, value in is_now.items() if each not in rows)
