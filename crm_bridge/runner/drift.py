"""What of a plan still stands: its writes are compared with those that would be planned now."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.outbox.batches import batches
from crm_bridge.outbox.entries import PlanEntry, Selection, entries_of
from crm_bridge.run_context.context import RunContext

GONE = "nothing is to be written there any more"


def select(run: RunContext, systems: Sequence[str], entries: Sequence[PlanEntry]) -> Selection:
    """The writes of the plan that would be planned now as they stand there; the others are put into the report."""
    pending = {entry.subject: entry for entry in entries}
    approved: set[bytes] = set()
    others = 0
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
                    _drifted(run, planned, planned.differences(now))
    for entry in pending.values():
        away = entry.system in run.report.stopped or entry.system not in systems
        _drifted(run, entry, ["its system was not read in this run" if away else GONE])
    if others:
        run.report.notes.append(f"{others} more writes are due that the plan does not name; they were left")
    return Selection(frozenset(approved))


def _drifted(run: RunContext, entry: PlanEntry, differs: Sequence[str]) -> None:
    run.report.drifted.append(
        {"system": entry.system, "record": entry.record, "operation": entry.operation, "differs": list(differs)}
    )
