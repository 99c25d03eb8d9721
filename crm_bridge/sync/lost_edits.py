"""Edits that lost a conflict, and still replaced what they replaced.

C's user saw X and typed Y; B's edit Z, made at the same time, won, and C now holds it. Y is behind that echo and claims
nothing, but X stays replaced: were it not, the record that first said X could win over Z in its turn, and an edit that
somebody had seen and typed over would rise again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crm_bridge.sync.claims import ABSENT, Claim, Contribution, canonical
from crm_bridge.sync.units import is_value_keyed


def drop_what_they_replaced(
    claims: dict[str, list[Claim]], contributions: Iterable[Contribution], *, cluster: Mapping[str, Contribution]
) -> None:
    """Take out of ``claims``, by unit, the older ones whose value such an edit took the place of. One always stays."""
    for each in contributions:
        for unit, mark in each.marks.items():
            own = mark.own
            if own is None or not own.replaced or mark.echo not in cluster:
                continue
            if unit == "status" or is_value_keyed(unit):  # a death stands, and items stand side by side
                continue
            here = claims.get(unit, [])
            kept = [
                claim
                for claim in here
                if claim.value is ABSENT or claim.seq > own.seq or canonical(claim.value) not in own.replaced
            ]
            if kept:
                claims[unit] = kept
