"""Reading systems: pages from each connector into the store, until there are no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

import orjson

from crm_bridge.connector import Page, RecordSource
from crm_bridge.errors import BridgeError
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.run_context.by_ids import read_by_ids
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM, pages_of
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.runner.beside import link_waiting, take_page_beside
from crm_bridge.runner.collection import a_page_at_a_time
from crm_bridge.runner.corrections import corrected
from crm_bridge.runner.inbound import take_page
from crm_bridge.store import causes, letters, records, runs
from crm_bridge.store.causes import Cause
from crm_bridge.store.runs import Cursor


def pull_all(run: RunContext, systems: Sequence[str]) -> None:
    """Read every kind of these systems: clients first, then what lies beside. One that is away stops only itself."""
    kinds = [(run.systems[name], kind) for name in systems for kind in run.systems[name].kinds.values() if kind.read]
    for system, kind in sorted(kinds, key=lambda pair: not pair[1].is_client):
        if system.name in run.report.stopped:
            continue
        try:
            pull(run, system, kind)
        except STOPS_ITS_SYSTEM as error:
            stopped_by(run, system.name, error)
    link_waiting(run)


def pull(run: RunContext, system: System, kind: Kind) -> None:
    """Read one kind from where it was left.

    Raises:
        RetryLater: the system went away; the pages before are in the store, and the next run goes on behind them.
        ConnectorFailed: its connector has a mistake; the same.
    """
    connector = system.connector
    if not isinstance(connector, RecordSource):
        return
    with run.database.reading() as connection:
        left = runs.cursor(connection, system.name, kind.name)
    start = _where_to_begin(left, kind)
    if left.mapping != start.mapping and not kind.capabilities.reads_back:
        _map_again(run, kind)
        with run.database.transaction() as connection:  # a source that is quiet brings no page to say so
            runs.move_cursor(connection, system.name, kind.name, start, at=run.now())
    stage = f"{system.name}/{kind.name}"
    run.progress.start(stage, None)
    latest = start
    try:
        for page in a_page_at_a_time(pages_of(connector, kind.name, start.cursor)):
            latest = replace(latest, cursor=page.cursor if page.cursor is not None else latest.cursor)
            take(run, kind, page, cursor=latest)
            run.report.notes += [f"{system.name}: {note}" for note in page.notes]
            run.progress.advance(stage, len(page.records))
    except BridgeError as error:
        error.system = error.system or system.name
        raise
    finally:
        run.progress.done(stage)
    if not start.loaded:
        with run.database.transaction() as connection:
            runs.move_cursor(connection, system.name, kind.name, replace(latest, loaded=True), at=run.now())


def _where_to_begin(left: Cursor, kind: Kind) -> Cursor:
    """Where reading was left; from the beginning when the mapping is another one now, so that no record keeps the old.

    What was said long ago is not read again where the source keeps only what it said, such as a folder of files: old
    files would pass for news. There the records that we keep are mapped again.
    """
    again = left.mapping not in (None, kind.fingerprint) and kind.capabilities.reads_back
    return Cursor(None if again else left.cursor, left.loaded, kind.fingerprint)


def _map_again(run: RunContext, kind: Kind) -> None:
    """Map what an earlier mapping put aside by the present one, and then the records that we keep, a page at a time."""
    for page in chain(_put_aside(run, kind), _kept(run, kind)):
        take(run, kind, page, cursor=None)


def _kept(run: RunContext, kind: Kind) -> Iterator[Page]:
    after = 0
    while True:
        with run.database.reading() as connection:
            rows = records.read_by_another_mapping(
                connection, kind.system, kind.name, kind.fingerprint, after=after, limit=kind.capabilities.page_size
            )
            later = letters.open_records(connection, kind.system, kind.name, [record_id for _, record_id, _ in rows])
        if not rows:
            return
        after = rows[-1][0]
        # What a source said last of a record is in its letter: the version before it says nothing against that.
        yield Page([orjson.loads(raw) for _, record_id, raw in rows if record_id not in later])


def _put_aside(run: RunContext, kind: Kind) -> Iterator[Page]:
    letters_of_it = Cause(kind.system, kind.name, stage="map")
    for portion in causes.each(run.database.reading, letters_of_it, at_once=kind.capabilities.page_size):
        with run.database.reading() as connection:
            found = letters.get(connection, portion)
        latest = {each["record_id"]: each["raw"] for each in found if isinstance(each["raw"], dict)}
        yield Page(list(latest.values()))


def take(
    run: RunContext, kind: Kind, page: Page, *, cursor: Cursor | None, last_seen: int | None = None
) -> frozenset[str]:
    """One page, by what kind of record it holds. Returns the ids of the records that became dead letters. Arguments as
    :func:`~crm_bridge.runner.inbound.take_page`."""
    page = corrected(run, kind, page)
    with run.report.with_the_store():
        if kind.is_client:
            return take_page(run, kind, page, cursor=cursor, last_seen=last_seen)
        return take_page_beside(run, kind, page, cursor=cursor)


def reread(run: RunContext, system: System, kind: Kind, record_ids: Sequence[str]) -> frozenset[str]:
    """Read these records again, as a hint or a stale write asks. The cursor stays. Returns as :func:`take`."""
    connector = system.connector
    if not record_ids or not isinstance(connector, RecordSource):
        return frozenset()
    return take(run, kind, read_by_ids(connector, kind.name, record_ids), cursor=None)
