"""Writes that their system answers and does not take, in any try of a run: locked there, always stale, too busy.

The run does not ask for ever: each waits for the next run, then longer from run to run, and is a dead letter at last,
as one is that gets no answer. The others go on. Nobody would see them otherwise: they are neither refused nor
unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from crm_bridge.connector import Refused
from crm_bridge.outbox.outcomes import name_of, refusal
from crm_bridge.outbox.retry import Again, RetryPolicy, next_step
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.systems import System
from crm_bridge.store import journal, letters, outbox

# Once may be bad luck: somebody edits the record just now. Whoever was tried twice was tried again since.
TRIES = 2
# What was locked is mostly free soon: after the first such run it waits for the next one, and no longer.
SOON = timedelta(seconds=1)
NAMED = 5  # records in one note


def put_off(run: RunContext, system: System, retry: RetryPolicy) -> None:
    """Let what this run tried in vain wait, and tell of it."""
    figures = run.report.of_write(system.name)
    if not figures.stale and not figures.unknown:
        return
    records: list[str] = []
    now = run.clock()
    with run.report.with_the_store(), run.database.transaction() as connection:
        clients = journal.tried_in_vain(connection, run.run_id, system.name, times=TRIES)
        rows = outbox.due_of(connection, system.name, clients, now=iso(now))
        sent = journal.of_run(connection, run.run_id, [row.client_id for row in rows])
        last = {intent.client_id: intent for intent in sent if intent.system == system.name}
        for row in rows:
            intent = last[row.client_id]
            if intent.state not in journal.NOT_THROUGH:
                continue
            reason = intent.outcome or intent.state
            since = datetime.fromisoformat(row.since)
            step = next_step(retry, attempts=row.attempts, since=since, now=now, retry_after=None, random=run.random)
            if isinstance(step, Again):
                until = step.at if row.attempts else now + SOON
                outbox.put_off(connection, row.id, until=iso(until), attempts=row.attempts + 1, reason=reason)
                figures.postponed += 1
                records.append(f"{intent.kind}:{name_of(intent)}")
            else:
                letter = refusal(intent, Refused(f"{step.reason}; last: {reason}", "gave_up"))
                run.report.new_dead_letters += letters.put(connection, [letter], at=iso(now), run_id=run.run_id)
                outbox.park_client(connection, system.name, row.client_id, state="dead", reason="gave_up")
        if records:
            run.report.in_vain[system.name] = run.report.in_vain.get(system.name, 0) + len(records)
            run.report.notes.append(_told(system.name, records))


def _told(system: str, records: list[str]) -> str:
    more = f" and {len(records) - NAMED} more" if len(records) > NAMED else ""
    return (
        f"{system}: answers, and did not take what was written to {', '.join(sorted(records)[:NAMED])}{more} in any "
        f"try of this run (`crm-bridge status` says why); later runs try again, the next one after "
        f"`crm-bridge resume {system}`"
    )
