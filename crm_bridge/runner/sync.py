"""One run: recover, read, deliver, notify, report. What goes wrong with one system does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crm_bridge.errors import SafetyStop
from crm_bridge.outbox import guard as mass_change
from crm_bridge.outbox.deliver import deliver
from crm_bridge.outbox.guard import Guard
from crm_bridge.outbox.notices import MessageRoute, ask_plugins, dispatch, start_listening, unsettled
from crm_bridge.outbox.recover import recover
from crm_bridge.outbox.retry import RetryPolicy
from crm_bridge.policy import PolicySettings
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM
from crm_bridge.run_context.report import RunReport
from crm_bridge.runner.inbox import process_inbox
from crm_bridge.runner.offers import renew_offers
from crm_bridge.runner.pull import pull_all, reread
from crm_bridge.runner.sweep import sweep_all
from crm_bridge.runner.waiting import count_waiting, release
from crm_bridge.store import journal, letters, notices, review, runs

# A record that others change again and again while we write it waits for the next run.
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """How a run delivers. ``guard``: ``None`` lets any number of changes through; ``sweep``: compare all keys too."""

    retry: RetryPolicy
    policy: PolicySettings
    guard: Guard | None
    routes: Callable[[str], MessageRoute | None]
    sweep: bool = False


def sync(run: RunContext, systems: Sequence[str], options: SyncOptions) -> RunReport:
    """Bring these systems into step. The caller owns the store."""
    with run.database.transaction() as connection:
        runs.start(connection, run.run_id, "sync", at=run.now())
    start_listening(run)
    try:
        renew_offers(run)
        _recover(run, systems)
        process_inbox(run)
        pull_all(run, systems)
        if options.sweep:
            sweep_all(run, systems, options.guard)
        ready = _ready(run, systems, options)
        if ready:
            _deliver(run, systems, options)
        ask_plugins(run)
        if ready:
            dispatch(run, options.routes, policy=options.policy, retry=options.retry)
    finally:
        _finish(run)
    return run.report


def _recover(run: RunContext, systems: Sequence[str]) -> None:
    unsettled(run)
    for name in systems:
        _read_again(run, name, recover(run, run.systems[name]))


def _ready(run: RunContext, systems: Sequence[str], options: SyncOptions) -> bool:
    """Make due what waited, and look at all of it before the first write: what floods one system comes from another,
    and may be on its way to the rest in smaller numbers. Returns whether anything may leave."""
    for name in systems:
        if name in run.report.stopped:
            continue
        system = run.systems[name]
        release(run, system)
        with run.database.transaction() as connection:
            journal.release_held(connection, name, now=run.now())
        try:
            if options.guard is not None:
                mass_change.check(run, system, options.guard)
        except SafetyStop as error:
            run.report.stop(name, str(error), int(error.exit_code))
    return not run.report.too_much


def _deliver(run: RunContext, systems: Sequence[str], options: SyncOptions) -> None:
    for name in systems:
        system = run.systems[name]
        if name in run.report.stopped:
            continue
        for _ in range(ROUNDS):
            unknown_before = run.report.of_write(name).unknown
            again = deliver(run, system, retry=options.retry)
            if run.report.of_write(name).unknown > unknown_before:
                again.extend(recover(run, system))  # ask at once, while it is fresh
            if not again or name in run.report.stopped:
                break
            _read_again(run, name, again)


def _read_again(run: RunContext, name: str, records: Sequence[tuple[str, str]]) -> None:
    system = run.systems[name]
    by_kind: dict[str, list[str]] = {}
    for kind, record_id in records:
        by_kind.setdefault(kind, []).append(record_id)
    for kind, ids in by_kind.items():
        try:
            reread(run, system, system.kinds[kind], sorted(set(ids)))
        except STOPS_ITS_SYSTEM as error:
            run.report.stop(name, str(error), int(error.exit_code))
            return


def _finish(run: RunContext) -> None:
    report = run.report
    report.finished_at = run.now()
    report.plugin_failures = [str(failure) for failure in run.plugins.failures]
    count_waiting(run)
    with run.database.transaction() as connection:
        report.dead_letters = letters.count_open(connection)
        report.reviews = review.count_open(connection)
        report.notices = notices.counts(connection, since=report.started_at)
        report.unknown = journal.count_unknown(connection) + notices.counts(connection).get("unknown", 0)
        runs.finish(
            connection, run.run_id, at=report.finished_at, exit_code=int(report.exit_code), report=report.as_dict()
        )
