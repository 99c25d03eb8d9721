"""Deletions that are to be carried to other systems, and those that were: looked at before anything is written.

A deletion takes the client's other records along only if the users of the deleted record had seen all that was said of
the client: what would still have been written there when it went is an edit that they did not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from crm_bridge.outbox.drafts import draft_client
from crm_bridge.outbox.removals import CANNOT
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.cards import recompute, to_carry
from crm_bridge.runner.gone import card_changed, closed
from crm_bridge.store import clients, history, journal, letters, outbox, records
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.history import Said, conflict
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.deletions import (
    BEATEN,
    CARRIED,
    OURS,
    SPENT,
    UNDECIDED,
    UNSEEN,
    lives,
    spoke_after,
    unknown_to,
)
from crm_bridge.sync.units import split

BEATS = "update beats delete"


def settle_deletions(run: RunContext) -> bool:
    """Decide on each deletion that is to spread, and take in those that we carried out.

    Returns:
        Whether a client was kept by an edit: then there is something to write.
    """
    with run.database.reading() as connection:
        going = records.going(connection)
        owners = sorted({row.client_id for row in going if row.client_id})
        linked = records.of_clients(connection, owners)
        stored = clients.get_all(connection, owners)
        in_doubt = journal.unsettled_creates(connection) if going else set()
    kept = False
    for client_id in owners:
        rows = [row for row in linked[client_id] if row.entity == "client"]
        spread = [row for row in rows if row.gone_how in UNDECIDED]
        carried = [row for row in rows if row.gone_how == CARRIED]
        with run.database.transaction() as connection:
            if client_id in stored:
                unsettled = client_id in in_doubt
                kept = _decide(run, connection, stored[client_id], rows, spread, unsettled=unsettled) or kept
            if carried:
                _take_in(run, connection, client_id, rows, carried)
    return kept


def _decide(
    run: RunContext,
    connection: Connection,
    client: StoredClient,
    rows: Sequence[SourceRecord],
    spread: Sequence[SourceRecord],
    *,
    unsettled: bool,
) -> bool:
    """What becomes of the deletions in ``spread``. Returns whether one of them was beaten.

    Args:
        unsettled: the client may have a record of which nobody knows yet: the deletion waits, and takes it along.
    """
    client_id, group = client.id, [row.contribution() for row in rows]
    how: list[tuple[int, str | None]] = []
    beaten: list[tuple[SourceRecord, str]] = []
    for row in spread:
        kind = run.systems[row.system].kinds.get(row.kind) if row.system in run.systems else None
        if kind is None or not kind.spreads:
            how.append((row.pk, None))  # it is not configured any more
        elif not lives(group):
            how.extend([] if unsettled else [(row.pk, SPENT)])
        elif any(each.system == row.system and not each.gone for each in group):
            how.append((row.pk, None))  # a duplicate went: its system still has the client
        elif (by := _keeps(run, client, kind, row, rows, group)) is not None:
            beaten.append((row, by))
            how.append((row.pk, BEATEN))
    records.set_gone_how(connection, how)
    for row, by in beaten:
        _tell_of_conflict(run, connection, client_id, row, by)
    settled = dict(how)
    if settled.keys() and (beaten or None in settled.values()) and lives(group):
        group = [row._replace(gone_how=settled.get(row.pk, row.gone_how)).contribution() for row in rows]
        _card_anew(run, connection, client, group)  # what the deleted said is said for good, or not at all
        kind_of_client = next((str(each.doc["kind"]) for each in group if not each.gone), "person")
        outbox.enqueue(connection, sorted(set(to_carry(client_id, group, kind_of_client, run.systems))), at=run.now())
    if beaten:
        live = [row for row in rows if row.gone_at is None]
        for row in live:
            letters.close_code(connection, row.system, row.kind, row.record_id, code=CANNOT, at=run.now())
    return bool(beaten)


def _card_anew(
    run: RunContext, connection: Connection, client: StoredClient | None, group: Sequence[Contribution]
) -> None:
    if client is None:
        return
    at = run.now()
    change = recompute(client, client.id, group, policy=run.survivorship, at=at)
    if change.moved:
        clients.update_all(connection, [change.stored])
        history.insert_all(run.database, connection, [card_changed(run, client.id, change, at=at, news=True)])


def _keeps(
    run: RunContext,
    client: StoredClient,
    kind: Kind,
    row: SourceRecord,
    rows: Sequence[SourceRecord],
    group: Sequence[Contribution],
) -> str | None:
    """Key of the record whose word keeps the client."""
    told_less = unknown_to(row.contribution(), group) if row.gone_how == UNSEEN else None
    return told_less or _unseen(run, client, kind, row, rows) or _later(row, group)


def _later(row: SourceRecord, group: Sequence[Contribution]) -> str | None:
    """Key of a record that spoke after the deletion was seen."""
    since = row.gone_seq or 0
    return next((each.key for each in group if not each.gone and spoke_after(each, seq=since)), None)


def _unseen(
    run: RunContext, client: StoredClient, kind: Kind, row: SourceRecord, rows: Sequence[SourceRecord]
) -> str | None:
    """Key of a record whose word the deleted one lacked: what would have been written there, were it still there."""
    if not kind.write:
        return _edited_unseen(row, rows)
    as_it_was = [row.back() if each.pk == row.pk else each for each in rows]
    planned = draft_client(client, as_it_was, run.systems[row.system], policy=run.survivorship, may_create=False)
    live = {each.key for each in rows if each.gone_at is None}
    carried = [draft for draft in planned.drafts if draft.record is not None and draft.record.pk == row.pk]
    return next((each.origin for draft in carried for each in draft.echoes.values() if each.origin in live), None)


def _edited_unseen(row: SourceRecord, rows: Sequence[SourceRecord]) -> str | None:
    """The same of a record that is never written: an edit elsewhere which it does not repeat."""
    holds = split(row.effective_doc())
    for other in rows:
        if other.gone_at is None:
            said = split(other.effective_doc())
            marks = other.contribution().marks
            for unit, mark in marks.items():
                if mark.echo is None and mark.replaced and unit in holds and said.get(unit) != holds[unit]:
                    return other.key
    return None


def _tell_of_conflict(run: RunContext, connection: Connection, client_id: str, row: SourceRecord, by: str) -> None:
    run.report.count("conflicts")
    run.report.notes.append(f"{row.key} was deleted, and {by} edited meanwhile: the client stays ({BEATS})")
    told = conflict(
        run.seq.take(),
        run.now(),
        client_id,
        run.run_id,
        path="(the record)",
        rule=BEATS,
        winner=Said(by, None),
        losers=[Said(row.key, None, row.gone_at)],
    )
    history.insert_all(run.database, connection, [told])


def _take_in(
    run: RunContext,
    connection: Connection,
    client_id: str,
    rows: Sequence[SourceRecord],
    carried: Sequence[SourceRecord],
) -> None:
    """Our writes deleted these records: the card is computed without them, or closed with the last."""
    at = run.now()
    records.set_gone_how(connection, [(row.pk, OURS) for row in carried])
    group = [row.contribution() for row in rows]
    if not lives(group):
        history.insert_all(run.database, connection, [closed(run, client_id, at=at, news=True)])
        spent = [(row.pk, SPENT) for row in rows if row.gone_how in UNDECIDED]
        records.set_gone_how(connection, spent)
        return
    _card_anew(run, connection, clients.get(connection, client_id), group)
