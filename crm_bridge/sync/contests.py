"""Contests: edits of one field that show as different items, such as two new mobile numbers in place of the same one.

Items of lists stand side by side, and a number that somebody adds is nobody's loss. But two that took the place of the
same item in the same slot (:mod:`crm_bridge.sync.slots`), by users who did not see each other, are a conflict as in any
other field: one of them stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crm_bridge.sync.claims import Claim
from crm_bridge.sync.slots import items_replaced, slot_of


class Contender(NamedTuple):
    """An item that took another's place.

    Attributes:
        edits: the claims that did.
        slots: what it is for, as those claims say.
        line: the item and all that it took the place of, in whatever many steps.
        records: keys of the records that say it.
        may_lose: nobody says it who took nothing's place: then it is not on offer.
    """

    unit: str
    edits: Sequence[Claim]
    slots: frozenset[str]
    line: frozenset[str]
    records: frozenset[str]
    may_lose: bool

    def meets(self, other: Contender) -> bool:
        """Whether only one of the two can stand. What one record says side by side stands side by side."""
        return bool(self.slots & other.slots and self.line & other.line) and not self.records & other.records


def contender(unit: str, claims: Sequence[Claim]) -> Contender | None:
    """The contender that ``unit`` is by its standing ``claims``; ``None``: it took no place."""
    edits = [claim for claim in claims if any(items_replaced(claim.replaced))]
    if not edits:
        return None
    return Contender(
        unit,
        edits,
        frozenset(slot_of(unit, claim.value) for claim in edits),
        frozenset((unit, *(item for claim in edits for item in items_replaced(claim.replaced)))),
        frozenset(claim.key for claim in claims),
        may_lose=len(edits) == len(claims),
    )


def lost(contenders: Iterable[Contender]) -> list[tuple[Contender, Contender]]:
    """(loser, winner) of every contest.

    Args:
        contenders: the best first.
    """
    stand: list[Contender] = []
    found: list[tuple[Contender, Contender]] = []
    for each in contenders:
        winner = next((better for better in stand if each.may_lose and each.meets(better)), None)
        if winner is None:
            stand.append(each)
        else:
            found.append((each, winner))
    return found
