"""Writes and messages of which nobody can tell whether they arrived: shown to a person, and settled by their word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_bridge.connector import Accepted, RecordSource
from crm_bridge.errors import UserMistake
from crm_bridge.model.formats import is_blank
from crm_bridge.outbox.recover import plan_anew, was_read
from crm_bridge.outbox.settle import as_created, settle_accepted
from crm_bridge.run_context.by_ids import read_by_ids
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.cards import units_of_card
from crm_bridge.runner.decisions import card_anew, merge_within
from crm_bridge.runner.in_doubt import NOT_SENT, may_be_resolved, not_there
from crm_bridge.store import clients, journal, notices, outbox, records
from crm_bridge.store.journal import Intent
from crm_bridge.store.records import SourceRecord, marks_to
from crm_bridge.sync.deletions import age_of_created
from crm_bridge.sync.edits import observe
from crm_bridge.sync.rules import PERSON


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says became of it.

    Attributes:
        arrived: a write: settled as if found; a message: it counts as accepted. Otherwise a write is planned
            anew, and a message has failed.
        record_id: of a create that arrived: the record that it made.
        send_again: a message that was not sent goes out once more, if policy still allows it.
        deleted_since: the record that a create made is not there any more.
        despite_identifiers: the record counts as made by the create also where its tax identifier differs by now.
    """

    arrived: bool
    record_id: str | None
    send_again: bool
    despite_identifiers: bool
    by: str
    deleted_since: bool = False


def resolve(run: RunContext, which: str, told: Told) -> dict[str, Any]:
    """A person says what became of it.

    Raises:
        UserMistake: there is none of this id, or the answer does not fit it.
    """
    arrived, record_id, send_again, by = told.arrived, told.record_id, told.send_again, told.by
    if send_again and arrived:
        raise UserMistake("what arrived is not sent again; --send-again goes with --not-arrived")
    with run.database.reading() as connection:
        intent = journal.one(connection, which)
        row = notices.by_message(connection, which)
    if intent is not None and intent.state == "unknown":
        if send_again:
            raise UserMistake("a write that did not arrive is planned anew by itself; --send-again is for messages")
        outcome = _resolve_write(run, intent, told)
    elif row is not None and may_be_resolved(row):
        if record_id is not None:
            raise UserMistake("a message makes no record; --record-id is for writes")
        outcome = _resolve_message(run, row, arrived=arrived, send_again=send_again, by=by)
    else:
        raise not_there(which)
    return {"id": which, "arrived": arrived, "outcome": outcome}


def _resolve_write(run: RunContext, intent: Intent, told: Told) -> str:
    record_id, by = told.record_id, told.by
    if not told.arrived:
        if record_id is not None:
            raise UserMistake("what did not arrive made no record; --record-id goes with --arrived")
        plan_anew(run, intent, reason=f"{by} says that it did not arrive")
        return "planned anew"
    said = f"{by} says that it arrived"
    if record_id is None and intent.record_id is None and was_read(run, intent):
        plan_anew(run, intent, state="accepted", reason=said)
        return "settled"
    made = intent.record_id or record_id
    if made is None or is_blank(made):
        raise UserMistake(f"say which record of {intent.system} it made, with --record-id: else it would be made again")
    if record_id is not None and record_id != made:
        raise UserMistake(f"that write was to {made}, not to {record_id}")
    kind = run.systems[intent.system].kinds.get(intent.kind) if intent.system in run.systems else None
    if kind is None:
        raise UserMistake(f"{intent.system}/{intent.kind} is not configured any more")
    with run.database.reading() as connection:
        known = records.one(connection, intent.system, intent.kind, made)
    if known is not None and known.client_id != intent.client_id:
        return _take_over(run, kind, intent, known, told)
    if known is not None and intent.operation == "create":
        plan_anew(run, intent, state="accepted", reason=said)
        return "settled"
    if intent.operation == "create" and not told.deleted_since:
        _demand_there(run, kind, made)
    with run.database.transaction() as connection:
        # As a receipt: the system may be one that is never read. What else changed there shows when it is.
        settle_accepted(run, connection, kind, intent, Accepted(made, known.version if known else None))
        journal.settle(connection, [(intent.id, "accepted", said)], at=run.now())
        outbox.enqueue(connection, [(intent.system, intent.client_id)], at=run.now())
    return "settled"


