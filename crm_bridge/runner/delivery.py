"""Delivering to all systems side by side, each in a lane of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from crm_bridge.connector import RecordSource
from crm_bridge.outbox.deliver import deliver
from crm_bridge.outbox.entries import Selection
from crm_bridge.outbox.gate import Gate
from crm_bridge.outbox.lanes import Lane, asked, side_by_side
from crm_bridge.outbox.outcomes import refuse_missing
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.outbox.recover import recover
from crm_bridge.outbox.retry import RetryPolicy
from crm_bridge.outbox.settle import found_gone
from crm_bridge.outbox.vain import put_off
from crm_bridge.run_context.by_ids import read_by_ids
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.runner.deletions import settle_deletions
from crm_bridge.runner.pull import take
from crm_bridge.runner.waiting import release
from crm_bridge.store import journal, outbox

# A record that others change again and again while we write it waits for the next run.
ROUNDS = 3


def recover_all(run: RunContext, systems: Sequence[str], gates: Mapping[str, Gate]) -> None:
    """Find out what became of every write that nobody settled."""

    def lane(system: System) -> Lane[None]:
        found = yield from recover(run, system, gate=gates[system.name])
        yield from _read_again(run, system, found)

    _walk(run, systems, gates, lane)


def release_all(run: RunContext, systems: Sequence[str], gates: Mapping[str, Gate]) -> None:
    """Make due what waited for each system to answer, or for somebody to decide."""

    def lane(system: System) -> Lane[None]:
        yield from release(run, system)
        with run.database.transaction() as connection:
            outbox.release_held(connection, system.name, now=run.now())

    _walk(run, systems, gates, lane)


def deliver_all(
    run: RunContext,
    systems: Sequence[str],
    gates: Mapping[str, Gate],
    *,
    retry: RetryPolicy,
    only: Selection | None = None,
) -> None:
    """Carry to each system what is due to it; ``only`` these writes, where they are given."""

    def lane(system: System) -> Lane[None]:
        yield from rounds(system)
        put_off(run, system, retry)

    def rounds(system: System) -> Lane[None]:
        for _ in range(ROUNDS):
            unknown_before = run.report.of_write(system.name).unknown
            again = yield from deliver(run, system, retry=retry, gate=gates[system.name], only=only)
            if run.report.of_write(system.name).unknown > unknown_before:
                again.extend((yield from recover(run, system, gate=gates[system.name], fresh=True)))
            if not again or system.name in run.report.stopped:
                return
            yield from _read_again(run, system, again)

    _walk(run, systems, gates, lane)
    settle_deletions(run)
    with run.database.reading() as connection:
        due = [name for name in systems if outbox.any_due(connection, name, now=run.now())]
    # What another lane made due, by reading a record again, when this one had ended already. Not where the last answer
    # was to wait: what is tried again now would only be told so once more.
    late = [name for name in due if not (gates[name].breaker.probing and run.report.of_write(name).postponed)]
    _walk(run, late, gates, lane)
    if late:
        settle_deletions(run)


def _walk(
    run: RunContext, systems: Sequence[str], gates: Mapping[str, Gate], lane: Callable[[System], Lane[None]]
) -> None:
    going = [name for name in systems if name not in run.report.stopped]
    if going:
        at_once = sum(gates[name].limits.at_once for name in going)
        side_by_side({name: lane(run.systems[name]) for name in going}, threads=at_once, pool=run.pool)


def _read_again(run: RunContext, system: System, records: Sequence[tuple[str, str]]) -> Lane[None]:
    connector = system.connector
    if not isinstance(connector, RecordSource):
        return
    by_kind: dict[str, set[str]] = {}
    for kind, record_id in records:
        by_kind.setdefault(kind, set()).add(record_id)
    for name, ids in by_kind.items():
        try:
            page = yield from asked(partial(read_by_ids, connector, name, sorted(ids)))
            there = {
                *map(system.kinds[name].mapping.record_id, page.records),
                *(each.record_id for each in page.broken),
            }
            _deleted_by_others(run, system.kinds[name], ids - there)
            take(run, system.kinds[name], page, cursor=None)
        except STOPS_ITS_SYSTEM as error:
            stopped_by(run, system.name, error)
            return


def _deleted_by_others(run: RunContext, kind: Kind, missing: Collection[str]) -> None:
    """What was stale is not there: a delete is as we want it, somebody was quicker; an update has no target."""
    if not missing:
        return
    with run.database.reading() as connection:
        stale = journal.stale(connection, kind.system, kind.name, sorted(missing))
    for intent in stale:
        if intent.operation == "delete":
            found_gone(run, intent)
    updates = [each for each in stale if each.operation == "update" and each.run_id == run.run_id]
    refuse_missing(run, list({each.record_id: each for each in updates}.values()))
