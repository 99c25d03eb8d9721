"""What nobody can tell of: looking at writes and messages whose outcome is unknown. Only reads the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from crm_bridge.errors import UserMistake
from crm_bridge.store import journal, notices
from crm_bridge.store.journal import Intent

NOT_SENT = "not_sent"  # the rule of a message that a person says was not sent


def listing(connection: Connection) -> list[dict[str, Any]]:
    """What waits for a person's word, the oldest first."""
    writes = [_write(intent) for intent in journal.in_state(connection, ["unknown"])]
    messages = [_message(row) for row in notices.in_state(connection, "unknown")]
    return sorted([*writes, *messages], key=lambda each: (str(each["since"]), str(each["id"])))


def show(connection: Connection, which: str) -> dict[str, Any]:
    """One of them whole: what was sent, to whom, and with which key, by which its system may find it.

    Raises:
        UserMistake: there is none of this id.
    """
    intent = journal.one(connection, which)
    if intent is not None and intent.state == "unknown":
        return {**_write(intent), **{name: intent.request[name] for name in ("key", "fields", "why")}}
    row = notices.by_message(connection, which)
    if row is not None and may_be_resolved(row):
        told = ("key", "plugin", "purpose", "address", "text", "reason", "provider_id")
        return {**_message(row), **{name: row[name] for name in told if row[name] is not None}}
    raise not_there(which)


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


def not_there(which: str) -> UserMistake:
    return UserMistake(f"nothing unknown has the id {which}; see `crm-bridge unknown list`")


def may_be_resolved(row: Mapping[str, Any]) -> bool:
    return row["state"] == "unknown" or (row["state"], row["rule"]) == ("failed", NOT_SENT)
