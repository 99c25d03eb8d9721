"""Taking a receipt in: what the system now holds becomes the base, and what we carried there is marked as an echo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.connector import Accepted, RawRecord, Refused, Stale, Unknown, WriteOutcome
from crm_bridge.matching import match_keys
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.digest import canonical_bytes, digest_of
from crm_bridge.run_context.systems import Kind
from crm_bridge.store import history, journal, outbox, records
from crm_bridge.store.echoes import echoes_from
from crm_bridge.store.history import HistoryRow, Said
from crm_bridge.store.journal import Intent
from crm_bridge.store.records import SourceRecord, marks_to, offers_to
from crm_bridge.sync.claims import Contribution, Echo, settle
from crm_bridge.sync.deletions import CARRIED
from crm_bridge.sync.proposals import apply, still_true
from crm_bridge.sync.read_back import may_have_been_seen
from crm_bridge.sync.slots import slot_of
from crm_bridge.sync.units import changed, join, split

NOTHING: Mapping[str, Any] = {}
MAY_BE_UNSEEN = "typed there while our write was unanswered, which may not have been seen"
NOT_FOUND = "not_found"  # the code of a refusal that says: there is no such record


def unless_of_another(connection: Connection, intent: Intent, outcome: WriteOutcome) -> WriteOutcome:
    """``outcome``, or what it amounts to where it names a record that the write of ``intent`` was not about.

    An answer to an update about another record is no receipt: what became of ours, nobody knows. A create that met or
    made a record of another client never ends well by itself. Either way the other record stays as it is here.
    """
    if intent.operation == "delete" and isinstance(outcome, Refused) and outcome.code == NOT_FOUND:
        return Accepted(str(intent.record_id))  # somebody was quicker: it is as we want it
    if not isinstance(outcome, Accepted | Stale):
        return outcome
    if isinstance(outcome, Accepted) and not (isinstance(outcome.record_id, str) and outcome.record_id):
        return Unknown("the system accepted the write and named no record")
    if intent.record_id is not None:
        if isinstance(outcome, Accepted) and outcome.record_id != intent.record_id:
            return Unknown("the system answered for another record")
        return outcome
    if outcome.record_id is None:
        return outcome
    held = records.one(connection, intent.system, intent.kind, outcome.record_id)
    if held is None or held.client_id == intent.client_id:
        return outcome
    met = "has the same key there" if isinstance(outcome, Stale) else "is what the system says that it created"
    return Refused(
        f"{intent.kind} {outcome.record_id} {met} and is linked to another client here; compare the two clients",
        code="duplicate",
    )


def settle_accepted(run: RunContext, connection: Connection, kind: Kind, intent: Intent, receipt: Accepted) -> None:
    """The system confirmed the write of ``intent``."""
    if intent.operation == "delete":
        _deleted(run, connection, intent)
        return
    raw = kind.with_identity(intent.request["full"], receipt.record_id, receipt.version)
    before = records.one(connection, kind.system, kind.name, receipt.record_id)
    if before is None:
        _first(run, connection, kind, intent, receipt, raw)
    else:
        _again(run, connection, kind, intent, before, raw, receipt.version)


def count_late(run: RunContext, intent: Intent) -> None:
    """A write of this very run, of which it knew nothing more after the store was away: it arrived."""
    if intent.state == "open" and intent.run_id == run.run_id:
        run.report.of_write(intent.system).count(intent.operation)


def found_gone(run: RunContext, intent: Intent) -> None:
    """The record that the write of ``intent`` was to delete is not there any more: the write did arrive."""
    with run.database.transaction() as connection:
        _deleted(run, connection, intent)
        journal.settle(connection, [(intent.id, "accepted", "found gone by reading back")], at=run.now())
        outbox.enqueue(connection, [(intent.system, intent.client_id)], at=run.now())
    count_late(run, intent)


def _deleted(run: RunContext, connection: Connection, intent: Intent) -> None:
    before = records.one(connection, intent.system, intent.kind, str(intent.record_id))
    if before is None or before.gone_at is not None:
        return  # its system told us first
    at, seq = run.now(), run.seq.take()
    records.update_all(connection, [before._replace(gone_at=at, gone_how=CARRIED, gone_seq=seq)])
    body = {"record": before.key, "intent": intent.id, "why": intent.request["why"]}
    told = HistoryRow(seq, at, "record.deleted", intent.client_id, body, run.run_id, before.pk)
    history.insert_all(run.database, connection, [told])


def found_there(run: RunContext, kind: Kind, intent: Intent, record: RawRecord, units: Mapping[str, Any]) -> bool:
    """:func:`arrived`, unless ``record`` is not the one that the write of ``intent`` can have been about.

    A create may have been carried out in part. What the record does not hold did not arrive: nobody removed it, and it
    is planned again.
    """
    record_id = kind.mapping.record_id(record)
    with run.database.reading() as connection:
        ours = isinstance(unless_of_another(connection, intent, Accepted(record_id)), Accepted)
    if ours and intent.operation == "create":
        written, holds = kind.mapping.read(intent.request["full"]).doc, kind.mapping.read(record).doc
        came = may_have_been_seen({}, written, holds, wrote=split(written))
        arrived(run, kind, intent, record_id, {unit: value for unit, value in units.items() if unit in came})
    elif ours:
        arrived(run, kind, intent, record_id, units)
    return ours


def arrived(
    run: RunContext,
    kind: Kind,
    intent: Intent,
    record_id: str,
    units: Mapping[str, Any],
    over: Mapping[str, Any] = NOTHING,
) -> None:
    """We found out that the write of ``intent`` did arrive. Only what it wrote (``units``) is taken in: the record
    itself is read again afterwards, as others may have changed it since.

    Args:
        over: unit → what stands there instead, typed by somebody who may not have seen ours. That is told.
    """
    with run.database.transaction() as connection:
        _settle_found(run, connection, kind, intent, record_id, units)
        if over:
            _tell_of_unseen(run, connection, kind, intent, record_id, over)
        journal.settle(connection, [(intent.id, "accepted", "found by reading back")], at=run.now())
        outbox.enqueue(connection, [(intent.system, intent.client_id)], at=run.now())
    count_late(run, intent)


def _tell_of_unseen(
    run: RunContext, connection: Connection, kind: Kind, intent: Intent, record_id: str, over: Mapping[str, Any]
) -> None:
    at, echoes = run.now(), echoes_from(intent.request)
    key = f"{kind.system}/{kind.name}/{record_id}"
    for unit, now in over.items():
        ours = echoes.get(unit) or Echo(key)
        wrote = intent.request["units"][unit]
        told = history.conflict(
            run.seq.take(),
            at,
            intent.client_id,
            run.run_id,
            path=unit if wrote is None else slot_of(unit, wrote),
            rule=MAY_BE_UNSEEN,
            winner=Said(key, now),
            losers=[Said(ours.origin, wrote, ours.at)],
            units=[unit],
        )
        history.insert_all(run.database, connection, [told])
        run.report.count("conflicts")


def _settle_found(
    run: RunContext, connection: Connection, kind: Kind, intent: Intent, record_id: str, units: Mapping[str, Any]
) -> None:
    before = records.one(connection, kind.system, kind.name, record_id)
    if before is None:
        raw = kind.with_identity(intent.request["full"], record_id, None)
        _first(run, connection, kind, intent, Accepted(record_id), raw, lacking=intent.request["units"].keys() - units)
        return
    said = split(orjson.loads(before.doc))
    for unit, value in units.items():
        if value is None:
            said.pop(unit, None)
        else:
            said[unit] = value
    doc = {"kind": kind.mapping.entity, **join(said)}
    _store(run, connection, intent, before, doc, raw=before.raw, digest=b"", version=before.version)


def _first(
    run: RunContext,
    connection: Connection,
    kind: Kind,
    intent: Intent,
    receipt: Accepted,
    raw: Mapping[str, Any],
    *,
    lacking: Collection[str] = (),
) -> None:
    """``lacking``: units of the create that the record does not hold."""
    at, seq = run.now(), run.seq.take()
    deleted = records.going_since(connection, intent.client_id)  # nothing was created after that: it is newer than ours
    data = canonical_bytes(raw)
    made = as_created(kind, intent, receipt.record_id, raw, seq=seq, at=at)
    if lacking:
        came = {unit: value for unit, value in split(made.doc).items() if unit not in lacking}
        marks = {unit: mark for unit, mark in made.marks.items() if unit not in lacking}
        made = replace(made, doc={"kind": kind.mapping.entity, **join(came)}, marks=marks)
    record = SourceRecord(
        pk=run.pks.take(),
        system=kind.system,
        kind=kind.name,
        record_id=receipt.record_id,
        entity="client",
        client_id=intent.client_id,
        version=receipt.version,
        digest=digest_of(data, fingerprint=kind.fingerprint),
        raw=data,
        doc=orjson.dumps(made.doc),
        marks=marks_to(made.marks),
        proposals=None,
        seq=seq if deleted is None else deleted,
        observed_at=at,
        changed_at=None,
        mapping=kind.fingerprint,
    )
    records.insert_all(run.database, connection, [record])
    records.link_all(run.database, connection, [(record.pk, intent.client_id, "created")], at=at, by="outbox")
    records.put_keys(run.database, connection, [(name, record.pk) for name in match_keys(made.doc)])
    said = split(made.doc)
    _remember(
        run, connection, intent, record.pk, made.key, {unit: [None, value] for unit, value in said.items()}, seq, at
    )


def as_created(
    kind: Kind, intent: Intent, record_id: str, raw: Mapping[str, Any], *, seq: int, at: str
) -> Contribution:
    """The record as the create of ``intent`` made it (``raw``): everything in it is an echo but its own id."""
    empty = Contribution(f"{kind.system}/{kind.name}/{record_id}", kind.system, {"kind": kind.mapping.entity}, seq, at)
    made = settle(empty, kind.mapping.read(raw).doc, seq=seq, at=at, echoes=echoes_from(intent.request))
    return replace(made, marks={unit: mark for unit, mark in made.marks.items() if mark.echo})


def _again(
    run: RunContext,
    connection: Connection,
    kind: Kind,
    intent: Intent,
    before: SourceRecord,
    raw: Mapping[str, Any],
    version: str | None,
) -> None:
    data = canonical_bytes(raw)
    doc = kind.mapping.read(raw).doc
    digest = digest_of(data, fingerprint=kind.fingerprint)
    _store(run, connection, intent, before, doc, raw=data, digest=digest, version=version)


def _store(
    run: RunContext,
    connection: Connection,
    intent: Intent,
    before: SourceRecord,
    doc: Mapping[str, Any],
    *,
    raw: bytes,
    digest: bytes,
    version: str | None,
) -> None:
    at, seq = run.now(), run.seq.take()
    was = before.contribution()
    offers = still_true(before.offers(), list(intent.request["units"]))
    effective = apply(doc, offers)
    now = settle(was, effective, seq=seq, at=at, echoes=echoes_from(intent.request))
    after = before._replace(
        version=version,
        raw=raw,
        digest=digest,
        doc=orjson.dumps(doc),
        marks=marks_to(now.marks),
        proposals=offers_to(offers),
    )
    records.update_all(connection, [after])
    old_keys, new_keys = set(match_keys(was.doc)), set(match_keys(effective))
    records.drop_keys(connection, [(name, before.pk) for name in old_keys - new_keys])
    records.put_keys(run.database, connection, [(name, before.pk) for name in new_keys - old_keys])
    old, new = split(was.doc), split(now.doc)
    units = {unit: [old.get(unit), new.get(unit)] for unit in changed(old, new)}
    _remember(run, connection, intent, before.pk, before.key, units, seq, at)


def _remember(
    run: RunContext,
    connection: Connection,
    intent: Intent,
    pk: int,
    key: str,
    units: Mapping[str, Any],
    seq: int,
    at: str,
) -> None:
    body = {"record": key, "intent": intent.id, "units": units, "fields": intent.request["why"]}
    row = HistoryRow(seq, at, "record.written", intent.client_id, body, run.run_id, pk)
    history.insert_all(run.database, connection, [row])
