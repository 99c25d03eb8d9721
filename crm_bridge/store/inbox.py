"""The inbox: what systems told us, kept as raw bytes before the sender gets its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from crm_bridge.connector import InboundRequest
from crm_bridge.store.database import among
from crm_bridge.store.schema import inbox, seen_events


@dataclass(frozen=True, slots=True)
class Received:
    """A verified request as it waits."""

    id: int
    system: str
    request: InboundRequest


def put(connection: Connection, system: str, request: InboundRequest) -> bool:
    """Keep the request. ``False``: the very same one is here already."""
    content = {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "headers": dict(request.headers),
        "body": request.body.decode("latin-1"),
        "received_at": request.received_at.isoformat(),
    }
    digest = blake2b(
        orjson.dumps([request.method, request.path, content["query"]]) + request.body, digest_size=16
    ).digest()
    result = connection.execute(
        sqlite_insert(inbox)
        .on_conflict_do_nothing()
        .values(
            system=system,
            digest=digest,
            state="waiting",
            received_at=content["received_at"],
            request=orjson.dumps(content),
        )
    )
    return bool(result.rowcount)


def waiting(connection: Connection, *, limit: int, but: Sequence[str] = ()) -> list[Received]:
    """What waits, oldest first; ``but``: systems that are away, whose requests wait on."""
    rows = connection.execute(
        select(inbox.c.id, inbox.c.system, inbox.c.request)
        .where(inbox.c.state == "waiting", inbox.c.system.not_in(but))
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return [Received(row.id, row.system, _request(orjson.loads(row.request))) for row in rows]


def depth(connection: Connection) -> int:
    return int(
        connection.execute(select(func.count()).select_from(inbox).where(inbox.c.state == "waiting")).scalar_one()
    )


def done(connection: Connection, ids: Sequence[int], *, state: str = "done") -> None:
    if ids:
        connection.execute(update(inbox).where(among(inbox.c.id, ids)).values(state=state))


def first_time(connection: Connection, system: str, event_id: str, *, at: str) -> bool:
    """Whether this event has not been handled before; it is remembered as handled from now on."""
    result = connection.execute(
        sqlite_insert(seen_events).on_conflict_do_nothing().values(system=system, event_id=event_id, at=at)
    )
    return bool(result.rowcount)


def _request(content: dict[str, Any]) -> InboundRequest:
    return InboundRequest(
        method=content["method"],
        path=content["path"],
        query=content["query"],
        headers=content["headers"],
        body=content["body"].encode("latin-1"),
        received_at=datetime.fromisoformat(content["received_at"]),
    )