def _demand_there(run: RunContext, kind: Kind, record_id: str) -> None:
    """Look whether there is such a record: one that a person mistyped would be missing from the next list of all, and
    be taken for a deletion.

    Raises:
        UserMistake: there is none.
        RetryLater: the system cannot be asked now.
    """
    connector = run.systems[kind.system].connector
    if not kind.capabilities.reads_back or not isinstance(connector, RecordSource):
        return
    page = read_by_ids(connector, kind.name, [record_id])
    there = {*map(kind.mapping.record_id, page.records), *(each.record_id for each in page.broken)}
    if record_id not in there:
        raise UserMistake(
            f"{kind.system} has no {kind.name} {record_id}: nothing was settled; look up its id there, or say "
            "--deleted-since where somebody has deleted it"
        )


def _take_over(run: RunContext, kind: Kind, intent: Intent, known: SourceRecord, told: Told) -> str:
    """The record that a create made was read and taken for somebody else's: that client and ours are one. What differs
    there from what we sent was edited since.

    Raises:
        UserMistake: it is not that client's only record, so which of them is who has to be decided first.
    """
    ours, theirs = intent.client_id, str(known.client_id)
    with run.database.transaction() as connection:
        linked = records.of_clients(connection, [ours, theirs])
        others = [row for row in linked[theirs] if row.entity == "client" and row.pk != known.pk]
        if intent.operation != "create" or any(row.gone_at is None and row.system != PERSON for row in others):
            raise UserMistake(
                f"{known.key} is of another client, {theirs}: `crm-bridge client merge` them first, "
                "if they are one person"
            )
        cluster = [row.contribution() for row in linked[ours] if row.entity == "client"]
        card = units_of_card(clients.get(connection, ours))
        reason, despite = f"{known.key} is what unknown write {intent.id} made", told.despite_identifiers
        merge_within(run, connection, ours, theirs, by=told.by, reason=reason, despite_identifiers=despite)
        seq = age_of_created(cluster, seq=known.seq)
        sent = kind.with_identity(intent.request["full"], known.record_id, known.version)
        made = as_created(kind, intent, known.record_id, sent, seq=seq, at=intent.created_at)
        holds, at = known.effective_doc(), known.contribution().at
        now, _ = observe(made, holds, seq=known.seq, at=at, card=card, cluster=cluster)
        records.update_all(connection, [known._replace(client_id=ours, marks=marks_to(now.marks), seq=seq)])
        journal.settle(connection, [(intent.id, "accepted", f"{told.by} says that it arrived")], at=run.now())
        card_anew(run, connection, ours, at=run.now())
    return f"settled; {theirs} was merged into {ours}"


def _resolve_message(run: RunContext, row: Mapping[str, Any], *, arrived: bool, send_again: bool, by: str) -> str:
    at, key = run.now(), str(row["key"])
    with run.database.transaction() as connection:
        if arrived:
            notices.change(
                connection, key, at=at, state="accepted", rule="allowed", reason=f"{by} says that it arrived"
            )
            return "accepted"
        reason = f"{by} says that it was not sent"
        if not send_again:
            notices.change(connection, key, at=at, state="failed", rule=NOT_SENT, reason=reason)
            return "not sent"
        # Under the same id: a provider that has it all the same does not send it twice.
        notices.change(connection, key, at=at, state="planned", rule=NOT_SENT, reason=reason, not_before=None)
    return "sent again with the next sync, if policy allows it then"
