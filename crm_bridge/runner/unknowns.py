"""Writes and messages of which nobody can tell whether they arrived: shown to a person, and settled by their word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.connector import Accepted
from crm_bridge.errors import UserMistake
from crm_bridge.outbox.recover import plan_anew, was_read
from crm_bridge.outbox.settle import settle_accepted
from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.in_doubt import NOT_SENT, may_be_resolved, not_there
from crm_bridge.store import journal, notices, records
from crm_bridge.store.journal import Intent


def resolve(
    run: RunContext, which: str, *, arrived: bool, record_id: str | None, send_again: bool, by: str
) -> dict[str, Any]:
    """A person says what became of it.

    Args:
        arrived: a write: settled as if found; a message: it counts as accepted. Otherwise a write is planned
            anew, and a message has failed.
        record_id: of a create that arrived: the record that it made.
        send_again: a message that was not sent goes out once more, if policy still allows it.

    Raises:
        UserMistake: there is none of this id, or the answer does not fit it.
    """
    if send_again and arrived:
        raise UserMistake("what arrived is not sent again; --send-again goes with --not-arrived")
    with run.database.reading() as connection:
        intent = journal.one(connection, which)
        row = notices.by_message(connection, which)
    if intent is not None and intent.state == "unknown":
        if send_again:
            raise UserMistake("a write that did not arrive is planned anew by itself; --send-again is for messages")
        outcome = _resolve_write(run, intent, arrived=arrived, record_id=record_id, by=by)
    elif row is not None and may_be_resolved(row):
        if record_id is not None:
            raise UserMistake("a message makes no record; --record-id is for writes")
        outcome = _resolve_message(run, row, arrived=arrived, send_again=send_again, by=by)
    else:
        raise not_there(which)
    return {"id": which, "arrived": arrived, "outcome": outcome}


def _resolve_write(run: RunContext, intent: Intent, *, arrived: bool, record_id: str | None, by: str) -> str:
    if not arrived:
        if record_id is not None:
            raise UserMistake("what did not arrive made no record; --record-id goes with --arrived")
        plan_anew(run, intent, reason=f"{by} says that it did not arrive")
        return "planned anew"
    said = f"{by} says that it arrived"
    if record_id is None and intent.record_id is None and was_read(run, intent):
        plan_anew(run, intent, state="accepted", reason=said)
        return "settled"
    made = intent.record_id or record_id
    if made is None:
        raise UserMistake(f"say which record of {intent.system} it made, with --record-id: else it would be made again")
    if record_id is not None and record_id != made:
        raise UserMistake(f"that write was to {made}, not to {record_id}")
    kind = run.systems[intent.system].kinds.get(intent.kind) if intent.system in run.systems else None
    if kind is None:
        raise UserMistake(f"{intent.system}/{intent.kind} is not configured any more")
    with run.database.reading() as connection:
        known = records.one(connection, intent.system, intent.kind, made)
    if known is not None and known.client_id != intent.client_id:
        raise UserMistake(
            f"{known.key} is of another client, {known.client_id}: `crm-bridge client merge` them first, "
            "if they are one person"
        )
    with run.database.transaction() as connection:
        # As a receipt: the system may be one that is never read. What else changed there shows when it is.
        settle_accepted(run, connection, kind, intent, Accepted(made, known.version if known else None))
        journal.settle(connection, [(intent.id, "accepted", said)], at=run.now())
        journal.enqueue(connection, [(intent.system, intent.client_id)], at=run.now())
    return "settled"


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
