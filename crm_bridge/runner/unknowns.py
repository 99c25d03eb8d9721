"""Writes and messages of which nobody can tell whether they arrived: shown to a person, and settled by their word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from crm_bridge.connector import Accepted
from crm_bridge.errors import UserMistake
from crm_bridge.outbox.recover import plan_anew, was_read
from crm_bridge.outbox.settle import settle_accepted
from crm_bridge.run_context.context import RunContext
from crm_bridge.store import journal, notices, records
from crm_bridge.store.journal import Intent

NOT_SENT = "not_sent"  # the rule of a message that a person says was not sent


def listing(connection: Connection) -> list[dict[str, Any]]:
    """What waits for a person's word, the oldest first."""
    writes = [_write(intent) for intent in journal.in_state(connection, ["unknown"])]
    messages = [_message(row) for row in notices.in_state(connection, "unknown")]
    return sorted([*writes, *messages], key=lambda each: (str(each["since"]), str(each["id"])))


def show(connection: Connection, which: str) -> dict[str, Any]:
    """One of them whole: what was sent, and to whom.

    Raises:
        UserMistake: there is none of this id.
    """
    intent = journal.one(connection, which)
    if intent is not None and intent.state == "unknown":
        return {**_write(intent), "fields": intent.request["fields"], "why": intent.request["why"]}
    row = notices.by_message(connection, which)
    if row is not None and _may_be_resolved(row):
        told = ("key", "plugin", "purpose", "address", "text", "reason", "provider_id")
        return {**_message(row), **{name: row[name] for name in told if row[name] is not None}}
    raise _not_there(which)


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
    elif row is not None and _may_be_resolved(row):
        if record_id is not None:
            raise UserMistake("a message makes no record; --record-id is for writes")
        outcome = _resolve_message(run, row, arrived=arrived, send_again=send_again, by=by)
    else:
        raise _not_there(which)
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


def _may_be_resolved(row: Mapping[str, Any]) -> bool:
    return row["state"] == "unknown" or (row["state"], row["rule"]) == ("failed", NOT_SENT)


def _write(intent: Intent) -> dict[str, Any]:
    return {
        "id": intent.id,
        "what": intent.operation,
        "system": intent.system,
        "record": f"{intent.kind}:{intent.record_id or 'new'}",
        "client": intent.client_id,
        "since": intent.created_at,
    }


def _message(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["message_id"],
        "what": "message",
        "system": row["system"],
        "record": f"{row['channel']}:{row['purpose']}",
        "client": row["client_id"],
        "since": row["updated_at"],
    }


def _not_there(which: str) -> UserMistake:
    return UserMistake(f"nothing unknown has the id {which}; see `crm-bridge unknown list`")
