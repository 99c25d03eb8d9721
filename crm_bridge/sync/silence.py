"""What a source's silence means: a partial record says nothing by it, and one that lags behind repeats itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.sync.slots import slot_of, with_row_ids
from crm_bridge.sync.units import Doc, Units, changed, is_value_keyed, join, split


def with_what_was_not_mentioned(before: Units, after: Units) -> Units:
    """``after``, and those units of ``before`` that it is silent on. A list item is when its slot is filled anew."""
    slots = {slot_of(unit, value) for unit, value in after.items()}
    kept = {unit: value for unit, value in before.items() if slot_of(unit, value) not in slots}
    return {**kept, **after}


def without_former_words(formers: Mapping[str, Any], before: Units, after: Units) -> Units:
    """``after``, but where the source repeats what it said before we wrote there, what we wrote.

    Args:
        formers: what it said of the units that we wrote (``None``: nothing).
    """
    current = dict(after)
    new = {unit for unit, value in after.items() if unit not in before and value != formers.get(unit)}
    filled = {slot_of(unit, after[unit]) for unit in new if is_value_keyed(unit)}
    for unit, former in formers.items():
        if after.get(unit) == former:
            current.pop(unit, None)
            if unit in before and slot_of(unit, before[unit]) not in filled:  # else something new took its place
                current[unit] = before[unit]
    return current


def own_words(before: Doc, said: Doc, *, arrived: Doc, now: Doc, partial: bool) -> dict[str, Any]:
    """The record's own words, without proposals, when it was taken to hold ``now``.

    Args:
        before, said: its own words as they were, and as it said them this time.
        arrived: ``said`` with the proposals in it.
        now: what :func:`~crm_bridge.sync.edits.observe` made of that.
    """
    own_before, own = split(before), split(said)
    if partial:
        own = with_what_was_not_mentioned(own_before, own)
    took, stands = split(arrived), split(now)
    for unit in changed(took, stands):  # where the former value stands, the former word does
        own.pop(unit, None)
        if unit in own_before:
            own[unit] = own_before[unit]
    return dict(with_row_ids({"kind": now["kind"], **join(own)}, before, said))
