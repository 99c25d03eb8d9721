"""Dead letters by cause, a page at a time: as quick with a million of them as with ten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from crm_bridge.errors import UserMistake
from crm_bridge.store.database import among
from crm_bridge.store.schema import dead_letters

OPEN = "open"
_TABLE = dead_letters.c
_SHOWN = [each for each in _TABLE if each.name not in ("value", "raw", "closed_by", "closed_reason", "run_id")]
_PARTS = (_TABLE.system, _TABLE.kind, _TABLE.stage, _TABLE.code, _TABLE.path)


@dataclass(frozen=True, slots=True)
class Cause:
    """Which letters are meant; ``None``: whatever is there. With all five it is one group."""

    system: str | None = None
    kind: str | None = None
    stage: str | None = None
    code: str | None = None
    path: str | None = None

    @property
    def names_any(self) -> bool:
        return any(each is not None for each in astuple(self))

    def covers(self, group: Cause) -> bool:
        """Whether the letters of ``group`` are meant."""
        return all(wanted in (None, has) for wanted, has in zip(astuple(self), astuple(group), strict=True))

    def where(self) -> ColumnElement[bool]:
        named = [part == said for part, said in zip(_PARTS, astuple(self), strict=True) if said is not None]
        return and_(_TABLE.state == OPEN, *named)


EVERY = Cause()


def of_letter(connection: Connection, letter_id: int) -> Cause:
    """The group that a letter belongs to.

    Raises:
        UserMistake: there is no such letter.
    """
    row = connection.execute(select(*_PARTS).where(_TABLE.id == letter_id)).one_or_none()
    if row is None:
        raise UserMistake(f"there is no dead letter {letter_id}; see `crm-bridge dead-letters list`")
    return Cause(*row)


def groups(connection: Connection, cause: Cause = EVERY) -> list[dict[str, Any]]:
    """Open letters by cause, the largest group first: how many, since when, and the oldest as an example."""
    rows = connection.execute(
        select(*_PARTS, func.count().label("letters"), func.min(_TABLE.id).label("example"))
        .where(cause.where())
        .group_by(*_PARTS)
        .order_by(func.count().desc(), _TABLE.system, _TABLE.code, _TABLE.path)
    ).all()
    shown = select(_TABLE.id, _TABLE.first_at, _TABLE.hint).where(among(_TABLE.id, [row.example for row in rows]))
    oldest = {row.id: row for row in connection.execute(shown)}
    return [{**row._mapping, "oldest": oldest[row.example].first_at, "hint": oldest[row.example].hint} for row in rows]


def page(connection: Connection, cause: Cause, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Open letters by number, behind ``after``, without what their records hold."""
    ids = _ids(connection, cause, after=after, limit=limit, until=None)
    rows = connection.execute(select(*_SHOWN).where(among(_TABLE.id, ids)).order_by(_TABLE.id))
    return [dict(row._mapping) for row in rows]


def each(view: Callable[[], AbstractContextManager[Connection]], cause: Cause, *, at_once: int) -> Iterator[list[int]]:
    """The numbers of all open letters that there are now, a portion at a time; what comes meanwhile is left out.

    Args:
        view: opens a consistent view, as ``Database.reading`` does.
    """
    with view() as connection:
        until = last(connection)
    after = 0
    while True:
        with view() as connection:
            ids = _ids(connection, cause, after=after, limit=at_once, until=until)
        if not ids:
            return
        yield ids
        after = ids[-1]


def last(connection: Connection) -> int:
    """The number of the newest letter."""
    return int(connection.execute(select(func.coalesce(func.max(_TABLE.id), 0))).scalar_one())


def count(connection: Connection, cause: Cause) -> int:
    query = select(func.count()).select_from(dead_letters).where(cause.where())
    return int(connection.execute(query).scalar_one())


def _ids(connection: Connection, cause: Cause, *, after: int, limit: int, until: int | None) -> list[int]:
    bounds = [_TABLE.id > after, *([_TABLE.id <= until] if until is not None else [])]
    if not cause.names_any:
        query = select(_TABLE.id).where(_TABLE.state == OPEN, *bounds).order_by(_TABLE.id).limit(limit)
        return list(connection.execute(query).scalars())
    found: list[int] = []
    for group in _groups_of(connection, cause):
        query = select(_TABLE.id).where(group.where(), *bounds).order_by(_TABLE.id).limit(limit)
        found.extend(connection.execute(query).scalars())
    return sorted(found)[:limit]


def _groups_of(connection: Connection, cause: Cause) -> list[Cause]:
    """The groups that ``cause`` covers, found by jumping from one to the next in the index, however large they are."""
    found: list[Cause] = []
    said: tuple[str, ...] | None = None
    while True:
        query = select(*_PARTS).where(_TABLE.state == OPEN).order_by(*_PARTS).limit(1)
        row = _first_behind(connection, query, said)
        if row is None:
            return found
        said = tuple(row)
        group = Cause(*row)
        if cause.covers(group):
            found.append(group)


def _first_behind(connection: Connection, query: Any, said: tuple[str, ...] | None) -> Any:
    """The first row behind ``said``: first within its system, kind, stage and code, then less and less alike."""
    if said is None:
        return connection.execute(query).first()
    for alike in range(len(_PARTS) - 1, -1, -1):
        same = [part == value for part, value in zip(_PARTS[:alike], said[:alike], strict=True)]
        row = connection.execute(query.where(*same, _PARTS[alike] > said[alike])).first()
        if row is not None:
            return row
    return None
