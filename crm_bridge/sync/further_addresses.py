"""An edit of a system's one address, where another lists several: it supersedes the very one that it replaced.

The first address of a purpose is one unit, and what a record lists behind it are units of their own, so that an edit of
the only address there meets the first of the list, and not the one that it took the place of. That one goes; and where
the first of the list stands on the card, the edited one stands beside it, in the place of what it replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crm_bridge.sync.claims import ABSENT, Claim, Contribution, is_part
from crm_bridge.sync.units import split

POSTAL = "contact_points[postal/"


def second(unit: str, value: Mapping[str, Any]) -> str:
    """The unit of an address that stands beside the first of its purpose."""
    return f"{unit[:-1]}/{value.get('value', '')}]"


def is_first(unit: str) -> bool:
    """Whether ``unit`` is the first address of its purpose."""
    return unit.startswith(POSTAL) and unit.count("/") == 1


def edited_beside(
    claims: Mapping[str, Sequence[Claim]], contributions: Sequence[Contribution]
) -> Iterator[tuple[str, Claim, list[str]]]:
    """Each edit of a first address with its unit, and the units of listed addresses whose place it took."""
    edits = [
        (unit, claim)
        for unit, found in claims.items()
        if is_first(unit)
        for claim in found
        if claim.replaced and claim.value is not ABSENT
    ]
    for unit, claim in edits:
        former = [json.loads(text) for text in claim.replaced]
        beside = {
            name
            for each in contributions
            if not each.gone and each.key != claim.key
            for name, value in split(each.doc).items()
            if name.startswith(f"{unit[:-1]}/") and value != claim.value
            if any(_is_same(was, value) for was in former)
        }
        if beside:
            yield unit, claim, sorted(beside)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both are one address, of which one system may hold fewer parts. A town alone is nobody's address."""
    if one == other:
        return True
    lines = _lines(one)
    return bool(lines) and lines == _lines(other) and (is_part(one, other) or is_part(other, one))


def _lines(item: Mapping[str, Any]) -> Any:
    return (item.get("address") or {}).get("lines")
