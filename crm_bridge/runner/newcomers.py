"""New records, and the straight path of those that are alone: a new client with one record, which is its card.

Nearly every record of a first load is such a newcomer. There is nothing to compare, to survive or to ask about it, so
it goes past all that. Whatever shares its client with another record takes the way of :mod:`crm_bridge.runner.inbound`.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.cards import first_version, takers
from crm_bridge.runner.page_work import PageWork
from crm_bridge.runner.reading import Arrival
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord, offers_to


def record_of(
    run: RunContext, kind: Kind, arrival: Arrival, client_id: str, *, fingerprint: str, at: str
) -> SourceRecord:
    """The row of a record that was never seen before."""
    reading = arrival.reading
    return SourceRecord(
        pk=run.pks.take(),
        system=kind.system,
        kind=kind.name,
        record_id=arrival.record_id,
        entity="client",
        client_id=client_id,
        version=reading.version,
        digest=arrival.digest,
        raw=arrival.raw,
        doc=orjson.dumps(reading.doc),
        marks=None,
        proposals=offers_to(arrival.offers),
        seq=run.seq.take(),
        observed_at=at,
        changed_at=reading.changed_at,
        mapping=fingerprint,
    )


def take_newcomers(
    run: RunContext,
    kind: Kind,
    newcomers: Iterable[tuple[Arrival, tuple[str, ...], str]],
    work: PageWork,
    *,
    at: str,
    news: bool,
) -> None:
    """(arrival, match keys, id of its client) of records whose clients are new and have no other record."""
    fingerprint = kind.fingerprint
    wanted_by = takers(kind.mapping.entity, run.systems, holder=kind.system)
    before = len(work.new_clients)
    for arrival, keys, client_id in newcomers:
        record = record_of(run, kind, arrival, client_id, fingerprint=fingerprint, at=at)
        work.new_records.append(record)
        work.links.append((record.pk, client_id, "new"))
        work.keys.extend([(key, record.pk) for key in keys])
        said = orjson.dumps(arrival.effective) if arrival.offers else record.doc
        work.new_clients.append(first_version(client_id, said, at=at))
        if wanted_by:
            work.outbox.update([(system, client_id) for system in wanted_by])
        if news:
            body = {"version": 1, "units": {}, "origins": {}}
            work.history.append(
                HistoryRow(run.seq.take(), at, "client.created", client_id, body, run.run_id, None, True)
            )
    run.report.count("created", len(work.new_clients) - before)
