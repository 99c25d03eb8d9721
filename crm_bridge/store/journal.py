"""The journal of writes: every write before it is sent, and what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update

from crm_bridge.store.database import among
from crm_bridge.store.schema import intents


@dataclass(frozen=True, slots=True)
class Intent:
    """A write as journaled. ``request`` holds all that is needed to send it again byte for byte, and settle it."""

    id: str
    system: str
    kind: str
    operation: str
    record_id: str | None
    client_id: str
    request: Mapping[str, Any]
    created_at: str
    state: str = "open"
    run_id: str | None = None
    outcome: str | None = None


NOT_THROUGH = ("stale", "abandoned", "unknown")  # sent, and the system does not hold it, or nobody can tell
NO_ANSWER = ("abandoned", "unknown")  # of these, those whose answer was lost: what became of them was to be found out
NOT_SENT = "not sent"  # the outcome of an ``abandoned`` write that never left us


def record(connection: Connection, rows: Sequence[Intent]) -> None:
    """Journal the writes; committed before any of them is sent."""
    if rows:
        connection.execute(
            insert(intents),
            [
                {
                    "id": row.id,
                    "run_id": row.run_id,
                    "system": row.system,
                    "kind": row.kind,
                    "operation": row.operation,
                    "record_id": row.record_id,
                    "client_id": row.client_id,
                    "state": "open",
                    "request": orjson.dumps(row.request),
                    "created_at": row.created_at,
                }
                for row in rows
            ],
        )


def settle(connection: Connection, rows: Sequence[tuple[str, str, str]], *, at: str) -> None:
    """(intent id, state, what came back). States: ``accepted stale refused postponed unknown abandoned``."""
    if rows:
        connection.execute(
            update(intents)
            .where(intents.c.id == bindparam("_id"))
            .values(state=bindparam("_state"), outcome=bindparam("_outcome"), settled_at=at),
            [{"_id": intent, "_state": state, "_outcome": outcome} for intent, state, outcome in rows],
        )


def in_state(connection: Connection, states: Sequence[str], system: str | None = None) -> list[Intent]:
    """The intents that nobody has settled (``open``: we stopped in the middle; ``unknown``: the answer was lost)."""
    query = select(intents).where(intents.c.state.in_(states)).order_by(intents.c.created_at, intents.c.id)
    if system is not None:
        query = query.where(intents.c.system == system)
    return [_intent(row) for row in connection.execute(query)]


def count_unknown(connection: Connection) -> int:
    """Writes of which nobody can tell whether they arrived."""
    query = select(func.count()).select_from(intents).where(intents.c.state == "unknown")
    return int(connection.execute(query).scalar_one())


def one(connection: Connection, intent: str) -> Intent | None:
    row = connection.execute(select(intents).where(intents.c.id == intent)).one_or_none()
    return _intent(row) if row else None


def unsettled_creates(connection: Connection, system: str | None = None) -> set[str]:
    """Clients whose record may have been created in ``system``, or in any, and nobody knows yet."""
    query = select(intents.c.client_id).where(intents.c.state.in_(["open", "unknown"]), intents.c.operation == "create")
    if system is not None:
        query = query.where(intents.c.system == system)
    return set(connection.execute(query).scalars())


def open_creates(connection: Connection, *, system: str | None = None, kind: str | None = None) -> list[Intent]:
    """The creates (in ``system``, of ``kind``) of which nobody knows yet whether they arrived, the oldest first."""
    query = select(intents).where(intents.c.state.in_(["open", "unknown"]), intents.c.operation == "create")
    if system is not None:
        query = query.where(intents.c.system == system)
    if kind is not None:
        query = query.where(intents.c.kind == kind)
    return [_intent(row) for row in connection.execute(query.order_by(intents.c.created_at, intents.c.id))]


def cut_off_in_creates(connection: Connection) -> set[str]:
    """Systems with creates that were sent, perhaps, when the run was stopped: nobody has looked after them yet."""
    query = select(intents.c.system).where(intents.c.state == "open", intents.c.operation == "create").distinct()
    return set(connection.execute(query).scalars())


def unanswered_creates(connection: Connection, client_id: str) -> list[Intent]:
    """The creates for this client that may be sent again, or be found to have arrived."""
    query = select(intents).where(
        intents.c.client_id == client_id,
        intents.c.operation == "create",
        intents.c.state.in_(["open", "unknown", "abandoned"]),
    )
    return [_intent(row) for row in connection.execute(query)]


def hand_over(connection: Connection, writes: Sequence[Intent], client_id: str) -> None:
    """These writes are for ``client_id`` from now on: whoever they were for is one with it."""
    if writes:
        ids = [each.id for each in writes]
        connection.execute(update(intents).where(among(intents.c.id, ids)).values(client_id=client_id))


def creates_of(connection: Connection, system: str, client_ids: Sequence[str]) -> dict[tuple[str, str], list[Intent]]:
    """(client id, kind) → every create there that was journaled for it, the oldest first."""
    rows = connection.execute(
        select(intents)
        .where(among(intents.c.client_id, client_ids), intents.c.system == system, intents.c.operation == "create")
        .order_by(intents.c.created_at, intents.c.id)
    )
    found: dict[tuple[str, str], list[Intent]] = {}
    for row in rows:
        found.setdefault((row.client_id, row.kind), []).append(_intent(row))
    return found


def written_often(
    connection: Connection, system: str, client_ids: Sequence[str], *, since: str, times: int
) -> list[Intent]:
    """The confirmed updates since then of those of these clients that had so many, the oldest first. Usually none."""
    confirmed = (
        among(intents.c.client_id, client_ids),
        intents.c.system == system,
        intents.c.operation == "update",
        intents.c.state == "accepted",
        intents.c.created_at >= since,
    )
    often = connection.execute(
        select(intents.c.client_id).where(*confirmed).group_by(intents.c.client_id).having(func.count() >= times)
    ).scalars()
    wanted = list(often)
    if not wanted:
        return []
    query = select(intents).where(among(intents.c.client_id, wanted), *confirmed[1:])
    return [_intent(row) for row in connection.execute(query.order_by(intents.c.created_at, intents.c.id))]


def stale(connection: Connection, system: str, kind: str, record_ids: Sequence[str]) -> list[Intent]:
    """The writes to these records that were refused as stale, oldest first."""
    rows = connection.execute(
        select(intents).where(
            intents.c.system == system,
            intents.c.kind == kind,
            intents.c.state == "stale",
            among(intents.c.record_id, record_ids),
        )
    )
    return sorted(map(_intent, rows), key=lambda each: (each.created_at, each.id))


def tried_in_vain(
    connection: Connection, run_id: str, system: str, *, times: int = 1, states: Sequence[str] = NOT_THROUGH
) -> list[str]:
    """The clients for whom a run sent so many writes to ``system`` that did not get through, in a stable order."""
    rows = connection.execute(
        select(intents.c.client_id)
        .where(
            intents.c.run_id == run_id,
            intents.c.system == system,
            intents.c.state.in_(states),
            intents.c.outcome != NOT_SENT,
        )
        .group_by(intents.c.client_id)
        .having(func.count() >= times)
    )
    return sorted(rows.scalars())


def of_client(connection: Connection, client_id: str) -> list[Mapping[str, Any]]:
    """Every write for this client, oldest first, with its outcome."""
    rows = connection.execute(
        select(intents).where(intents.c.client_id == client_id).order_by(intents.c.created_at, intents.c.id)
    )
    return [{**row._mapping, "request": orjson.loads(row.request)} for row in rows]


def planned_for(connection: Connection, client_ids: Sequence[str]) -> dict[str, Intent]:
    """Identity of a plan file's entry → the last write that was journaled for it, of these clients."""
    rows = connection.execute(
        select(intents).where(among(intents.c.client_id, client_ids)).order_by(intents.c.created_at, intents.c.id)
    )
    return {each.request["entry"]: each for each in map(_intent, rows) if "entry" in each.request}


def clients_of_run(connection: Connection, run_id: str) -> list[str]:
    """The clients for whom a run wrote anything, in a stable order."""
    rows = connection.execute(select(intents.c.client_id).where(intents.c.run_id == run_id).distinct())
    return sorted(rows.scalars())


def of_run(connection: Connection, run_id: str, client_ids: Sequence[str]) -> list[Intent]:
    """What a run journaled for these clients, oldest first."""
    rows = connection.execute(
        select(intents)
        .where(intents.c.run_id == run_id, among(intents.c.client_id, client_ids))
        .order_by(intents.c.created_at, intents.c.id)
    )
    return [_intent(row) for row in rows]


def _intent(row: Any) -> Intent:
    return Intent(
        row.id,
        row.system,
        row.kind,
        row.operation,
        row.record_id,
        row.client_id,
        orjson.loads(row.request),
        row.created_at,
        row.state,
        row.run_id,
        row.outcome,
    )
