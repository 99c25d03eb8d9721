"""Contributions from plain words. Everyone in these tests is invented."""

from __future__ import annotations

from itertools import count
from typing import Any

from crm_bridge.sync.claims import Contribution, by_key, settle
from crm_bridge.sync.edits import observe
from crm_bridge.sync.rules import Survivorship
from crm_bridge.sync.survivorship import Card, survive
from crm_bridge.sync.units import changed, split

TRUST = Survivorship(order=("a", "b", "c"))  # a is the most trusted
MOBILE = {"type": "phone", "value": "+380505550101", "purpose": "mobile"}
OTHER = {"type": "phone", "value": "+380505550102", "purpose": "mobile"}


def said(system: str, *, seq: int = 1, at: str = "2026-01-01T00:00:00Z", number: int = 1, **doc: Any) -> Contribution:
    """What a record of ``system`` says when it is first read."""
    return Contribution(f"{system}/contact/{number}", system, {"kind": "person", **doc}, seq, at)


class Systems:
    """Records of one client in several systems, each step as the bridge takes it: read, decide, carry."""

    def __init__(self, *contributions: Contribution, policy: Survivorship = TRUST) -> None:
        self.policy = policy
        self.records = by_key(contributions)
        self._seq = count(max((each.seq for each in contributions), default=0) + 1)

    def card(self) -> Card:
        return survive(list(self.records.values()), policy=self.policy)

    def reads(self, key: str, *, partial: bool = False, at: str | None = None, **changes: Any) -> tuple[str, ...]:
        """The record was edited (``None``: emptied) and is read. Returns the units that changed."""
        known = self.records[key]
        doc = {**known.doc, **changes} if not partial else {"kind": "person", **changes}
        doc = {name: value for name, value in doc.items() if value is not None}
        seq = next(self._seq)
        at = at or f"2026-02-01T00:00:{seq:02d}Z"
        card = split(self.card().doc)
        self.records[key], units = observe(
            known, doc, seq=seq, at=at, card=card, partial=partial, cluster=list(self.records.values())
        )
        return units

    def carry(self, *keys: str, holds: set[str] | None = None, parts: set[str] | None = None) -> dict[str, Any]:
        """Write the card into these records (all, by default), and take the receipts in.

        Args:
            holds: units' heads that the record can hold; the others it keeps as they are.
            parts: members of ``name`` that it can hold.
        """
        written = {}
        for key in keys or tuple(self.records):
            card, known = self.card(), self.records[key]
            doc = {name: value for name, value in card.doc.items() if holds is None or name in holds or name == "kind"}
            if parts and "name" in doc:
                doc["name"] = {part: value for part, value in doc["name"].items() if part in parts}
            units = changed(split(known.doc), split(doc))
            if units:
                seq = next(self._seq)
                echoes = {unit: verdict.echo(key) for unit, verdict in card.verdicts.items()}
                at = f"2026-03-01T00:00:{seq:02d}Z"
                self.records[key] = settle(known, doc, seq=seq, at=at, echoes=echoes)
                written[key] = units
        return written

    def without(self, *keys: str) -> Systems:
        """The records that stay when these leave."""
        return Systems(*(each for key, each in self.records.items() if key not in keys), policy=self.policy)

    def only(self, *keys: str) -> Systems:
        return Systems(*(each for key, each in self.records.items() if key in keys), policy=self.policy)
