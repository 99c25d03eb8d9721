"""Taking in what came of the writes that were sent: settled, a dead letter, tried again later, or nobody knows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy import Connection

from crm_bridge.connector import Accepted, Postponed, Refused, Stale, Unknown, WriteOutcome
from crm_bridge.outbox.consents_of_others import STAYS
from crm_bridge.outbox.parcels import Parcel
from crm_bridge.outbox.retry import Again, GiveUp, RetryPolicy, next_step
from crm_bridge.outbox.settle import NOT_FOUND, settle_accepted, unless_of_another
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.systems import System
from crm_bridge.store import journal, letters, outbox
from crm_bridge.store.journal import Intent
from crm_bridge.store.letters import Letter


def take_outcomes(
    run: RunContext,
    system: System,
    parcels: Sequence[Parcel],
    outcomes: Sequence[WriteOutcome],
    retry: RetryPolicy,
    left: Counter[int],
) -> list[tuple[str, str]]:
    """Take the outcomes in, in one transaction.

    Args:
        left: by outbox row, how many of its writes have no outcome yet; counted down here.

    Returns:
        (kind, record id) of records to be read again, and their clients to be planned anew: those that turned out
        stale, and those that an old create made, which lack what changed since.
    """
    at, now = run.now(), run.clock()
    left.subtract(parcel.row.id for parcel in parcels)
    again: list[tuple[str, str]] = []
    settled: list[tuple[str, str, str]] = []
    delivered: set[int] = set()
    anew: set[int] = set()
    through: defaultdict[str, list[str]] = defaultdict(list)
    made: defaultdict[str, list[str]] = defaultdict(list)
    with run.report.with_the_store(), run.database.transaction() as connection:
        figures = run.report.of_write(system.name)
        for parcel, told in zip(parcels, outcomes, strict=True):
            outcome = unless_of_another(connection, parcel.intent, told)
            match outcome:
                case Accepted():
                    settle_accepted(run, connection, parcel.draft.kind, parcel.intent, outcome)
                    settled.append((parcel.intent.id, "accepted", outcome.version or ""))
                    if parcel.draft.repeats is None:
                        delivered.add(parcel.row.id)
                    else:
                        anew.add(parcel.row.id)
                        again.append((parcel.intent.kind, outcome.record_id))
                    figures.count(parcel.intent.operation)
                    through[parcel.intent.kind].append(name_of(parcel.intent))
                    if parcel.intent.operation == "create":
                        made[parcel.intent.kind].append(parcel.intent.client_id)
                case Stale():
                    figures.stale += 1
                    anew.add(parcel.row.id)
                    settled.append((parcel.intent.id, "stale", outcome.reason))
                    met = parcel.intent.record_id or outcome.record_id
                    if met is not None:
                        again.append((parcel.intent.kind, met))
                case Refused():
                    figures.refused += 1
                    settled.append((parcel.intent.id, "refused", outcome.code))
                    letter = refusal(parcel.intent, outcome)
                    run.report.new_dead_letters += letters.put(connection, [letter], at=at, run_id=run.run_id)
                    outbox.park(connection, parcel.row.id, state="dead", reason=outcome.code)
                case Postponed():
                    figures.postponed += 1
                    if not outcome.retry_after and system.name not in run.report.away:
                        run.report.away.append(system.name)
                    settled.append((parcel.intent.id, "postponed", outcome.reason))
                    _postpone(run, connection, parcel, outcome, retry, now)
                case Unknown():
                    figures.unknown += 1
                    settled.append((parcel.intent.id, "unknown", outcome.reason))
                    outbox.park(connection, parcel.row.id, state="unknown", reason="answer lost")
        for kind, names in through.items():  # not STAYS: what else was written to a record took no consent out of it
            letters.close_records(connection, system.name, kind, names, stages=("write",), at=at, but=STAYS)
        for kind, clients in made.items():
            letters.close_replaced(connection, system.name, kind, clients, code=NOT_FOUND, at=at)
        journal.settle(connection, settled, at=at)
        outbox.put_back(connection, sorted(anew))
        outbox.delivered(connection, sorted(row for row in delivered - anew if not left[row]))
    return again


def refuse_missing(run: RunContext, updates: Sequence[Intent]) -> None:
    """Updates that were stale, of records that are not there: each is a dead letter, as no repetition helps."""
    if not updates:
        return
    outcome = Refused("there is no such record any more: it was deleted or merged away there", NOT_FOUND)
    hint = "let a sweep take the deletion in (`crm-bridge sync --sweep`), or replay when the record is there again"
    found = [replace(refusal(intent, outcome), hint=hint) for intent in updates]
    with run.database.transaction() as connection:
        run.report.new_dead_letters += letters.put(connection, found, at=run.now(), run_id=run.run_id)
        for intent in updates:
            outbox.park_client(connection, intent.system, intent.client_id, state="dead", reason=NOT_FOUND)


def refusal(intent: Intent, outcome: Refused) -> Letter:
    return Letter(
        stage="write",
        system=intent.system,
        kind=intent.kind,
        record_id=name_of(intent),
        code=outcome.code,
        path=outcome.field or "",
        value=intent.request["fields"].get(outcome.field) if outcome.field else None,
        message=f"the system refused the write: {outcome.reason}",
        hint="mend the value where it comes from, or the record in the system, and replay",
        raw=orjson.dumps(intent.request["fields"]),
        client_id=intent.client_id,
    )


def name_of(intent: Intent) -> str:
    """By which letters name the record of a write, also one that is still to be made."""
    return intent.record_id or f"new for {intent.client_id}"


def _postpone(
    run: RunContext, connection: Connection, parcel: Parcel, outcome: Postponed, retry: RetryPolicy, now: datetime
) -> None:
    attempts = parcel.row.attempts + 1
    step = next_step(
        retry,
        attempts=attempts,
        since=datetime.fromisoformat(parcel.row.since),
        now=now,
        retry_after=outcome.retry_after,
        random=run.random,
    )
    match step:
        case Again(at):
            reason = outcome.reason if outcome.retry_after else f"{outbox.AWAY}{outcome.reason}"
            outbox.postpone(connection, parcel.row.id, until=iso(at), attempts=attempts, reason=reason)
        case GiveUp(reason):
            letter = refusal(parcel.intent, Refused(f"{reason}; last: {outcome.reason}", "gave_up"))
            run.report.new_dead_letters += letters.put(connection, [letter], at=run.now(), run_id=run.run_id)
            outbox.park(connection, parcel.row.id, state="dead", reason="gave_up")
