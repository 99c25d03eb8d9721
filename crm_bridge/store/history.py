"""The history: what happened, in order. Consumers read on from where they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, delete, func, select

from crm_bridge.store.database import Database, among, upsert
from crm_bridge.store.schema import consumers, history, source_records


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that happened.

    Attributes:
        type: as CloudEvents name it: ``client.changed``, ``record.changed``, ``claim.registered`` …
        tells: plugins are told of it. Nothing that a first whole load brings is told.
    """

    seq: int
    at: str
    type: str
    client_id: str | None
    body: Mapping[str, Any]
    run_id: str | None = None
    record_pk: int | None = None
    tells: bool = False


class Said(NamedTuple):
    """One side of a conflict: the record that said it, what it said (``None``: nothing), and when."""

    record: str
    value: Any
    at: str | None = None


def conflict(
    seq: int,
    at: str,
    client_id: str,
    run_id: str | None,
    *,
    path: str,
    rule: str,
    winner: Said,
    losers: Sequence[Said],
    units: Sequence[str] = (),
) -> HistoryRow:
    """The row that tells of a conflict on ``path``; ``units``: all that it was about."""
    lost = [each._asdict() for each in losers]
    body = {
        "path": path,
        "units": list(units),
        "winner": winner.record,
        "value": winner.value,
        "rule": rule,
        "losers": lost,
    }
    return HistoryRow(seq, at, "sync.conflict", client_id, body, run_id)


def insert_all(database: Database, connection: Connection, rows: Sequence[HistoryRow]) -> None:
    database.insert_many(
        connection,
        history,
        ("seq", "at", "run_id", "type", "client_id", "record_pk", "tells", "body"),
        [
            (
                row.seq,
                row.at,
                row.run_id,
                row.type,
                row.client_id,
                row.record_pk,
                int(row.tells),
                orjson.dumps(row.body),
            )
            for row in rows
        ],
    )


def _row(row: Any) -> HistoryRow:
    return HistoryRow(
        row.seq, row.at, row.type, row.client_id, orjson.loads(row.body), row.run_id, row.record_pk, bool(row.tells)
    )


def of_client(connection: Connection, client_id: str) -> list[HistoryRow]:
    rows = connection.execute(select(history).where(history.c.client_id == client_id).order_by(history.c.seq))
    return [_row(row) for row in rows]


def of_clients(connection: Connection, client_ids: Sequence[str]) -> dict[str, list[HistoryRow]]:
    """What happened to each of these clients, oldest first."""
    found: dict[str, list[HistoryRow]] = {client_id: [] for client_id in client_ids}
    query = select(history).where(among(history.c.client_id, client_ids)).order_by(history.c.seq)
    for row in connection.execute(query):
        found[row.client_id].append(_row(row))
    return found


def next_seq(database: Database, connection: Connection) -> int:
    """One more than the highest count of anything that is stored. A run counts on from here: counts that it took for
    what was no news in the end are given anew."""
    return max(database.next_number(connection, table.c.seq) for table in (history, source_records))


def untold(connection: Connection, consumer: str, *, limit: int) -> list[HistoryRow]:
    """What ``consumer`` has not handled yet, oldest first."""
    since = handled_by(connection, consumer)
    rows = connection.execute(
        select(history).where(history.c.seq > since, history.c.tells == 1).order_by(history.c.seq).limit(limit)
    )
    return [_row(row) for row in rows]


def start_at_the_end(connection: Connection, consumer: str) -> None:
    """A consumer that is new hears of what comes from now on."""
    known = connection.execute(select(consumers.c.seq).where(consumers.c.name == consumer)).scalar()
    if known is None:
        last = connection.execute(select(func.coalesce(func.max(history.c.seq), 0))).scalar_one()
        handled(connection, consumer, last)


def consumers_of(connection: Connection, prefix: str) -> list[str]:
    """The names of the consumers that begin with ``prefix``."""
    return list(connection.execute(select(consumers.c.name).where(consumers.c.name.startswith(prefix))).scalars())


def forget_consumers(connection: Connection, names: Sequence[str]) -> None:
    """They are new when they come again."""
    connection.execute(delete(consumers).where(consumers.c.name.in_(names)))


def handled_by(connection: Connection, consumer: str) -> int:
    """How far it has come; 0 where it has not begun."""
    return int(connection.execute(select(consumers.c.seq).where(consumers.c.name == consumer)).scalar() or 0)


def handled(connection: Connection, consumer: str, seq: int) -> None:
    """``consumer`` has handled everything up to ``seq``."""
    upsert(connection, consumers, {"name": consumer, "seq": seq}, on=["name"])
