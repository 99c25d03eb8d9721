"""Notices: messages that plugins asked for, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from crm_bridge.store.database import among, inserting
from crm_bridge.store.schema import message_reports, notices

# By rank, never by arrival: a late "accepted" does not undo a "delivered".
RANK: Mapping[str, int] = {
    "planned": 0,
    "suppressed": 0,
    "expired_unsent": 0,
    "submitted": 1,
    "unknown": 1,
    "accepted": 2,
    "sent": 3,
    "failed": 4,
    "expired": 4,
    "delivered": 5,
    "read": 6,
}


def plan(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Plan a notice. ``False``: one with this key was planned before, whatever became of it."""
    result = connection.execute(inserting(connection, notices).on_conflict_do_nothing().values(**row, state="planned"))
    return bool(result.rowcount)


def in_state(connection: Connection, state: str, *, now: str | None = None) -> list[dict[str, Any]]:
    """Notices in ``state``; with ``now`` only those whose time has come."""
    query = select(notices).where(notices.c.state == state).order_by(notices.c.created_at, notices.c.key)
    if now is not None:
        query = query.where(notices.c.not_before.is_(None) | (notices.c.not_before <= now))
    return [dict(row._mapping) for row in connection.execute(query)]


def by_message(connection: Connection, message_id: str) -> dict[str, Any] | None:
    """The notice of the message that we gave this id."""
    row = connection.execute(select(notices).where(notices.c.message_id == message_id)).one_or_none()
    return dict(row._mapping) if row else None


def change(connection: Connection, key: str, *, at: str, **values: Any) -> None:
    connection.execute(update(notices).where(notices.c.key == key).values(updated_at=at, **values))


def report(
    connection: Connection, message_id: str, status: str, *, at: str | None, received_at: str, detail: str | None
) -> bool:
    """Keep a delivery report, and move the notice on if it outranks what is known. ``False``: not our message."""
    connection.execute(
        insert(message_reports).values(
            message_id=message_id, status=status, at=at, received_at=received_at, detail=detail
        )
    )
    row = connection.execute(
        select(notices.c.key, notices.c.state).where(notices.c.message_id == message_id)
    ).one_or_none()
    if row is None:
        return False
    if RANK.get(status, 0) > RANK[row.state]:
        change(connection, row.key, at=received_at, state=status)
    return True


def forget_reports_of_others(connection: Connection, *, before: str) -> int:
    """Drop the reports received before then about messages that are not ours: others send by the same account.
    Until then they are kept, and count should the message become ours after all. Returns how many were dropped."""
    ours = select(notices.c.message_id)
    result = connection.execute(
        delete(message_reports).where(message_reports.c.received_at < before, message_reports.c.message_id.not_in(ours))
    )
    return int(result.rowcount)


def strongest_report(connection: Connection, message_id: str) -> str | None:
    """The highest-ranking status reported for this message: reports may come before the provider's answer."""
    rows = connection.execute(
        select(message_reports.c.status).where(message_reports.c.message_id == message_id)
    ).scalars()
    return max(rows, key=lambda status: RANK.get(status, 0), default=None)


def of_clients(connection: Connection, client_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The notices for these clients, oldest first."""
    rows = connection.execute(
        select(notices).where(among(notices.c.client_id, client_ids)).order_by(notices.c.created_at, notices.c.key)
    )
    return [dict(row._mapping) for row in rows]


def contacts_since(connection: Connection, client_ids: Sequence[str], since: str) -> Sequence[tuple[str, str, str]]:
    """(sent at, channel, purpose) of the contacts made, or perhaps made, with these clients since then: for caps."""
    rows = connection.execute(
        select(notices.c.updated_at, notices.c.channel, notices.c.purpose).where(
            among(notices.c.client_id, client_ids),
            notices.c.updated_at >= since,
            notices.c.state.not_in(["planned", "suppressed", "expired_unsent"]),
        )
    )
    return [(at, channel, purpose) for at, channel, purpose in rows]


def counts(connection: Connection, *, since: str = "") -> dict[str, int]:
    """How many there are by state; with ``since`` only those to which anything happened from then on."""
    query = select(notices.c.state, func.count()).where(notices.c.updated_at >= since).group_by(notices.c.state)
    rows = connection.execute(query)
    return {row[0]: int(row[1]) for row in rows}


def sent_between(connection: Connection, since: str, until: str) -> list[dict[str, Any]]:
    """The messages that were planned or sent then and that left us, or may have."""
    table = notices
    query = select(table).where(
        table.c.state.not_in(["planned", "suppressed", "expired_unsent"]),
        table.c.created_at.between(since, until) | table.c.updated_at.between(since, until),
    )
    return [dict(row._mapping) for row in connection.execute(query.order_by(table.c.created_at, table.c.key))]
