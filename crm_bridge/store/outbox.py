"""The outbox: *that* a client has to be carried to a system.

What to write is planned at the moment of delivery, against the record as it is then, and journaled
(:mod:`crm_bridge.store.journal`) before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, update

from crm_bridge.store.database import among, inserting
from crm_bridge.store.schema import outbox


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A client that has to be carried to a system."""

    id: int
    system: str
    client_id: str
    attempts: int
    since: str


def enqueue(connection: Connection, rows: Iterable[tuple[str, str]], *, at: str) -> None:
    """Put (system, client id) into the outbox. One that waits already stays one, and is due at once; one that was
    parked begins to wait anew."""
    values = [
        {"system": system, "client_id": client, "state": "due", "attempts": 0, "since": at, "next_attempt_at": at}
        for system, client in rows
    ]
    if values:
        statement = inserting(connection, outbox)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["system", "client_id"],
                set_={
                    "state": "due",
                    "next_attempt_at": statement.excluded.next_attempt_at,
                    "attempts": 0,
                    "since": case((outbox.c.state == "due", outbox.c.since), else_=statement.excluded.since),
                },
            ),
            values,
        )


def try_again(connection: Connection, system: str, client_id: str, *, at: str) -> None:
    """What was sent did not arrive: due at once, and tried as often and as long as it was before."""
    row = {"system": system, "client_id": client_id, "state": "due", "attempts": 0, "since": at, "next_attempt_at": at}
    statement = inserting(connection, outbox)
    due_now = {"state": "due", "next_attempt_at": statement.excluded.next_attempt_at}
    connection.execute(statement.on_conflict_do_update(index_elements=["system", "client_id"], set_=due_now), [row])


