"""Reading what changed from a service that cannot sort: by offset to the end, and moving on only then.

Rows without an order may move while they are read. So each page begins with the last row of the page before it; when
another stands there, the set has moved, and the drain begins again. What was given stays given: the window of versions
seen keeps it from coming twice. A service without pages answers with everything at once, read piece by piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from crm_bridge.api import ConfigMistake, Page, RetryLater
from crm_bridge_siebel.by_key import deaf
from crm_bridge_siebel.conditions import moment
from crm_bridge_siebel.cursor import Cursor, Seen
from crm_bridge_siebel.query import Position, Query, changed_since, earlier
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import ROW_ID, UPDATED, VERSION
from crm_bridge_siebel.system_fields import HOW, refuse_nameless

Pieces = Callable[[Query], Iterator[Answer]]
_MOST_RESTARTS = 5
_REPEATED = 2  # once it might be the set that moved


class UnsortedReader:
    """Drains one kind of such a service.

    Args:
        ask: carries out a query and gives its answer in pieces.
        page_size: rows a page.
        overlap_seconds: how far to look back.
        where: the kind, for messages.
    """

    def __init__(self, ask: Pieces, *, page_size: int, overlap_seconds: int, system: str, where: str) -> None:
        self._ask = ask
        self._page_size = max(2, page_size)
        self._overlap = overlap_seconds
        self._system = system
        self._where = where

    def pages(self, cursor: Cursor | None, *, children: tuple[str, str] = ("", "")) -> Iterator[Page]:
        """Pages of what changed since ``cursor``. Only the last one moves the cursor.

        Args:
            children: packed fingerprints of child rows and when they were taken, for the cursor.

        Raises:
            RetryLater: no answer, or the set moved on and on; pages already given stand.
            ConfigMistake: records without Updated.
        """
        seen = Seen(self._overlap)
        newest: Position | None = None
        low: str | None = None
        if cursor is not None:
            newest = cursor.position
            low = earlier(newest.updated, seconds=self._overlap)
            if cursor.seen is not None:
                seen.by_second.update({second: dict(pairs) for second, pairs in cursor.seen.items()})
        moved = False
        for answer in self.answers(Query(changed_since(low) if low else None, page_size=self._page_size)):
            fresh = []
            for record in answer.records:
                at = self._position(record)
                if low is not None and moment(at.updated) < moment(low):
                    continue  # the service could not be asked for a window
                if seen.knows(at.updated, at.row_id, record.get(VERSION, "")):
                    continue
                seen.add(at.updated, at.row_id, record.get(VERSION, ""))
                fresh.append(record)
                if newest is None or _order(at) > _order(newest):
                    newest = at
            if fresh or answer.broken:
                moved = True
                yield Page(records=fresh, broken=answer.broken, cursor=None)
        if moved and newest is not None:
            seen.prune(newest.updated)
            yield Page(
                records=(), cursor=Cursor(newest, seen.by_second, children=children[0], children_at=children[1]).dump()
            )

    def answers(self, query: Query) -> Iterator[Answer]:
        """Everything that ``query`` finds; a row may come twice.

        Raises:
            RetryLater: no answer, or the set moved on and on.
            ConfigMistake: the service gives its first page whatever row is named.
        """
        restarts, start, last_id = 0, 0, None
        opening: list[str] = []
        repeated = 0
        while True:
            page = replace(query, start_row=start)
            first, count, done = True, 0, True
            for answer in self._ask(page):
                refuse_nameless(answer, kind=self._where, system=self._system)
                rows = answer.records
                ids = [row[ROW_ID] for row in rows]
                if first and not start:
                    opening = ids
                if first and last_id is not None and ids[:1] != [last_id]:
                    repeated += ids == opening
                    if repeated == _REPEATED:
                        raise deaf(self._where, system=self._system)
                    restarts, start, last_id = restarts + 1, 0, None
                    count = -1
                    break
                first = False
                count += len(rows) + len(answer.broken)
                done = answer.last_page
                last_id = answer.last.row_id if answer.last is not None else None
                yield answer
            if restarts > _MOST_RESTARTS:
                raise RetryLater(f"{self._where} kept moving while it was read by offset", system=self._system)
            if count < 0:
                continue
            if done or count == 0 or (start and count == 1):
                return
            start += count if last_id is None else count - 1

    def _position(self, record: dict[str, Any]) -> Position:
        updated = record.get(UPDATED, "")
        try:
            moment(updated)
        except ValueError:
            raise ConfigMistake(
                f"{self._system}: {self._where} comes without a readable Updated, so changes cannot be found: {HOW}; "
                "or name its tag in system_fields"
            ) from None
        return Position(updated=updated, row_id=record[ROW_ID])


def _order(position: Position) -> tuple[Any, str]:
    return moment(position.updated), position.row_id
