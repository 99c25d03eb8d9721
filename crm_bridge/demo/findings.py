"""What the bridge's store says after a run: whose each record is, what is a dead letter, what became of messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from crm_bridge.demo.cast import Card
from crm_bridge.matching import phone_key
from crm_bridge.store import clients
from crm_bridge.store.schema import dead_letters, message_reports, notices, review, source_records

RecordKey = tuple[str, str]
"""System and record id of a client's record."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One open dead letter. It sorts, so that lists of them compare."""

    system: str
    record_id: str
    code: str


@dataclass(frozen=True, slots=True)
class NoticeFound:
    """A message to a client: its state, why it is in it, and the delivery reports that came, in their order."""

    key: str
    client_id: str
    state: str
    rule: str
    reports: tuple[str, ...]


def clients_by_record(connection: Connection) -> dict[RecordKey, str]:
    """Client id of each client record."""
    table = source_records
    rows = connection.execute(
        select(table.c.system, table.c.record_id, table.c.client_id).where(
            table.c.entity == "client", table.c.client_id.is_not(None), table.c.gone_at.is_(None)
        )
    )
    return {(system, record_id): client_id for system, record_id, client_id in rows}


def cards(linked: Mapping[RecordKey, str]) -> dict[str, Card]:
    """Client id → its records by system."""
    found: dict[str, dict[str, list[str]]] = {}
    for (system, record_id), client_id in sorted(linked.items()):
        found.setdefault(client_id, {}).setdefault(system, []).append(record_id)
    return dict(found)


def open_letters(connection: Connection) -> list[DeadLetter]:
    """Every open dead letter, sorted."""
    table = dead_letters
    rows = connection.execute(select(table.c.system, table.c.record_id, table.c.code).where(table.c.state == "open"))
    return sorted((DeadLetter(*row) for row in rows), key=lambda letter: (letter.system, letter.code, letter.record_id))


def notices_found(connection: Connection) -> list[NoticeFound]:
    """Every message that was asked for, by key."""
    reports: dict[str, list[str]] = {}
    for message_id, status in connection.execute(
        select(message_reports.c.message_id, message_reports.c.status).order_by(message_reports.c.id)
    ):
        reports.setdefault(message_id, []).append(status)
    table = notices
    rows = connection.execute(
        select(table.c.key, table.c.client_id, table.c.state, table.c.rule, table.c.message_id).order_by(table.c.key)
    )
    return [
        NoticeFound(key, client_id, state, rule or "", tuple(reports.get(message_id, ())))
        for key, client_id, state, rule, message_id in rows
    ]


def open_questions(connection: Connection) -> list[tuple[RecordKey, RecordKey]]:
    """Pairs of records that wait for a person to say whether they are of one client."""
    waiting = (review.c.state == "open") & (review.c.kind == "duplicate")
    rows = connection.execute(select(review.c.left, review.c.right).where(waiting).order_by(review.c.id))
    return [(_record_key(left), _record_key(right)) for left, right in rows]


def a_client(connection: Connection, *, phone: str) -> str | None:
    """What shows a client on the command line: the one with ``phone``, else the first of all by its id."""
    if clients.find(connection, [phone_key(phone)], limit=1):
        return f"lookup --phone {phone}"
    first = clients.ids_behind(connection, "", limit=1)
    return f"show {first[0]}" if first else None


def _record_key(key: str) -> RecordKey:
    system, _kind, record_id = key.split("/", 2)
    return system, record_id
