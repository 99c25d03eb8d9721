"""Clients: the computed cards, and finding one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select, update

from crm_bridge.store.database import Database, among
from crm_bridge.store.schema import clients, links, match_keys, source_records


class StoredClient(NamedTuple):
    """One client: a row, in the order of the table's columns.

    ``card`` is the canonical document, identity and version included, as JSON bytes.
    """

    id: str
    version: int
    card: bytes
    created_at: str
    updated_at: str
    replaced_by: str | None = None

    def doc(self) -> dict[str, Any]:
        doc: dict[str, Any] = orjson.loads(self.card)
        return doc


def get_all(connection: Connection, ids: Iterable[str]) -> dict[str, StoredClient]:
    wanted = list(ids)
    if not wanted:
        return {}
    return {
        row.id: StoredClient(*row) for row in connection.execute(select(clients).where(among(clients.c.id, wanted)))
    }


def get(connection: Connection, client_id: str) -> StoredClient | None:
    return get_all(connection, [client_id]).get(client_id)


def standing(connection: Connection, client_id: str) -> StoredClient | None:
    """The client, or the one that it was merged into, however many merges ago."""
    client = get(connection, client_id)
    while client is not None and client.replaced_by is not None:
        client = get(connection, client.replaced_by)
    return client


def one_person(connection: Connection, client_id: str) -> list[str]:
    """The ids under which the person of this client is, and was before merges: all that end at the same client."""
    last = standing(connection, client_id)
    if last is None:
        return [client_id]
    # Found by the records' former links: a merge moves every record, and leaves its old link.
    former = connection.execute(
        select(links.c.client_id)
        .join(source_records, source_records.c.pk == links.c.record_pk)
        .where(source_records.c.client_id == last.id)
        .distinct()
    ).scalars()
    known = get_all(connection, {last.id, client_id, *former})
    return sorted(each for each in known if _ends_at(connection, known, each, last.id))


def _ends_at(connection: Connection, known: Mapping[str, StoredClient], client_id: str, last: str) -> bool:
    client = known[client_id]
    if client.replaced_by is None:
        return client_id == last
    end = standing(connection, client_id)
    return end is not None and end.id == last


def insert_all(database: Database, connection: Connection, rows: Sequence[StoredClient]) -> None:
    database.insert_many(connection, clients, StoredClient._fields, rows)


def update_all(connection: Connection, rows: Sequence[StoredClient]) -> None:
    if rows:
        connection.execute(
            update(clients)
            .where(clients.c.id == bindparam("_id"))
            .values(
                version=bindparam("_version"),
                card=bindparam("_card"),
                updated_at=bindparam("_updated_at"),
                replaced_by=bindparam("_replaced_by"),
            ),
            [
                {
                    "_id": row.id,
                    "_version": row.version,
                    "_card": row.card,
                    "_updated_at": row.updated_at,
                    "_replaced_by": row.replaced_by,
                }
                for row in rows
            ],
        )


def find(connection: Connection, keys: Sequence[str], *, limit: int = 50) -> list[StoredClient]:
    """The clients with a record that has one of ``keys``."""
    if not keys:
        return []
    found = (
        select(source_records.c.client_id)
        .join(match_keys, match_keys.c.record_pk == source_records.c.pk)
        .where(among(match_keys.c.key, keys), source_records.c.client_id.is_not(None))
        .distinct()
        .limit(limit)
    )
    return [StoredClient(*row) for row in connection.execute(select(clients).where(clients.c.id.in_(found)))]


def ids_behind(connection: Connection, after: str, *, limit: int) -> list[str]:
    """Ids of clients that stand, in order, behind ``after``."""
    query = select(clients.c.id).where(clients.c.replaced_by.is_(None), clients.c.id > after)
    return list(connection.execute(query.order_by(clients.c.id).limit(limit)).scalars())


def each(connection: Connection) -> Iterator[StoredClient]:
    """All clients that stand, a few thousand at a time in memory."""
    query = select(clients).where(clients.c.replaced_by.is_(None)).order_by(clients.c.id)
    with connection.execute(query.execution_options(yield_per=2000)) as rows:  # closed also by who wants no more
        for row in rows:
            yield StoredClient(*row)
