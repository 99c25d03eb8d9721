"""Carrying due clients to a system: plan against what it holds, journal, send, settle.

Every write is journaled before it leaves. Whatever then happens to us or to the answer, the journal knows what was
sent, and :mod:`crm_bridge.outbox.recover` finds out what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from crm_bridge.connector import (
    Postponed,
    RecordTarget,
    RecordWrite,
    Refused,
    Stale,
    Unknown,
    WriteLookup,
    WriteOutcome,
)
from crm_bridge.errors import (
    BridgeError,
    ConnectorFailed,
    CredentialsRefused,
    OutcomeUnknown,
    RejectRecord,
    RetryLater,
    StaleVersion,
)
from crm_bridge.hookspecs import Objection
from crm_bridge.outbox.create_keys import PastCreates, past_creates
from crm_bridge.outbox.drafts import Draft, draft_client
from crm_bridge.outbox.outcomes import take_outcomes
from crm_bridge.outbox.parcels import Parcel, intent_of, write_of
from crm_bridge.outbox.questions import creates_wait_for
from crm_bridge.outbox.retry import RetryPolicy
from crm_bridge.outbox.settle import found_there
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM, calling, outcomes_of
from crm_bridge.run_context.systems import System
from crm_bridge.store import clients, journal, letters, records, review
from crm_bridge.store.journal import OutboxRow
from crm_bridge.store.letters import Letter
from crm_bridge.store.review import Doubt

BATCH = 500


@dataclass(slots=True)
class Batch:
    """Due rows with what is to be written for them."""

    rows: Sequence[OutboxRow]
    drafts: list[tuple[OutboxRow, Draft]] = field(default_factory=list)
    letters: list[tuple[OutboxRow, Letter]] = field(default_factory=list)
    waits: list[tuple[OutboxRow, Letter]] = field(default_factory=list)
    vanished: list[OutboxRow] = field(default_factory=list)


def deliver(run: RunContext, system: System, *, retry: RetryPolicy) -> list[tuple[str, str]]:
    """Deliver everything that is due to ``system``.

    Returns:
        (kind, record id) of records that somebody else changed meanwhile: to be read again and merged.
    """
    connector = system.connector
    if not isinstance(connector, RecordTarget):
        return []
    stale: list[tuple[str, str]] = []
    stage = f"{system.name}: writes"
    with run.database.reading() as connection:
        total = journal.depth(connection).get((system.name, "due"), 0)
    run.progress.start(stage, total)
    try:
        for batch in batches(run, system):
            stale.extend(_deliver_batch(run, system, connector, batch, retry))
            run.progress.advance(stage, len(batch.rows))
    except STOPS_ITS_SYSTEM as error:
        error.system = error.system or system.name
        run.report.stop(system.name, str(error), int(error.exit_code))
    finally:
        run.progress.done(stage)
    return stale


def batches(run: RunContext, system: System) -> Iterator[Batch]:
    """What is due now, planned, a batch at a time. Reads only: ``plan`` shows the same."""
    size = max(BATCH, *(kind.capabilities.batch_size for kind in system.targets()), 1)
    now, after = run.now(), 0
    while True:
        with run.database.reading() as connection:
            rows = journal.due(connection, system.name, now=now, limit=size, after=after)
            if not rows:
                return
            ids = [row.client_id for row in rows]
            stored = clients.get_all(connection, ids)
            linked = records.of_clients(connection, ids)
            asked = creates_wait_for(connection, system, linked)
            in_doubt = journal.unsettled_creates(connection, system.name)
            created = _created_before(connection, system, ids)
        after = rows[-1].id
        batch = Batch(rows)
        for row in rows:
            client = stored.get(row.client_id)
            if client is None or client.replaced_by is not None:
                batch.vanished.append(row)
                continue
            planned = draft_client(
                client,
                linked[row.client_id],
                system,
                policy=run.survivorship,
                may_create=row.client_id not in in_doubt,
                waits_for=asked.get(row.client_id),
                created=created,
            )
            batch.drafts.extend((row, draft) for draft in planned.drafts)
            batch.letters.extend((row, letter) for letter in planned.letters)
            batch.waits.extend((row, letter) for letter in planned.waits)
        yield batch


def _created_before(
    connection: Connection, system: System, client_ids: Sequence[str]
) -> dict[tuple[str, str], PastCreates]:
    if not any(kind.create for kind in system.targets()):
        return {}
    return {
        whose: past_creates(tries) for whose, tries in journal.creates_of(connection, system.name, client_ids).items()
    }


def _deliver_batch(
    run: RunContext, system: System, connector: RecordTarget, batch: Batch, retry: RetryPolicy
) -> list[tuple[str, str]]:
    again = _look_before_repeating(run, connector, batch)
    objections = _objections(run, batch)
    parcels = [
        Parcel(row, draft, intent_of(run, draft)) for row, draft in batch.drafts if _subject(draft) not in objections
    ]
    _journal(run, system, batch, parcels, objections)
    figures = run.report.of_write(system.name)
    figures.held += len(objections) + len(batch.waits)
    busy = {row.id for row, _ in [*batch.drafts, *batch.letters, *batch.waits]}
    figures.same += len(batch.rows) - len(busy)
    calls = list(_calls(system, parcels))
    for number, (kind, chunk) in enumerate(calls, start=1):
        outcomes, stop = send(connector, kind, [write_of(parcel.intent) for parcel in chunk])
        again.extend(take_outcomes(run, system, chunk, outcomes, retry))
        if stop is not None:
            _give_back(run, [parcel for _, later in calls[number:] for parcel in later])
            raise stop
    return again


def _look_before_repeating(run: RunContext, connector: RecordTarget, batch: Batch) -> list[tuple[str, str]]:
    """Ask once more for creates that were sent before and not found: what was carried out late is there by now.

    Returns:
        (kind, record id) of those that are; their rows have left the batch, and are planned anew.
    """
    found: list[tuple[str, str]] = []
    arrived: set[int] = set()
    for row, draft in batch.drafts:
        if draft.repeats is None or not isinstance(connector, WriteLookup):
            continue
        with calling(connector, "find_write"):
            record = connector.find_write(draft.kind.name, write_of(draft.repeats))
        if record is None:
            continue
        record_id = draft.kind.mapping.record_id(record)
        if found_there(run, draft.kind, draft.repeats, record_id, draft.units):
            found.append((draft.kind.name, record_id))
            arrived.add(row.id)
    batch.rows = [row for row in batch.rows if row.id not in arrived]
    batch.drafts = [each for each in batch.drafts if each[0].id not in arrived]
    batch.letters = [each for each in batch.letters if each[0].id not in arrived]
    batch.waits = [each for each in batch.waits if each[0].id not in arrived]
    return found


def _calls(system: System, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Sequence[Parcel]]]:
    """The parcels by kind, as many at a time as the system takes."""
    for kind in system.targets():
        group = [parcel for parcel in parcels if parcel.draft.kind.name == kind.name]
        size = max(1, kind.capabilities.batch_size)
        for start in range(0, len(group), size):
            yield kind.name, group[start : start + size]


def _subject(draft: Draft) -> tuple[str, str | None, str]:
    return draft.planned.kind, draft.planned.record_id, draft.planned.client_id


def _objections(run: RunContext, batch: Batch) -> dict[tuple[str, str | None, str], Objection]:
    if not batch.drafts or not run.plugins.implements("review_plan"):
        return {}
    said = run.plugins.review_plan([draft.planned for _, draft in batch.drafts])
    with run.database.reading() as connection:
        overruled = review.allowed(connection, [each.client_id for _, each in said])
    return {
        (each.kind, each.record_id, each.client_id): each
        for _, each in said
        if (each.client_id, _doubt(each).right) not in overruled
    }


def _journal(
    run: RunContext,
    system: System,
    batch: Batch,
    parcels: Sequence[Parcel],
    objections: Mapping[tuple[str, str | None, str], Objection],
) -> None:
    """One transaction before anything is sent: intents, letters, objections, and the rows that need nothing."""
    at = run.now()
    sending = {parcel.row.id for parcel in parcels}
    lettered = {row.id: letter.code for row, letter in batch.letters}
    held = {row.id: "objection" for row, draft in batch.drafts if _subject(draft) in objections}
    held |= {row.id: letter.message.removeprefix("waits for ") for row, letter in batch.waits}
    with run.database.transaction() as connection:
        journal.record(connection, [parcel.intent for parcel in parcels])
        new = letters.put(connection, [letter for _, letter in batch.letters], at=at, run_id=run.run_id)
        doubts = [_doubt(objection) for objection in objections.values()]
        newly_held = review.object_to(connection, doubts, at=at)
        raised = {(doubt.left, doubt.right) for doubt in doubts}
        asked_about = [row.client_id for row in batch.rows]
        review.resolve_objections(connection, system.name, asked_about, but=raised, at=at)
        for row_id, code in lettered.items():
            journal.park(connection, row_id, state="dead", reason=code)
        for row_id in held.keys() - lettered.keys():
            journal.park(connection, row_id, state="held", reason=held[row_id])
        settled = [row.id for row in batch.rows if row.id not in sending | lettered.keys() | held.keys()]
        journal.delivered(connection, settled)
    run.report.new_dead_letters += new
    run.report.new_held += newly_held


def _doubt(objection: Objection) -> Doubt:
    record = f"{objection.system}/{objection.kind}/{objection.record_id or 'new'}"
    return Doubt("objection", objection.client_id, record, "probable", objection.reason)


def send(
    connector: RecordTarget, kind: str, writes: Sequence[RecordWrite]
) -> tuple[Sequence[WriteOutcome], BridgeError | None]:
    """Send, and say what came of each write; with the error that makes going on pointless, if there was one."""
    try:
        with calling(connector, "write"):
            answer = connector.write(kind, writes)
    except StaleVersion as error:
        return [Stale(error.message)] * len(writes), None
    except RejectRecord as error:
        return [Refused(error.message, error.code)] * len(writes), None
    except OutcomeUnknown as error:
        return [Unknown(error.message)] * len(writes), None
    except (RetryLater, CredentialsRefused) as error:
        after = error.retry_after if isinstance(error, RetryLater) else None
        return [Postponed(error.message, after)] * len(writes), error
    except ConnectorFailed as error:
        return [Unknown(error.message)] * len(writes), error  # it may have been sent before the mistake
    return outcomes_of(connector, answer, count=len(writes))


def _give_back(run: RunContext, parcels: Sequence[Parcel]) -> None:
    """Journaled, and then not sent at all: the target went away before their turn."""
    with run.database.transaction() as connection:
        journal.settle(
            connection, [(parcel.intent.id, "abandoned", journal.NOT_SENT) for parcel in parcels], at=run.now()
        )
