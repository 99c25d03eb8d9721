"""Systems that are left alone for a while: because they asked for it, or because they answered nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from crm_bridge.store.database import upsert
from crm_bridge.store.schema import pauses


@dataclass(frozen=True, slots=True)
class Pause:
    """Nobody calls ``system`` before ``until``. ``opened``: how many times in a row its breaker opened."""

    system: str
    until: str
    reason: str
    since: str
    opened: int = 0


def put(connection: Connection, pause: Pause) -> None:
    """Keep a pause; it takes the place of an earlier one of the system."""
    row = {
        "system": pause.system,
        "paused_until": pause.until,
        "reason": pause.reason,
        "since": pause.since,
        "opened": pause.opened,
    }
    upsert(connection, pauses, row, on=["system"])


def every(connection: Connection) -> dict[str, Pause]:
    """System → its pause, those that are over included: nobody knows yet whether the system answers again."""
    rows = connection.execute(
        select(pauses.c.system, pauses.c.paused_until, pauses.c.reason, pauses.c.since, pauses.c.opened).order_by(
            pauses.c.system
        )
    )
    return {row.system: Pause(*row) for row in rows}


def lift(connection: Connection, system: str) -> bool:
    """The system may be called again. Returns whether it was paused."""
    return bool(connection.execute(delete(pauses).where(pauses.c.system == system)).rowcount)
