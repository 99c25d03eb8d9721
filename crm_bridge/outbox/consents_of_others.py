"""Consents that a merge carried to somebody who never gave them: withdrawn there once the merge is taken back.

Nested rows are kept when the client says nothing of them, so that nobody's word is lost. A consent that we wrote, and
whose giver is another client again, is nobody's word there: it must not allow what its holder never allowed. Only what
the marks know as written by us is touched, and only where no record of the client says anything of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crm_bridge.mapping import WriteBack
from crm_bridge.run_context.systems import Kind
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import head, split

STAYS = "consent_of_another"  # the code of the letter about one that cannot be withdrawn


class Foreign(NamedTuple):
    """A consent that is not the client's. ``origin``: the record of whoever gave it."""

    withdrawn: Mapping[str, Any]
    origin: str


def consents_of_others(
    record: Contribution, all_records: Sequence[Contribution], card: Card, *, at: str
) -> dict[str, Foreign]:
    """Unit → what takes the place of each consent in ``record`` that we wrote for somebody who is another client now.

    Args:
        at: when the two were parted, or later.
    """
    mine = {each.key for each in all_records}
    foreign = {
        unit: mark.echo
        for unit, mark in record.marks.items()
        if head(unit) == "consents" and mark.echo is not None and mark.echo not in mine and mark.own is None
    }
    if not foreign:
        return {}
    holds, says = split(record.doc), split(card.doc)
    return {
        unit: Foreign(_withdrawn(holds[unit], at), origin)
        for unit, origin in foreign.items()
        if unit not in says and unit in holds and holds[unit]["status"] == "granted"
    }


def _withdrawn(consent: Mapping[str, Any], at: str) -> dict[str, Any]:
    told = {name: value for name, value in consent.items() if name != "evidence"}
    return {**told, "status": "withdrawn", "captured_at": max(at, str(consent.get("captured_at") or ""))}


def still_there(foreign: Mapping[str, Foreign], after: Mapping[str, Any]) -> list[str]:
    """Units of those that the write does not withdraw: the system cannot be told so."""
    held = split(after)
    return [unit for unit in foreign if unit in held and held[unit]["status"] == "granted"]


def letter_about(unit: str, kind: Kind, row: SourceRecord, client: StoredClient, back: WriteBack) -> Letter:
    """What a person has to do where we cannot."""
    why = next((f"; {problem.message}" for problem in back.problems if problem.path.startswith("consents")), "")
    return Letter(
        stage="write",
        system=kind.system,
        kind=kind.name,
        record_id=row.record_id,
        code=STAYS,
        path=unit,
        message=f"it holds another client's consent, carried by a merge that was taken back{why}",
        hint=f"withdraw it in {kind.system} by hand; the next sync sees it",
        client_id=client.id,
    )
