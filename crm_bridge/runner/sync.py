"""One run: recover, read, deliver, notify, report. What goes wrong with one system does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crm_bridge.errors import SafetyStop
from crm_bridge.outbox import guard as mass_change
from crm_bridge.outbox.entries import PlanEntry, Selection
from crm_bridge.outbox.gate import Gate, declared
from crm_bridge.outbox.guard import Guard
from crm_bridge.outbox.notices import MessageRoute, ask_plugins, dispatch, start_listening, unsettled
from crm_bridge.outbox.pauses import gates_of, keep, set_aside
from crm_bridge.outbox.retry import RetryPolicy
from crm_bridge.policy import PolicySettings
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.report import RunReport
from crm_bridge.run_context.systems import System
from crm_bridge.runner.deletions import settle_deletions
from crm_bridge.runner.delivery import deliver_all, recover_all, release_all
from crm_bridge.runner.drift import select
from crm_bridge.runner.inbox import process_inbox
from crm_bridge.runner.keys_anew import keys_anew
from crm_bridge.runner.last_look import look_again
from crm_bridge.runner.new_targets import carry_to_new_targets
from crm_bridge.runner.offers import renew_offers
from crm_bridge.runner.pull import pull_all
from crm_bridge.runner.sweep import sweep_all
from crm_bridge.runner.waiting import count_waiting
from crm_bridge.store import journal, letters, notices, outbox, review, runs


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a run delivers. ``guard``: ``None`` lets any number of changes through; ``sweep``: compare all keys too;
    ``gate``: a new way to a system, with its limits; ``plan``: these writes and no others, and no message;
    ``all_or_nothing``: none of them where one has drifted."""

    retry: RetryPolicy
    policy: PolicySettings
    guard: Guard | None
    routes: Callable[[str], MessageRoute | None]
    sweep: bool = False
    gate: Callable[[System], Gate] = lambda system: Gate(declared(system))
    plan: Sequence[PlanEntry] | None = None
    all_or_nothing: bool = False


def sync(run: RunContext, systems: Sequence[str], options: SyncOptions) -> RunReport:
    """Bring these systems into step. The caller owns the store."""
    with run.database.transaction() as connection:
        runs.start(connection, run.run_id, "sync", at=run.now())
    start_listening(run)
    ended = False
    try:
        keys_anew(run)
        renew_offers(run)
        carry_to_new_targets(run)
        set_aside(run, systems)
        gates = gates_of(run, systems, options.gate)
        unsettled(run)
        recover_all(run, systems, gates)
        process_inbox(run)
        pull_all(run, systems)
        if options.sweep:
            sweep_all(run, systems, options.guard)
        settle_deletions(run)
        release_all(run, systems, gates)
        only = select(run, systems, options.plan) if options.plan is not None else None
        ready = _ready(run, systems, options, only) and not (options.all_or_nothing and run.report.drifted)
        if ready:
            deliver_all(run, systems, gates, retry=options.retry, only=only)
        ask_plugins(run)
        if ready and only is None:
            unasked = look_again(run)
            dispatch(run, options.routes, policy=options.policy, retry=options.retry, unasked=unasked)
        keep(run, gates)
        ended = True
    finally:
        finish(run, ended=ended)
    return run.report


def _ready(run: RunContext, systems: Sequence[str], options: SyncOptions, only: Selection | None) -> bool:
    """Look at all that is due before the first write: what floods one system comes from another, and may be on its
    way to the rest in smaller numbers: so systems that are not written in this run are looked at as well. Where nothing
    is due, nothing is counted. Returns whether anything may leave."""
    with run.database.reading() as connection:
        due = [name for name in run.systems if outbox.any_due(connection, name, now=run.now())]
    for name in due if not set(systems).isdisjoint(due) else ():
        try:
            if options.guard is not None and name not in run.report.stopped:
                mass_change.check(run, run.systems[name], options.guard, only=only)
        except SafetyStop as error:
            run.report.stop(name, str(error), int(error.exit_code))
    return not run.report.too_much


def finish(run: RunContext, *, ended: bool) -> None:
    """The figures at the end of a run, kept with it.

    Args:
        ended: it came to its end, so its exit code is heard. What one that did not would have told, the next tells.
    """
    report = run.report
    report.finished_at = run.now()
    report.plugin_failures = [str(failure) for failure in run.plugins.failures]
    count_waiting(run)
    with run.database.transaction() as connection:
        heard = runs.last_ended(connection, but=run.run_id)
        report.tell_of_earlier(letters.count_opened(connection, after=heard, before=report.started_at))
        report.dead_letters = letters.count_open(connection)
        report.reviews = review.count_open(connection)
        report.notices = notices.counts(connection, since=report.started_at)
        report.unknown = journal.count_unknown(connection) + notices.counts(connection).get("unknown", 0)
        exit_code = int(report.exit_code) if ended else None
        runs.finish(connection, run.run_id, at=report.finished_at, exit_code=exit_code, report=report.as_dict())
