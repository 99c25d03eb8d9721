"""What is due to a system, planned against what it holds as we know it: the same for a run, its guard, and a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from sqlalchemy import Connection

from crm_bridge.outbox.create_keys import PastCreates, past_creates
from crm_bridge.outbox.drafts import Draft, draft_client
from crm_bridge.outbox.questions import creates_wait_for
from crm_bridge.outbox.removals import draft_removals
from crm_bridge.outbox.truces import War, truces_of
from crm_bridge.outbox.undecided import NO_QUESTIONS, questions_of
from crm_bridge.outbox.undone_creates import without_undone_creates
from crm_bridge.outbox.undone_deletes import with_undone_deletes
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import System
from crm_bridge.store import clients, journal, outbox, records
from crm_bridge.store.letters import Letter
from crm_bridge.store.outbox import OutboxRow
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.deletions import SPREAD, dying
from crm_bridge.sync.rules import PERSON

BATCH = 500


@dataclass(slots=True)
class Batch:
    """Due rows with what is to be written for them.

    Attributes:
        anchors: client id → the first of its records, which tells it from others in every run.
        made_now: clients that this run made.
        in_doubt: clients whose record may have been created there, and nobody knows yet.
        unfinished: ids of rows that need more than the drafts here, and stay due.
    """

    rows: Sequence[OutboxRow]
    drafts: list[tuple[OutboxRow, Draft]] = field(default_factory=list)
    letters: list[tuple[OutboxRow, Letter]] = field(default_factory=list)
    waits: list[tuple[OutboxRow, Letter]] = field(default_factory=list)
    vanished: list[OutboxRow] = field(default_factory=list)
    wars: list[tuple[OutboxRow, War]] = field(default_factory=list)
    anchors: dict[str, str] = field(default_factory=dict)
    made_now: set[str] = field(default_factory=set)
    unfinished: frozenset[int] = frozenset()
    in_doubt: Set[str] = frozenset()


def batches(run: RunContext, system: System) -> Iterator[Batch]:
    """What is due now, planned, a batch at a time. Reads only: ``plan`` shows the same."""
    size = max(BATCH, *(kind.capabilities.batch_size for kind in system.targets()), 1)
    now, after = run.now(), 0
    while True:
        with run.database.reading() as connection:
            rows = outbox.due(connection, system.name, now=now, limit=size, after=after)
            if not rows:
                return
            after = rows[-1].id
        yield planned(run, system, [row for row in rows if run.only is None or row.client_id in run.only])


def planned(run: RunContext, system: System, rows: Sequence[OutboxRow]) -> Batch:
    """These rows, planned as things stand now."""
    ids = [row.client_id for row in rows]
    with run.database.reading() as connection:
        stored = clients.get_all(connection, ids)
        linked = records.of_clients(connection, ids)
        asked = creates_wait_for(connection, system, linked)
        in_doubt = journal.unsettled_creates(connection, system.name)
        created = _created_before(connection, system, ids)
        questions = questions_of(connection, ids)
        truces = truces_of(run, connection, system, [row for mine in linked.values() for row in mine])
    batch = Batch(rows, in_doubt=in_doubt)
    for row in rows:
        client = stored.get(row.client_id)
        if client is None or client.replaced_by is not None:
            batch.vanished.append(row)
            continue
        mine = linked[row.client_id]
        keys = [each.key for each in mine if each.entity == "client" and each.system != PERSON]
        batch.anchors[client.id] = min(keys, default="")
        if client.created_at >= run.report.started_at:
            batch.made_now.add(client.id)
        gone = dying([each.contribution() for each in mine if each.entity == "client"]) if _any_gone(mine) else None
        if gone is not None:
            drafted = draft_removals(client, mine, system, gone)
        else:
            drafted = draft_client(
                client,
                mine,
                system,
                policy=run.survivorship,
                may_create=row.client_id not in in_doubt,
                waits_for=asked.get(row.client_id),
                created=created,
                truces=truces,
                questions=questions.get(client.id, NO_QUESTIONS),
            )
            if row.client_id not in in_doubt:
                drafted = with_undone_deletes(client, mine, system, drafted, created=created)
            drafted = without_undone_creates(client, mine, system, drafted)
        batch.drafts.extend((row, draft) for draft in drafted.drafts)
        batch.letters.extend((row, letter) for letter in drafted.letters)
        batch.wars.extend((row, war) for war in drafted.wars)
        batch.waits.extend((row, letter) for letter in drafted.waits)
    return batch


def _any_gone(rows: Sequence[SourceRecord]) -> bool:
    return any(row.gone_how == SPREAD for row in rows)


def _created_before(
    connection: Connection, system: System, client_ids: Sequence[str]
) -> dict[tuple[str, str], PastCreates]:
    if not any(kind.create for kind in system.targets()):
        return {}
    return {
        whose: past_creates(tries) for whose, tries in journal.creates_of(connection, system.name, client_ids).items()
    }
