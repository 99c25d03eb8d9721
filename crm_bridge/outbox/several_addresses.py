"""Several addresses of one purpose: one that merely ranks behind another is not written over.

A home address is one field of a client, edited in place, as long as every record holds one. Where a record holds
several, which of them is *the* home address is a matter of order, and precedence between two systems that meet for the
first time says nothing about the others: each record keeps its own beside what wins. What an edit replaced goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_bridge.sync.claims import Contribution, canonical
from crm_bridge.sync.further_addresses import POSTAL, is_first, second
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import split
from crm_bridge.sync.verdict import Verdict


def addresses_beside(record: Contribution, all_records: Sequence[Contribution], card: Card) -> dict[str, Any]:
    """Unit → address that ``record`` says itself and that lost on the card to no edit, where a purpose has several."""
    kept: dict[str, Any] = {}
    for unit, value in split(record.doc).items():
        verdict = card.verdicts.get(unit)
        if not is_first(unit) or verdict is None:
            continue
        if value == verdict.value or _is_echo(record, unit) or _edited_away(value, unit, verdict, all_records):
            continue
        if any(_has_several(other, unit) for other in all_records if not other.gone):
            kept[second(unit, value)] = value
    return kept


def verdict_on(card: Card, unit: str, value: Any) -> Verdict | None:
    """What was decided of ``unit``; of an address beside the first, which the card has as the first, about that."""
    if unit in card.verdicts or not unit.startswith(POSTAL) or unit.count("/") < 2:
        return card.verdicts.get(unit)
    purpose = unit.removeprefix(POSTAL).partition("/")[0]
    first = card.verdicts.get(f"{POSTAL}{purpose}]")
    return first if first is not None and first.value == value else None


def _is_echo(record: Contribution, unit: str) -> bool:
    return unit in record.marks and record.marks[unit].echo is not None


def _edited_away(value: Any, unit: str, verdict: Verdict, all_records: Sequence[Contribution]) -> bool:
    """Whether whoever said what stands on the card had seen ``value``, and put the other in its place."""
    winner = next((each for each in all_records if each.key == verdict.origin), None)
    return winner is None or (unit in winner.marks and canonical(value) in winner.marks[unit].replaced)


def _has_several(record: Contribution, unit: str) -> bool:
    beside = f"{unit[:-1]}/"
    return any(name.startswith(beside) for name in split(record.doc))
