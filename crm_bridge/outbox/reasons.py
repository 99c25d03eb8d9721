"""Why a field is written: whose claim it carries there, and by which rule that claim won."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crm_bridge.mapping import FieldChange
from crm_bridge.mapping.paths import IDENTITY
from crm_bridge.sync.proposals import unit_of
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import head


def reason(change: FieldChange, *, before: Mapping[str, Any], units: Mapping[str, Any], card: Card) -> str:
    """Who says so, and by which rule: ``callcenter/client/cc-7 (edit)``.

    Args:
        before: the units that the record held.
        units: unit → what the record will say (``None``: nothing); those that change.
    """
    found = {
        verdict.origin: verdict.reason
        for unit in units_of(change, before, units)
        if (verdict := card.verdicts.get(unit)) is not None
    }
    return "; ".join(f"{origin} ({rule})" for origin, rule in sorted(found.items())) or "the card"


def units_of(change: FieldChange, before: Mapping[str, Any], units: Mapping[str, Any]) -> list[str]:
    """The units that the change is about: one, but for items that nothing in the field tells apart."""
    whole = unit_of(change.path)[0]
    if whole in units:
        return [whole]
    named = [unit for unit in units if "[" in unit and _is_meant(change.path, units[unit] or before.get(unit), unit)]
    come = [unit for unit in named if units[unit] is not None]
    gone = [unit for unit in named if units[unit] is None]
    meant = gone if change.new in (None, "") else come
    meant = meant or named
    exact = [unit for unit in meant if _says(units[unit] or before.get(unit), change)]
    return exact or meant


def _is_meant(path: str, item: Any, unit: str) -> bool:
    """Whether ``path`` names such an item, as a mapping does: ``contact_points[phone/mobile].value``."""
    list_name = head(unit)
    if path.partition("[")[0].split(".")[0].rstrip("+") != list_name:
        return False
    selector = path.partition("[")[2].partition("]")[0]
    wanted = selector.split("/") if selector else []
    return wanted == [str(item.get(name)) for name in IDENTITY.get(list_name, ())][: len(wanted)]


def _says(item: Any, change: FieldChange) -> bool:
    """Whether the item holds the text that is written, or that was there: one child's name among several children."""
    texts = {str(value).strip().casefold() for value in (change.new, change.old) if value not in (None, "")}
    return any(str(leaf).casefold() in texts for leaf in _leaves(item))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value
