"""Records that lie beside a client, such as claims: kept with their client's id, and told of as events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.connector import Page
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.inbound import commit_page
from crm_bridge.runner.page_work import PageWork
from crm_bridge.runner.reading import Arrival, record_ids, sort_page
from crm_bridge.store import history, records
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord
from crm_bridge.store.runs import Cursor


def take_page_beside(run: RunContext, kind: Kind, page: Page, *, cursor: Cursor | None) -> frozenset[str]:
    """Take one page of records beside clients. Arguments as :func:`crm_bridge.runner.inbound.take_page`."""
    at = run.now()
    news = cursor is None or cursor.loaded
    ids = record_ids(page, kind)
    with run.database.reading() as connection:
        known = records.known(connection, kind.system, kind.name, ids + [gone.record_id for gone in page.deleted])
        read = sort_page(page, ids, kind, known, today=run.clock().date())
        before = records.by_pks(connection, [each.known.pk for each in read.arrivals if each.known])
        owners = _owners(connection, sorted({name for each in read.arrivals if (name := _reference(each))}))
    work = PageWork(letters=list(read.letters))
    for arrival in read.arrivals:
        old = before.get(arrival.known.pk) if arrival.known else None
        record = _record(run, kind, arrival, old, owners.get(_reference(arrival) or ""), at=at, news=news)
        (work.new_records if old is None else work.changed_records).append(record)
        if record.client_id is not None:
            if old is None or old.client_id is None:
                work.links.append((record.pk, record.client_id, "reference"))
            work.history.append(_event(run, record, old.doc if old else None, at=at, news=news))
    _forget(run, [known[gone.record_id].pk for gone in page.deleted if gone.record_id in known], work, at=at)
    run.report.of_read(kind.system, kind.name).gone += len(page.deleted)
    return commit_page(run, kind, work, read=read, ids=ids, cursor=cursor)


def _forget(run: RunContext, pks: Sequence[int], work: PageWork, *, at: str) -> None:
    """The system does not have these records any more. They stay readable; they are no news for anybody."""
    with run.database.reading() as connection:
        gone = [row for row in records.by_pks(connection, pks).values() if row.gone_at is None]
    for row in gone:
        work.changed_records.append(row._replace(gone_at=at))
        body = {"record": row.key}
        work.history.append(HistoryRow(run.seq.take(), at, "record.gone", row.client_id, body, run.run_id, row.pk))


def _record(
    run: RunContext, kind: Kind, arrival: Arrival, old: SourceRecord | None, owner: str | None, *, at: str, news: bool
) -> SourceRecord:
    reading = arrival.reading
    client_id = owner or (old.client_id if old else None)
    return SourceRecord(
        pk=old.pk if old else run.pks.take(),
        system=kind.system,
        kind=kind.name,
        record_id=arrival.record_id,
        entity=kind.mapping.entity,
        client_id=client_id,
        version=reading.version,
        digest=arrival.digest,
        raw=arrival.raw,
        doc=orjson.dumps(reading.doc),
        marks=None,
        proposals=None,
        seq=old.seq if old else run.seq.take(),
        observed_at=old.observed_at if old else at,
        changed_at=reading.changed_at,
        mapping=kind.fingerprint,
        refers_to=_reference(arrival),
        untold=int(news and client_id is None),
    )


def _event(run: RunContext, record: SourceRecord, old: bytes | None, *, at: str, news: bool) -> HistoryRow:
    """``claim.registered`` and the like: the entity and its status when that is new, else ``claim.changed``."""
    doc: dict[str, Any] = orjson.loads(record.doc)
    before: dict[str, Any] = orjson.loads(old) if old else {}
    status = doc.get("status")
    moved = status is not None and status != before.get("status")
    return HistoryRow(
        seq=run.seq.take(),
        at=at,
        type=f"{record.entity}.{status if moved else 'changed'}",
        client_id=record.client_id,
        body={record.entity: doc, "record": record.key},
        run_id=run.run_id,
        record_pk=record.pk,
        tells=news,
    )


def link_waiting(run: RunContext) -> None:
    """Records whose client had not been seen when they came: look again, now that all systems were read."""
    at = run.now()
    with run.database.reading() as connection:
        waiting = records.waiting_for_client(connection)
        owners = _owners(connection, sorted({row.refers_to for row in waiting if row.refers_to}))
    found = [(row, owners[row.refers_to]) for row in waiting if row.refers_to in owners]
    if not found:
        return
    with run.database.transaction() as connection:
        for row, client_id in found:
            records.relink(connection, row.pk, client_id, at=at, by="resolver", rule="reference")
        told = [
            _event(run, records.with_link(row, client_id), None, at=at, news=bool(row.untold))
            for row, client_id in found
        ]
        history.insert_all(run.database, connection, told)


def _reference(arrival: Arrival) -> str | None:
    """The match key of the client that the record points at."""
    reference = arrival.reading.client_ref
    return f"id:{reference[0]}:{reference[1]}" if reference else None


def _owners(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Match key → client id."""
    found = records.pks_by_key(connection, names)
    rows = records.by_pks(connection, {pk for pks in found.values() for pk in pks})
    owners: dict[str, str] = {}
    for name, pks in found.items():
        for pk in pks:
            client_id = rows[pk].client_id
            if client_id is not None:
                owners.setdefault(name, client_id)
    return owners
