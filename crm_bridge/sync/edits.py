"""What a new reading of a record changes in its claims: which edits its users made, and of what each took the place.

The record held X and holds Y: its users had seen X, and whatever of the card the record showed. All that those values
had replaced in their turn, Y replaces too (:mod:`crm_bridge.sync.claims`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from crm_bridge.sync.claims import ERASED, REMEMBERED, Contribution, Mark, canonical, is_part
from crm_bridge.sync.item_parts import is_about, is_named_thing
from crm_bridge.sync.silence import with_what_was_not_mentioned, without_former_words
from crm_bridge.sync.slots import described_as, items_replaced, places_taken, row_ids, slot_of, with_row_ids
from crm_bridge.sync.units import Doc, Units, changed, is_value_keyed, join, split


def observe(
    known: Contribution,
    doc: Doc,
    *,
    seq: int,
    at: str,
    card: Units | None = None,
    cluster: Iterable[Contribution] = (),
    partial: bool = False,
    lagging: bool = False,
    kept_elsewhere: Callable[[str], bool] = lambda _unit: False,
) -> tuple[Contribution, tuple[str, ...]]:
    """The record was read again and holds ``doc``.

    Args:
        card: the units of the card before: what an edit took the place of, where the record agreed with it.
        cluster: the client's records before: what their edits to that same value had replaced, this one replaces too.
        partial: the source's silence says nothing (``image: partial``): units that it no longer mentions stay.
        lagging: the source takes up what we write when it likes: until then it repeats its former word.
        kept_elsewhere: whether another record says this unit by itself, and its system is not to be emptied
            (``unset: keep``). Then emptying it here only takes this record's word back, and erases nobody else's.

    Returns:
        The contribution as it now is, and the units that its system changed since we last agreed.
    """
    before, after = split(known.doc), split(doc)
    if partial:
        after = with_what_was_not_mentioned(before, after)
    if lagging:
        after = without_former_words(_former_words(known.marks), before, after)
    edited = tuple(changed(before, after))
    if not edited:
        told = with_row_ids(known.doc, doc)
        return (known if row_ids(told) == row_ids(known.doc) else replace(known, doc=told)), ()
    marks = dict(known.marks)
    slots = {slot_of(unit, value) for unit, value in after.items()}
    taken = places_taken(known.doc, doc, was=before, is_now=after, edited=edited)
    for unit in edited:
        earlier, was, is_now = marks.get(unit), before.get(unit), after.get(unit)
        if is_now is None and slot_of(unit, was) not in slots and kept_elsewhere(unit):
            marks[unit] = Mark(seq=seq, at=at)
            continue
        seen = _seen(earlier, was, (card or {}).get(unit)) or _fuller_before(unit, was, cluster)
        inherited = _replaced_for(unit, (was, seen if seen is not None else was), cluster)
        former = taken.get(unit)
        if former is not None:
            shown = _seen(known.marks.get(former), before[former], (card or {}).get(former))
            inherited += _items_before(former, known.marks.get(former), before[former], shown, cluster)
        replaced = _replaced(earlier, inherited, was, seen, is_now)
        if was is None and is_value_keyed(unit):  # an item took the place of those before it, or of none
            replaced = tuple(text for text in replaced if text != unit and (former is not None or is_about(unit, text)))
        if former is not None and is_named_thing(unit):
            said = _laid_over(shown, before[former], is_now, kept=kept_elsewhere(unit))
        elif former is not None:
            said = described_as((card or {}).get(former) or _in_its_place(former, cluster), is_now)
        elif unit == "status" and _is_own_erasure(earlier, was):
            said = ERASED
        else:
            said = _laid_over(seen, was, is_now, kept=kept_elsewhere(unit))
        marks[unit] = Mark(seq=seq, at=at, replaced=replaced, said=said)
    if partial or lagging:
        doc = with_row_ids({"kind": doc["kind"], **join(after)}, known.doc, doc)
    return replace(known, doc=doc, marks=marks), edited


def _former_words(marks: Mapping[str, Mark]) -> dict[str, Any]:
    """Unit → what the record itself said of it, behind what we wrote there."""
    return {unit: mark.own.value if mark.own else None for unit, mark in marks.items() if mark.echo is not None}


def _is_own_erasure(earlier: Mark | None, before: Any) -> bool:
    """Whether the record itself had said that the client is erased."""
    if earlier is None:
        return bool(before == ERASED)
    return earlier.echo is None and ERASED in (before, earlier.said)


def _seen(earlier: Mark | None, before: Any, card: Any) -> Any:
    """The card's value, if the record showed it, or as much of it as the record can hold; else ``None``.

    Of an echo it is the value that was carried there: the card may have moved on since, and nobody saw that.
    """
    if before is None:
        return None
    if card is not None and (before == card or is_part(before, card)):
        return card
    return earlier.said if earlier is not None and earlier.echo is not None else None


def _fuller_before(unit: str, before: Any, cluster: Iterable[Contribution]) -> Any:
    """What the others say, or had said, of a group of which the record holds no more than a part.

    The card moved on to an edit that did not reach the record: what its users saw a part of is then found with those
    who said it, or among what that edit took the place of.
    """
    if not isinstance(before, Mapping) or (unit != "name" and not (before.get("address") or {}).get("lines")):
        return None
    now: list[Any] = []
    former: list[Any] = []
    for each in cluster:
        mark = each.marks.get(unit)
        now.append(mark.said if mark is not None and mark.said is not None else split(each.doc).get(unit))
        if mark is not None:
            former += [mark.own.value] if mark.own is not None else []
            former += [json.loads(text) for text in reversed(mark.replaced) if text.startswith("{")]
    return next((value for value in (*now, *former) if value != before and is_part(before, value)), None)


def _laid_over(seen: Any, before: Any, after: Any, *, kept: bool) -> Any:
    """``seen`` with the changes from ``before`` to ``after``; ``None`` when that is just ``after``.

    Args:
        kept: what was emptied stays: others say it.
    """
    if not (isinstance(seen, Mapping) and isinstance(before, Mapping) and isinstance(after, Mapping)):
        return None
    if not is_part(before, seen):
        return None
    merged = _with_changes(seen, before, after, kept=kept)
    return None if merged == after else merged


def _with_changes(seen: Doc, before: Doc, after: Doc, *, kept: bool) -> dict[str, Any]:
    merged = dict(seen)
    for name in before.keys() | after.keys():
        old, new, whole = before.get(name), after.get(name), seen.get(name)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping) and isinstance(whole, Mapping):
            merged[name] = _with_changes(whole, old, new, kept=kept)
        elif name in after:
            merged[name] = new
        elif not kept:
            merged.pop(name, None)
    return merged


def _replaced_for(unit: str, values: Iterable[Any], cluster: Iterable[Contribution]) -> list[str]:
    """What edits of other records, whose outcome was one of ``values``, had taken the place of."""
    texts: list[str] = []
    for each in cluster:
        mark = each.marks.get(unit)
        if mark is not None and mark.replaced:
            value = mark.said if mark.said is not None else split(each.doc).get(unit)
            if value in values:
                texts.extend(mark.replaced)
    return texts


def _items_before(former: str, earlier: Mark | None, was: Any, seen: Any, cluster: Iterable[Contribution]) -> list[str]:
    """The item whose place was taken, behind all whose place that one had taken in its turn. Of a thing that was
    renamed, how it was described as well: that was seen, and stays, or was edited with the name."""
    texts = [*_replaced_for(former, (was, seen), cluster), *(earlier.replaced if earlier else ())]
    if not is_named_thing(former):
        return [*items_replaced(texts), former]
    described = [earlier.said if earlier else None, was, seen]
    return [*texts, *(canonical(value) for value in described if value is not None), former]


def _in_its_place(former: str, cluster: Iterable[Contribution]) -> Any:
    """The item that took the place of ``former`` in another record, if one did."""
    for each in cluster:
        came = [unit for unit, mark in each.marks.items() if unit != former and former in mark.replaced]
        units = split(each.doc) if came else {}
        for unit in came:
            if unit in units:
                return units[unit]
    return None


def _replaced(earlier: Mark | None, inherited: list[str], before: Any, seen: Any, after: Any) -> tuple[str, ...]:
    """The values that the edit took the place of, oldest first: others may be several edits behind."""
    texts = [*inherited, *(earlier.replaced if earlier else ())]
    if earlier is not None and earlier.said is not None:
        texts.append(canonical(earlier.said))
    texts.extend(canonical(value) for value in (before, seen) if value is not None)
    now = canonical(after) if after is not None else None
    return tuple(dict.fromkeys(text for text in texts if text != now))[-REMEMBERED:]
