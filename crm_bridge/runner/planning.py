"""``plan``: what a sync would write, found out by doing everything but the writing, in a store that forgets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crm_bridge.connector import RecordTarget
from crm_bridge.hookspecs import PlannedWrite
from crm_bridge.outbox.batches import batches
from crm_bridge.outbox.entries import PlanEntry, entries_of
from crm_bridge.outbox.lanes import here
from crm_bridge.outbox.pauses import set_aside
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.report import RunReport
from crm_bridge.runner.deletions import settle_deletions
from crm_bridge.runner.keys_anew import keys_anew
from crm_bridge.runner.new_targets import carry_to_new_targets
from crm_bridge.runner.pull import pull_all
from crm_bridge.runner.sweep import sweep_all
from crm_bridge.runner.waiting import postponed, release
from crm_bridge.store import letters, outbox, review
from crm_bridge.store.letters import Letter


@dataclass(frozen=True, slots=True)
class PlanReport:
    """Every write that a sync would make, in a stable order; ``blocked``: writes that cannot be made, and why.

    A create is shown under its client; its id is the system's to give. ``report`` says what the reading found, and what
    would wait for somebody after it.
    """

    writes: Sequence[PlannedWrite]
    blocked: Sequence[Letter]
    report: RunReport
    entries: Sequence[PlanEntry] = ()

    def as_dict(self) -> Mapping[str, Any]:
        return {
            "writes": [asdict(write) for write in self.writes],
            "blocked": [
                {
                    "system": each.system,
                    "record": f"{each.kind}:{each.record_id}",
                    "path": each.path,
                    "why": each.message,
                }
                for each in self.blocked
            ],
            "reads": {name: asdict(figures) for name, figures in self.report.reads.items()},
            "clients": self.report.clients,
            "dead_letters": self.report.dead_letters,
            "new_dead_letters": self.report.new_dead_letters,
            "reviews": self.report.reviews,
            "stopped": self.report.stopped,
            "plugin_failures": list(self.report.plugin_failures),
        }


def plan(run: RunContext, systems: Sequence[str], *, sweep: bool = False) -> PlanReport:
    """Plan against the systems as they are now. ``run.database`` must be a sandbox.

    Args:
        sweep: compare all keys too. No guard stops that here: it is to be looked at.
    """
    keys_anew(run)
    carry_to_new_targets(run)
    set_aside(run, systems)
    pull_all(run, systems)
    if sweep:
        sweep_all(run, systems, None)
    settle_deletions(run)
    entries: list[tuple[PlanEntry, PlannedWrite]] = []
    blocked: list[Letter] = []
    for name in systems:
        system = run.systems[name]
        if not isinstance(system.connector, RecordTarget):
            continue
        if name not in run.report.stopped:
            here(release(run, system))
        with run.database.transaction() as connection:
            outbox.release_held(connection, name, now=run.now())
        for batch in batches(run, system):
            entries.extend(zip(entries_of(batch), [draft.planned for _, draft in batch.drafts], strict=True))
            blocked.extend(letter for _, letter in [*batch.letters, *batch.waits])
            blocked.extend(war.letter() for _, war in batch.wars)
        blocked.extend(postponed(run, system))
    with run.database.reading() as connection:
        run.report.dead_letters = letters.count_open(connection)
        run.report.reviews = review.count_open(connection)
    entries.sort(key=lambda pair: pair[0].subject)
    run.report.plugin_failures = [str(failure) for failure in run.plugins.failures]
    return PlanReport([write for _, write in entries], blocked, run.report, [entry for entry, _ in entries])