def due(connection: Connection, system: str, *, now: str, limit: int, after: int = 0) -> list[OutboxRow]:
    """The rows to deliver now, oldest first."""
    rows = connection.execute(
        select(outbox.c.id, outbox.c.system, outbox.c.client_id, outbox.c.attempts, outbox.c.since)
        .where(outbox.c.system == system, outbox.c.state == "due", outbox.c.next_attempt_at <= now, outbox.c.id > after)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [OutboxRow(*row) for row in rows]


def any_due(connection: Connection, system: str, *, now: str) -> bool:
    """Whether there is anything to deliver now."""
    return bool(due(connection, system, now=now, limit=1))


def not_told(connection: Connection, system: str, client_ids: Iterable[str]) -> set[str]:
    """Those of the clients of whom ``system`` has not been told everything yet."""
    rows = connection.execute(
        select(outbox.c.client_id).where(outbox.c.system == system, among(outbox.c.client_id, list(client_ids)))
    )
    return set(rows.scalars())


def depth(connection: Connection) -> dict[tuple[str, str], int]:
    """(system, state) → rows."""
    rows = connection.execute(
        select(outbox.c.system, outbox.c.state, func.count()).group_by(outbox.c.system, outbox.c.state)
    )
    return {(system, state): count for system, state, count in rows}


def delivered(connection: Connection, ids: Sequence[int]) -> None:
    """These rows need nothing more; those of them that were parked, or are due anew, stay."""
    if ids:
        connection.execute(delete(outbox).where(among(outbox.c.id, ids), outbox.c.state == "sending"))


def sending(connection: Connection, ids: Sequence[int]) -> None:
    """These rows are taken in hand. Whatever becomes of it, a change that comes meanwhile makes one due again."""
    if ids:
        connection.execute(
            update(outbox).where(among(outbox.c.id, ids), outbox.c.state == "due").values(state="sending")
        )


def put_back(connection: Connection, ids: Sequence[int]) -> None:
    """These rows are due as they were: they were not sent, or have to be planned anew."""
    if ids:
        connection.execute(
            update(outbox).where(among(outbox.c.id, ids), outbox.c.state == "sending").values(state="due")
        )


def postpone(connection: Connection, row_id: int, *, until: str, attempts: int, reason: str) -> None:
    connection.execute(
        update(outbox)
        .where(outbox.c.id == row_id, outbox.c.state == "sending")
        .values(next_attempt_at=until, attempts=attempts, reason=reason, state="due")
    )


def due_of(connection: Connection, system: str, client_ids: Sequence[str], *, now: str) -> list[OutboxRow]:
    """Those of these clients' rows that are to be delivered now."""
    rows = connection.execute(
        select(outbox.c.id, outbox.c.system, outbox.c.client_id, outbox.c.attempts, outbox.c.since)
        .where(outbox.c.system == system, among(outbox.c.client_id, client_ids))
        .where(outbox.c.state == "due", outbox.c.next_attempt_at <= now)
        .order_by(outbox.c.id)
    )
    return [OutboxRow(*row) for row in rows]


def put_off(connection: Connection, row_id: int, *, until: str, attempts: int, reason: str) -> None:
    """A row that is due, and was tried in vain, waits: also where its system answers, as it did before."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == row_id, outbox.c.state == "due")
        .values(next_attempt_at=until, attempts=attempts, reason=f"{IN_VAIN}{reason}")
    )


AWAY = "away: "  # how the reason begins of a row that was postponed because its system gave no answer
IN_VAIN = "not through: "  # how the reason begins of one whose system answers, and does not take it
ASKED = "it asked for time"  # the reason of one that was not sent, as its system had asked to be left alone


def _is_postponed(at: str) -> ColumnElement[bool]:
    """Of a row that is due: it was tried before, or kept back, or its time has not come."""
    told = outbox.c.reason.startswith(AWAY, autoescape=True) | (outbox.c.reason == ASKED)
    return (outbox.c.next_attempt_at > at) | (outbox.c.attempts > 0) | told


def due_again(connection: Connection, system: str, *, at: str) -> None:
    """``system`` answers, and the time that it asked for is over: what is postponed is due at once. Not what it did
    not take though it answered: that has a time of its own."""
    connection.execute(
        update(outbox)
        .where(outbox.c.system == system, outbox.c.state == "due", outbox.c.next_attempt_at > at)
        .where(outbox.c.reason.is_(None) | ~outbox.c.reason.startswith(IN_VAIN, autoescape=True))
        .values(next_attempt_at=at)
    )


def resume(connection: Connection, system: str, *, at: str) -> int:
    """A person wants ``system`` called: what is postponed is due at once. Returns how many writes that are."""
    result = connection.execute(
        update(outbox)
        .where(outbox.c.system == system, outbox.c.state == "due", _is_postponed(at))
        .values(next_attempt_at=at, attempts=0, reason=None)
    )
    return int(result.rowcount)


def any_postponed(connection: Connection, system: str, *, at: str) -> bool:
    """Whether anything for ``system`` is due at a later time only."""
    query = select(outbox.c.id).where(outbox.c.system == system, outbox.c.state == "due", outbox.c.next_attempt_at > at)
    return connection.execute(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Writes to one system that wait. ``until``: of postponed ones, when the last of them is tried again; ``None``: all
    are tried by the next run."""

    system: str
    state: str
    writes: int
    until: str | None
    reason: str | None


def waiting(connection: Connection, *, now: str) -> list[Waiting]:
    """What is ``postponed``, and what is ``held`` until somebody decides, by system."""
    late = (outbox.c.state == "due") & _is_postponed(now)
    state = case((late, "postponed"), else_="held").label("state")
    until = func.max(case((late & (outbox.c.next_attempt_at > now), outbox.c.next_attempt_at)))
    reason = func.max(case((late, outbox.c.reason)))
    rows = connection.execute(
        select(outbox.c.system, state, func.count(), until, reason)
        .where(late | (outbox.c.state == "held"))
        .group_by(outbox.c.system, state)
        .order_by(outbox.c.system, state)
    )
    return [Waiting(*row) for row in rows]


def postponed(connection: Connection, system: str, *, now: str) -> list[tuple[str, str, str | None]]:
    """(client id, until, reason) of each postponed write to ``system``."""
    rows = connection.execute(
        select(outbox.c.client_id, outbox.c.next_attempt_at, outbox.c.reason)
        .where(outbox.c.system == system, outbox.c.state == "due", outbox.c.next_attempt_at > now)
        .order_by(outbox.c.id)
    )
    return [(client_id, until, reason) for client_id, until, reason in rows]


def pause(connection: Connection, system: str, *, now: str, until: str, reason: str) -> None:
    """What is due to ``system`` is not sent before ``until``: it asked for time, or was silent. No try is counted."""
    connection.execute(
        update(outbox)
        .where(outbox.c.system == system, outbox.c.state == "due", outbox.c.next_attempt_at <= now)
        .values(next_attempt_at=until, reason=reason)
    )


def park(connection: Connection, row_id: int, *, state: str, reason: str) -> None:
    """Stop trying: ``dead`` after a dead letter, ``held`` by an objection, ``unknown`` until somebody can tell.

    The next change of the client makes the row due again; what is held is asked about again by every run.
    """
    connection.execute(
        update(outbox).where(outbox.c.id == row_id, outbox.c.state == "sending").values(state=state, reason=reason)
    )


def release_held(connection: Connection, system: str, *, now: str) -> None:
    """Rows that an objection holds are due again: they are planned anew, and the reviewers are asked again. So are
    those that we were sending when we were stopped; what was journaled for them is settled first."""
    connection.execute(
        update(outbox)
        .where(outbox.c.system == system, outbox.c.state.in_(["held", "sending"]))
        .values(state="due", next_attempt_at=now)
    )


def park_client(connection: Connection, system: str, client_id: str, *, state: str, reason: str) -> None:
    """:func:`park` by whom the row is of."""
    connection.execute(
        update(outbox)
        .where(outbox.c.system == system, outbox.c.client_id == client_id)
        .values(state=state, reason=reason)
    )
