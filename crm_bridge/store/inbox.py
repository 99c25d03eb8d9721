"""The inbox: what systems told us, kept as raw bytes before the sender gets its answer.

A request waits, is taken, and is done; or it waits for a second look. What comes again while it is taken waits anew:
it may speak of a change that came after our look. One process at a time takes: what it left taken, the next one takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from crm_bridge.connector import InboundRequest
from crm_bridge.store.database import among, inserting
from crm_bridge.store.schema import inbox, seen_events

SECOND_LOOK_SECONDS = 10.0
"""When news that were sent before their commit are looked at again. What is committed later still, polling finds."""


@dataclass(frozen=True, slots=True)
class Received:
    """A verified request as it waits. ``looked``: it was dealt with once, and wants a second look."""

    id: int
    system: str
    request: InboundRequest
    looked: bool = False


def put(connection: Connection, system: str, request: InboundRequest) -> bool:
    """Keep the request. ``False``: the very same one is here already; it waits anew, for it may be about something new.

    Not every sender numbers what it sends: the same bytes may be the news of another change of the same record.
    """
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
    now = {"state": "waiting", "received_at": content["received_at"], "request": orjson.dumps(content)}
    same = (inbox.c.system == system, inbox.c.digest == digest)
    if connection.execute(update(inbox).where(*same).values(now)).rowcount:
        return False
    connection.execute(insert(inbox).values(system=system, digest=digest, **now))
    return True


def take(connection: Connection, *, limit: int, at: datetime, but: Sequence[str] = ()) -> list[Received]:
    """Take what waits, oldest first; ``but``: systems that are away, whose requests wait on."""
    rows = connection.execute(
        select(inbox.c.id, inbox.c.system, inbox.c.state, inbox.c.request)
        .where(_waits(at), inbox.c.system.not_in(but))
        .order_by(inbox.c.id)
        .limit(limit)
    ).all()
    if rows:
        connection.execute(update(inbox).where(among(inbox.c.id, [row.id for row in rows])).values(state="taken"))
    return [Received(row.id, row.system, _request(orjson.loads(row.request)), row.state == "again") for row in rows]


def depth(connection: Connection, *, at: datetime) -> int:
    """How many requests wait, those included that are due for their second look."""
    return int(connection.execute(select(func.count()).select_from(inbox).where(_waits(at))).scalar_one())


def done(connection: Connection, ids: Sequence[int], *, state: str = "done") -> None:
    """Close those of these requests that were taken and did not come again since; ``again``: until a second look."""
    if ids:
        connection.execute(update(inbox).where(among(inbox.c.id, ids), inbox.c.state == "taken").values(state=state))


def _waits(at: datetime) -> ColumnElement[bool]:
    early = (at - timedelta(seconds=SECOND_LOOK_SECONDS)).isoformat()
    return or_(inbox.c.state.in_(("waiting", "taken")), and_(inbox.c.state == "again", inbox.c.received_at <= early))


def first_time(connection: Connection, system: str, event_id: str, *, at: str) -> bool:
    """Whether this event has not been handled before; it is remembered as handled from now on."""
    result = connection.execute(
        inserting(connection, seen_events).on_conflict_do_nothing().values(system=system, event_id=event_id, at=at)
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
