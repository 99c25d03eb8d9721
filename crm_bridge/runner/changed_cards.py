"""What a changed card brings with it: its row, its history, the outbox, and what is told and asked of conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.cards import CardChange, to_carry
from crm_bridge.runner.page_work import PageWork
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.history import HistoryRow, Said, conflict
from crm_bridge.store.review import Doubt
from crm_bridge.sync.claims import ABSENT, Claim, Contribution
from crm_bridge.sync.verdict import Verdict


def follow(
    run: RunContext,
    client_id: str,
    stored: StoredClient | None,
    change: CardChange,
    group: Mapping[str, Contribution],
    edited: Mapping[str, Sequence[str]],
    work: PageWork,
    *,
    at: str,
    news: bool,
) -> None:
    """Put into ``work`` what follows from ``change``.

    Args:
        stored: the card as it stood.
        group: the client's records, by key.
        edited: record → the units that its users changed.
        news: the change is told to plugins and webhooks; a first load is not.
    """
    members = list(group.values())
    joined = stored is not None and client_id in work.joined
    if change.moved:
        (work.new_clients if stored is None else work.changed_clients).append(change.stored)
        run.report.count("created" if stored is None else "changed")
        if stored is not None or news:
            _remember(run, client_id, "client.created" if stored is None else "client.changed", change, work, at, news)
    if change.moved or joined or edited:
        kind_of_client = str(members[0].doc.get("kind", "person")) if members else "person"
        work.outbox.update(to_carry(client_id, members, kind_of_client, run.systems))
    if change.card is not None:
        work.weighed[client_id] = {each.path for each in change.card.verdicts.values() if each.ask}
        for unit, verdict in change.card.verdicts.items():
            touched = any(
                each in units for units in edited.values() for each in (unit, *verdict.against, *verdict.former)
            )
            if verdict.ask:
                doubt = Doubt("conflict", client_id, verdict.path, "probable", verdict.reason, evidence=verdict.words)
                work.doubts.append(doubt)
            if touched and verdict.conflict and any(_is_edit(loser) for loser in verdict.losers):
                run.report.count("conflicts")
                _remember_conflict(run, client_id, verdict, work, at)


def _is_edit(claim: Claim) -> bool:
    """Whether somebody typed it, be it over nothing: it is not what the record held when it was first read."""
    return bool(claim.replaced) or not claim.first


def _remember(
    run: RunContext, client_id: str, kind: str, change: CardChange, work: PageWork, at: str, news: bool
) -> None:
    origins = change.card.origins() if change.card else {}
    body: dict[str, Any] = {
        "version": change.stored.version,
        "units": {unit: list(pair) for unit, pair in change.units.items()},
        "origins": {unit: origins[unit] for unit in change.units if unit in origins},
    }
    work.history.append(HistoryRow(run.seq.take(), at, kind, client_id, body, run.run_id, None, news))


def _remember_conflict(run: RunContext, client_id: str, verdict: Verdict, work: PageWork, at: str) -> None:
    told = conflict(
        run.seq.take(),
        at,
        client_id,
        run.run_id,
        path=verdict.path,
        rule=verdict.reason,
        winner=Said(verdict.origin, verdict.value),
        losers=[Said(each.key, None if each.value is ABSENT else each.value, each.at) for each in verdict.losers],
        units=(verdict.unit, *verdict.against, *verdict.former),
    )
    work.history.append(told)
