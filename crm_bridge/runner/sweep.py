"""Deletions and merges that a system does not tell of: its keys are compared with what the store knows of it.

Absence proves something only where the connector declares ``complete_listing``. What is missing from the list is asked
for by id once more, so that a record that came or moved while the list was made is not taken for gone; what is listed
and unknown is read, so a sweep also finds what polling should have found. Behind the guard: a list that lacks too much
is a fault of the list: nothing is marked, and nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm_bridge.connector import KeyLister, Page, RecordSource, Tombstone
from crm_bridge.errors import BridgeError, SafetyStop
from crm_bridge.outbox.guard import Guard
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM, calling, records_of
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.runner.pull import reread, take
from crm_bridge.store import history
from crm_bridge.store.schema import source_records

AT_ONCE = 500
_SWEPT = "swept "  # before the system and kind, in the counts of the history that were reached


def sweep_all(run: RunContext, systems: Sequence[str], guard: Guard | None) -> None:
    """Sweep every kind that is read of these systems whose keys can be listed completely; the others are noted."""
    passed_over, swept = 0, 0
    for system in (run.systems[name] for name in systems):
        for kind in system.kinds.values():
            if system.name in run.report.stopped or not kind.read:
                continue
            if not kind.capabilities.complete_listing or not isinstance(system.connector, KeyLister):
                run.report.notes.append(_not_swept(system, kind))
                passed_over += 1
                continue
            swept += 1
            try:
                sweep(run, system, kind, guard)
            except STOPS_ITS_SYSTEM as error:
                stopped_by(run, system.name, error)
    run.report.swept_nothing = passed_over > 0 and not swept


def sweep(run: RunContext, system: System, kind: Kind, guard: Guard | None) -> None:
    """Mark the records of one kind gone that their system does not have any more.

    Args:
        guard: ``None`` lets any number of records go.

    Raises:
        SafetyStop: too many are missing. Nothing was marked, and nothing may be written in this run.
        RetryLater: the list ended early. Nothing was marked.
    """
    connector = system.connector
    if not isinstance(connector, KeyLister) or not isinstance(connector, RecordSource):
        return
    known, name = _known(run, kind), f"{_SWEPT}{kind.system}/{kind.name}"
    with run.database.reading() as connection:
        last_seen = history.handled_by(connection, name)
        begun = history.next_seq(run.database, connection) - 1  # all that was said so far; later edits count as unseen
    try:
        with calling(connector, "list_keys"):
            listed = set(connector.list_keys(kind.name))
        missing = sorted(known - listed)
        if guard is not None and _too_many(len(missing), len(known), guard, nothing=not listed):
            run.report.too_much[system.name] = {"known": len(known), "missing": len(missing), "fields": {}}
            raise _stopped(len(missing), len(known), guard, system=system.name, kind=kind.name)
        for start in range(0, len(missing), AT_ONCE):
            _forget(run, system, kind, missing[start : start + AT_ONCE], last_seen=last_seen)
        unknown = sorted(listed - known)
        for start in range(0, len(unknown), AT_ONCE):
            reread(run, system, kind, unknown[start : start + AT_ONCE])
        with run.database.transaction() as connection:
            history.handled(connection, name, begun)  # whatever it listed was there then
    except BridgeError as error:
        error.system = error.system or system.name
        raise


def _too_many(missing: int, known: int, guard: Guard, *, nothing: bool) -> bool:
    """A list of nothing is never believed."""
    too_many = known >= guard.min_records and missing > known * guard.max_change_percent / 100
    return bool(missing) and (too_many or nothing)


def _stopped(missing: int, known: int, guard: Guard, *, system: str, kind: str) -> SafetyStop:
    return SafetyStop(
        f"{missing} of {known} records of {kind} are missing from the list of all, more than the "
        f"{guard.max_change_percent:g} % of [guard]; nothing was marked as gone, and nothing written anywhere. Look "
        "whether our login still sees them all, then run `crm-bridge sync --sweep --allow-large-change`",
        system=system,
    )


def _forget(run: RunContext, system: System, kind: Kind, missing: Sequence[str], *, last_seen: int) -> None:
    connector = system.connector
    assert isinstance(connector, RecordSource)  # noqa: S101  # sweep() has looked
    there = records_of(connector, kind.name, missing)
    alive = {kind.mapping.record_id(record) for record in there}
    gone = [Tombstone(record_id) for record_id in missing if record_id not in alive]
    take(run, kind, Page(there, deleted=gone), cursor=None, last_seen=last_seen)


def _not_swept(system: System, kind: Kind) -> str:
    setting = kind.capabilities.listing_setting
    what = (
        f"when our login sees every record, say so by {setting} = true of [systems.{system.name}]"
        if setting and isinstance(system.connector, KeyLister)
        else "a deletion there is seen only where the system reports it itself"
    )
    return f"{system.name}/{kind.name} was not swept: its connector cannot vouch that it lists every record; {what}"


def _known(run: RunContext, kind: Kind) -> set[str]:
    table = source_records
    with run.database.reading() as connection:
        return set(
            connection.execute(
                select(table.c.record_id).where(
                    table.c.system == kind.system, table.c.kind == kind.name, table.c.gone_at.is_(None)
                )
            ).scalars()
        )
