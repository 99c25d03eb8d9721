"""Units: the smallest pieces of a client that are decided as a whole.

A unit is a field (``gender``), a group that belongs together (``name``), or one item of a list, named by what makes
it that item (``contact_points[phone/+380505550101]``). Two systems that say the same of a client have equal units,
whatever the order of their lists; two edits meet only when they touch the same unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from crm_bridge.sync.consents import force

Doc: TypeAlias = Mapping[str, Any]
Units: TypeAlias = dict[str, Any]

# What every card carries, and no source says.
IDENTITY_FIELDS = frozenset({"id", "kind", "version", "replaced_by"})


def _contact_point(item: Doc) -> str:
    if item["type"] == "postal":
        return f"postal/{item.get('purpose', 'other')}"
    return f"{item['type']}/{item['value']}"


def _consent(item: Doc) -> str:
    key = f"{item['purpose']}/{item['channel']}"
    if "contact_point" in item:
        key = f"{key}/{item['contact_point']}"
    valid = item.get("valid")
    if valid:  # which period it is shows when somebody asks: there is no clock here
        key = f"{key}/{valid.get('start', '')}..{valid.get('end', '')}"
    return key


def _party(item: Doc) -> str:
    to = item.get("to") or {}
    return f"{item['type']}/{to.get('client_id') or to.get('name') or item.get('id', '')}"


# How an item of each list is told from its neighbours.
ITEM_KEYS: Mapping[str, Callable[[Doc], str]] = {
    "contact_points": _contact_point,
    "identifiers": lambda item: f"{item['system']}/{item['value']}",
    "consents": _consent,
    "facts": lambda item: str(item["key"]),
    "relationships": _party,
    "holdings": lambda item: f"{item['type']}/{item.get('number', '')}",
    "segments": lambda item: f"{item['key']}/{item.get('model', '')}",
    "scores": lambda item: f"{item['key']}/{item.get('model', '')}",
    "other_names": lambda item: f"{item.get('use', 'usual')}/{item.get('text') or item.get('family', '')}",
}

# Items whose key already is the value: removing one says "not this value", whoever described it and how.
VALUE_KEYED = frozenset({"contact_points", "identifiers", "relationships", "other_names", "holdings"})


def head(unit: str) -> str:
    """``contact_points`` of ``contact_points[phone/…]``; else a field's own name; ``preferences`` keeps its part."""
    bracket = unit.find("[")
    return unit if bracket < 0 else unit[:bracket]


def is_value_keyed(unit: str) -> bool:
    """Whether the unit's key holds its value, so that presence alone is what is said. Addresses are edited in place."""
    return head(unit) in VALUE_KEYED and not unit.startswith("contact_points[postal/")


def split(doc: Doc) -> Units:
    """The units of ``doc``. Items lose their ``id``: that is the source's own, not part of what it says.

    A list of consents is append-only in its source; its unit is the statement that holds, one for each period.
    """
    units: Units = {}
    for field, value in doc.items():
        if field in IDENTITY_FIELDS:
            continue
        key_of = ITEM_KEYS.get(field)
        if key_of is not None:
            for item in value:
                _put_item(units, field, key_of(item), item)
        elif field == "preferences":
            for part, said in value.items():
                units[f"preferences.{part}"] = said
        else:
            units[field] = value
    return units


def _put_item(units: Units, field: str, key: str, item: Doc) -> None:
    value = {name: part for name, part in item.items() if name != "id"} if "id" in item else item
    unit = f"{field}[{key}]"
    if unit not in units:
        units[unit] = value
        return
    if field == "consents":
        units[unit] = max(units[unit], value, key=lambda each: (force(each), repr(sorted(each.items()))))
        return
    if units[unit] != value and field == "contact_points" and item["type"] == "postal":
        unit = f"{field}[{key}/{item.get('value', '')}]"  # a second address of the same purpose stands beside the first
    units.setdefault(unit, value)


def join(units: Mapping[str, Any]) -> dict[str, Any]:
    """The document of ``units``: lists in a stable order, ranked contact points first."""
    doc: dict[str, Any] = {}
    names = sorted(units)
    if any("[postal/" in unit and unit.count("/") > 1 for unit in names):
        names.sort(key=lambda unit: unit.rstrip("]"))  # the first address of a purpose before those beside it
    for unit in names:
        value = units[unit]
        if "[postal/" in unit and _stands_as_first(units, unit):
            continue
        if "[" in unit:
            doc.setdefault(head(unit), []).append(value)
        elif unit.startswith("preferences."):
            doc.setdefault("preferences", {})[unit.removeprefix("preferences.")] = value
        else:
            doc[unit] = value
    if "contact_points" in doc:
        doc["contact_points"].sort(key=_rank)
    return doc


def _stands_as_first(units: Mapping[str, Any], unit: str) -> bool:
    """Whether this address, beside the first of its purpose in one record, is the first of it in another."""
    purpose, beside, _ = unit.removeprefix("contact_points[postal/").rstrip("]").partition("/")
    return bool(beside) and units.get(f"contact_points[postal/{purpose}]") == units[unit]


def _rank(item: Doc) -> tuple[str, int]:
    return str(item["type"]), int(item.get("rank", 100))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    """Names of the units that differ, in order; a unit that vanished counts."""
    return sorted(unit for unit in before.keys() | after.keys() if before.get(unit) != after.get(unit))
