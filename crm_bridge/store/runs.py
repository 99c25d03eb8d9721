"""Runs and their reports; cursors: where reading of each system goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, update

from crm_bridge.store.database import inserting, upsert
from crm_bridge.store.schema import cursors, runs


@dataclass(frozen=True, slots=True)
class Cursor:
    """``loaded``: the first whole load was drained, so that what comes now is news. ``mapping``: what records were read
    by, with its digest."""

    cursor: str | None = None
    loaded: bool = False
    mapping: str | None = None


def cursor(connection: Connection, system: str, kind: str) -> Cursor:
    row = connection.execute(
        select(cursors.c.cursor, cursors.c.loaded, cursors.c.mapping).where(
            cursors.c.system == system, cursors.c.kind == kind
        )
    ).one_or_none()
    return Cursor(row[0], bool(row[1]), row[2]) if row else Cursor()


def move_cursor(connection: Connection, system: str, kind: str, to: Cursor, *, at: str) -> None:
    """In the transaction of the page that it stands behind."""
    row = {
        "system": system,
        "kind": kind,
        "cursor": to.cursor,
        "loaded": int(to.loaded),
        "mapping": to.mapping,
        "updated_at": at,
    }
    upsert(connection, cursors, row, on=["system", "kind"])


def start(connection: Connection, run_id: str, kind: str, *, at: str) -> None:
    """A run begins; one that begins again after the store was away stays the same."""
    row = inserting(connection, runs).values(id=run_id, kind=kind, started_at=at)
    connection.execute(row.on_conflict_do_nothing(index_elements=["id"]))


def finish(connection: Connection, run_id: str, *, at: str, exit_code: int | None, report: Mapping[str, Any]) -> None:
    """The run is over; ``exit_code=None``: it was broken off, and nobody heard what it would have said."""
    connection.execute(
        update(runs).where(runs.c.id == run_id).values(finished_at=at, exit_code=exit_code, report=orjson.dumps(report))
    )


def last_ended(connection: Connection, *, but: str) -> str:
    """When the last run came to its end that did, other than ``but``; ``""``: there is none."""
    query = select(func.max(runs.c.finished_at)).where(runs.c.exit_code.is_not(None), runs.c.id != but)
    return connection.execute(query).scalar() or ""


def listing(connection: Connection, *, limit: int = 50) -> list[dict[str, Any]]:
    """The newest first."""
    rows = connection.execute(select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit))
    return [_plain(row._mapping) for row in rows]


def get(connection: Connection, run_id: str) -> dict[str, Any] | None:
    row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    return _plain(row._mapping) if row else None


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "report": orjson.loads(row["report"]) if row["report"] else None}
