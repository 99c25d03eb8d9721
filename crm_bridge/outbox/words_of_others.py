"""What a merge carried into a record of somebody else, and would stay there when the merge was taken back.

A mapping may say that the bridge never empties a field (``unset: keep``), so that nobody's word is lost where the card
says nothing. What we wrote ourselves, and whose speaker is another client again, is nobody's word there: his e-mail in
the other's record would bring him the other's messages. Only what the marks know as written by us is emptied.

Consents are withdrawn instead (:mod:`crm_bridge.outbox.consents_of_others`). Nested rows stay: a row is never deleted
where its mapping does not say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import head, split


def words_of_others(record: Contribution, all_records: Sequence[Contribution], card: Card) -> dict[str, Any]:
    """Unit → what ``record`` holds of it, of all that we wrote there for a record of another client."""
    mine = {each.key for each in all_records}
    foreign = [
        unit
        for unit, mark in record.marks.items()
        if mark.echo is not None and mark.echo not in mine and mark.own is None and head(unit) != "consents"
    ]
    if not foreign:
        return {}
    holds, says = split(record.doc), split(card.doc)
    return {unit: holds[unit] for unit in foreign if unit in holds and unit not in says}
