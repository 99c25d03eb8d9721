"""What of a plan still stands: its writes are compared with those that would be planned now.

What does not stand any more may be done: the journal knows the writes that were made as the plan has them, by an
earlier run of it, or by this one before the store was away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm_bridge.outbox.batches import batches
from crm_bridge.outbox.entries import PlanEntry, Selection, entries_of
from crm_bridge.run_context.context import RunContext
from crm_bridge.store import journal, records
from crm_bridge.store.journal import Intent

GONE = "nothing is to be written there any more"
AT_ONCE = 500
CAME_TO = {
    "refused": "its system refused it; see `crm-bridge dead-letters groups`",
    "open": "its answer was lost; see `crm-bridge unknown list`",
    "unknown": "its answer was lost; see `crm-bridge unknown list`",
    "postponed": "it is postponed, and tried again later",
}


def select(run: RunContext, systems: Sequence[str], entries: Sequence[PlanEntry]) -> Selection:
    """The writes of the plan that would be planned now as they stand there; the others are put into the report."""
    pending = {entry.subject: entry for entry in entries}
    approved: set[bytes] = set()
    others = 0
    changed: list[tuple[PlanEntry, Sequence[str]]] = []
    for name in systems:
        if name in run.report.stopped:
            continue
        for batch in batches(run, run.systems[name]):
            for now in entries_of(batch):
                planned = pending.pop(now.subject, None)
                if planned is None:
                    others += 1
                elif planned.identity() == now.identity():
                    approved.add(now.identity())
                else:
                    changed.append((planned, planned.differences(now)))
    for entry in pending.values():
        away = entry.system in run.report.stopped or entry.system not in systems
        changed.append((entry, ["its system was not read in this run" if away else GONE]))
    for start in range(0, len(changed), AT_ONCE):
        _tell(run, changed[start : start + AT_ONCE])
    if others:
        run.report.notes.append(f"{others} more writes are due that the plan does not name; they were left")
    return Selection(frozenset(approved))


def _tell(run: RunContext, changed: Sequence[tuple[PlanEntry, Sequence[str]]]) -> None:
    """Each as done, or as drifted. What this very run did before the store was away stands in its figures."""
    made = _journaled(run, [entry for entry, _ in changed])
    for entry, differs in changed:
        told = {"system": entry.system, "record": entry.record, "operation": entry.operation}
        intent = made.get(entry.identity().hex())
        if intent is None or intent.state in ("abandoned", "stale"):
            run.report.drifted.append({**told, "differs": list(differs)})
        elif intent.run_id == run.run_id:
            continue
        elif intent.state == "accepted":
            run.report.applied.append(told)
        else:
            run.report.drifted.append({**told, "differs": [CAME_TO[intent.state]]})


def _journaled(run: RunContext, entries: Sequence[PlanEntry]) -> Mapping[str, Intent]:
    """Identity of an entry → the last write that was journaled for it."""
    with run.database.reading() as connection:
        owners = {entry.client for entry in entries if entry.client is not None}
        for system, _, rest in {entry.of.partition("/") for entry in entries}:
            kind, _, record_id = rest.partition("/")
            row = records.one(connection, system, kind, record_id)
            owners.update([row.client_id] if row is not None and row.client_id else [])
        return journal.planned_for(connection, sorted(owners))
