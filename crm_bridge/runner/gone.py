"""What a deletion at its source means for the client: the record claims nothing any more, and may take others along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.cards import CardChange, recompute, to_carry
from crm_bridge.runner.page_work import PageWork
from crm_bridge.store import clients, outbox, records
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord
from crm_bridge.store.review import Doubt
from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.deletions import SPREAD, UNSEEN, lives, unknown_to


def forget(
    run: RunContext, pks: Sequence[int], work: PageWork, *, spread: bool, news: bool, last_seen: int | None = None
) -> None:
    """The system says that these records were deleted; their clients stay. They claim nothing any more.

    Args:
        spread: the deletion is to be carried to the client's records in other systems. Until that is decided on, they
            go on claiming what they said.
        last_seen: nobody told of the deletion: up to this count of the history the records were seen to be there.
    """
    at = run.now()
    with run.database.reading() as connection:
        gone = [row for row in records.by_pks(connection, pks).values() if row.gone_at is None]
        owners = {row.client_id for row in gone if row.client_id}
        rows = records.of_clients(connection, owners)
        stored = clients.get_all(connection, owners)
        behind = set().union(*(outbox.not_told(connection, name, owners) for name in {row.system for row in gone}))
    vanished: dict[int, SourceRecord] = {}
    for row in gone:
        seq, how = run.seq.take(), SPREAD if spread else None
        if spread and row.client_id and (row.client_id in behind or last_seen is not None):
            # Where nobody told of it, it may have been deleted before an edit that came in since it was seen.
            others = [each.contribution() for each in rows[row.client_id] if each.entity == "client"]
            since = 0 if row.client_id in behind else last_seen or 0
            if unknown_to(row.contribution(), others, since=since) is not None:
                how = UNSEEN
        vanished[row.pk] = row._replace(gone_at=at, gone_how=how, gone_seq=seq)
        work.history.append(HistoryRow(seq, at, "record.gone", row.client_id, {"record": row.key}, run.run_id, row.pk))
    work.changed_records.extend(vanished.values())
    for client_id, mine in rows.items():
        group = [vanished.get(row.pk, row).contribution() for row in mine if row.entity == "client"]
        if not lives(group):
            work.history.append(closed(run, client_id, at=at, news=news))
            continue
        change = recompute(stored.get(client_id), client_id, group, policy=run.survivorship, at=at)
        if change.moved:
            (work.changed_clients if client_id in stored else work.new_clients).append(change.stored)
            run.report.count("changed")
            work.history.append(card_changed(run, client_id, change, at=at, news=news))
        asked = [verdict for verdict in (change.card.verdicts.values() if change.card else ()) if verdict.ask]
        work.doubts.extend(
            Doubt("conflict", client_id, verdict.path, "probable", verdict.reason, evidence=verdict.words)
            for verdict in asked
        )
        work.weighed[client_id] = {verdict.path for verdict in asked}
        if change.moved or spread:
            work.outbox.update(to_carry(client_id, group, str(change.stored.doc().get("kind", "person")), run.systems))


def card_changed(run: RunContext, client_id: str, change: CardChange, *, at: str, news: bool) -> HistoryRow:
    """The row of the history that says what the card says now, and whose word it is."""
    origins = change.card.origins() if change.card else {}
    body = {
        "version": change.stored.version,
        "units": {unit: list(pair) for unit, pair in change.units.items()},
        "origins": {unit: origins[unit] for unit in change.units if unit in origins},
    }
    return HistoryRow(run.seq.take(), at, "client.changed", client_id, body, run.run_id, None, news)


def closed(run: RunContext, client_id: str, *, at: str, news: bool) -> HistoryRow:
    """No system has the client any more. The card stays as it was, for the history."""
    run.report.count("closed")
    return HistoryRow(run.seq.take(), at, "client.closed", client_id, {}, run.run_id, None, news)


def tell_of_return(
    run: RunContext, groups: Mapping[str, Mapping[str, Contribution]], work: PageWork, *, at: str, news: bool
) -> None:
    """Clients that no system had any more, and one has again."""
    for client_id, group in groups.items():
        if group and not lives(list(group.values())):
            run.report.count("reopened")
            work.history.append(
                HistoryRow(run.seq.take(), at, "client.reopened", client_id, {}, run.run_id, None, news)
            )
