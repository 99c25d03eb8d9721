"""Reading what changed, in windows by key, so that nothing is skipped while people go on editing.

A poll does two things. It looks back over the overlap window, by keys alone, and fetches again what it had not given
in that version: late commits, and edits within a second that was already read. Then it goes on behind its position.
A page that stays unreadable is taken apart: its keys are read, and the records in halves, until the one that cannot
be read stands alone and becomes a broken record. So one bad character never stops the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from crm_bridge.api import BrokenRecord, ConfigMistake, Page, RetryLater
from crm_bridge_siebel.conditions import Condition
from crm_bridge_siebel.cursor import Cursor, Seen
from crm_bridge_siebel.query import (
    BY_CHANGE,
    Position,
    Query,
    all_of,
    any_of,
    changed_after,
    changed_since,
    changed_up_to,
    earlier,
    moment,
)
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import ROW_ID, UPDATED, VERSION
from crm_bridge_siebel.translation import UnreadableAnswer

IDS_A_QUERY = 50  # keeps a search specification short
_SEEN_IN_EVERY_PAGE = 1_000  # above it, only the last page of a drain records the window
_MOST_BROKEN = 10

Ask = Callable[[Query], Answer]


class ChangeReader:
    """Drains one kind.

    Args:
        ask: carries out a query; raises UnreadableAnswer when the answer stays unreadable, RetryLater without one.
        page_size: records a page.
        overlap_seconds: how far to look back.
        where: the kind, for positions of broken records.
    """

    def __init__(self, ask: Ask, *, page_size: int, overlap_seconds: int, system: str, where: str) -> None:
        self._ask = ask
        self._page_size = page_size
        self._overlap = overlap_seconds
        self._system = system
        self._where = where

    def pages(self, cursor: Cursor | None) -> Iterator[Page]:
        """Pages behind ``cursor``; the cursor of each is valid to go on behind it.

        Raises:
            RetryLater: no answer, or one that stays unreadable; pages already given stand.
        """
        seen = Seen(self._overlap)
        position = cursor.position if cursor else None
        if cursor is not None and position is not None:
            if cursor.seen is not None:
                seen.by_second.update({second: dict(pairs) for second, pairs in cursor.seen.items()})
            yield from self._look_back(position, seen)
        yield from self._go_on(position, seen)

    def _look_back(self, position: Position, seen: Seen) -> Iterator[Page]:
        low = earlier(position.updated, seconds=self._overlap)
        at: Position | None = None
        while True:
            passed = all_of(changed_since(low) if at is None else changed_after(at), changed_up_to(position))
            keys = self._keys(passed)
            fresh = [row[ROW_ID] for row in keys.records if not seen.knows(row[UPDATED], row[ROW_ID], row[VERSION])]
            for start in range(0, len(fresh), IDS_A_QUERY):
                chunk = fresh[start : start + IDS_A_QUERY]
                records, broken = self._by_halves(chunk)
                self._remember(records, seen)
                # A broken one is remembered as it stands, or each poll would report it again.
                self._remember([row for row in keys.records if row[ROW_ID] in {b.record_id for b in broken}], seen)
                yield Page(records=records, broken=broken, cursor=Cursor(position, seen.by_second).dump())
            if keys.last_page or keys.last is None:
                return
            at = keys.last

    def _go_on(self, position: Position | None, seen: Seen) -> Iterator[Page]:
        while True:
            query = Query(
                searchspec=changed_after(position) if position else None, sort=BY_CHANGE, page_size=self._page_size
            )
            try:
                answer = self._ask(query)
            except UnreadableAnswer:
                answer = self._taken_apart(query)
            if answer.last is None and (answer.broken or not answer.last_page):
                raise self._undated()
            if answer.last is None:
                return
            position = self._dated(answer.last)
            self._remember(answer.records, seen)
            seen.prune(position.updated)
            told = seen.by_second if answer.last_page or len(seen) <= _SEEN_IN_EVERY_PAGE else None
            yield Page(records=answer.records, broken=answer.broken, cursor=Cursor(position, told).dump())
            if answer.last_page:
                return

    def _taken_apart(self, query: Query) -> Answer:
        keys = self._keys(query.searchspec)
        records, broken = self._by_halves([row[ROW_ID] for row in keys.records])
        return replace(keys, records=tuple(records), broken=tuple(broken))

    def _keys(self, searchspec: Condition | None) -> Answer:
        query = Query(searchspec=searchspec, sort=BY_CHANGE, page_size=self._page_size, keys_only=True)
        try:
            keys = self._ask(query)
        except UnreadableAnswer as error:
            raise RetryLater(f"pages of {self._where} stay unreadable: {error.message}", system=self._system) from None
        if keys.broken or any(not row.get(UPDATED) or VERSION not in row for row in keys.records):
            raise self._undated()
        return keys

    def _by_halves(self, ids: Sequence[str]) -> tuple[list[dict[str, Any]], list[BrokenRecord]]:
        """The records ``ids``, and those among them that cannot be read whatever is done."""
        records: list[dict[str, Any]] = []
        broken: list[BrokenRecord] = []
        pending = [list(ids[start : start + IDS_A_QUERY]) for start in range(0, len(ids), IDS_A_QUERY)]
        while pending:
            chunk = pending.pop(0)
            query = Query(searchspec=any_of(ROW_ID, chunk), sort=(ROW_ID,), page_size=len(chunk))
            try:
                answer = self._ask(query)
                records += answer.records
                broken += answer.broken
            except UnreadableAnswer as error:
                if len(chunk) > 1:
                    middle = len(chunk) // 2
                    pending[:0] = [chunk[:middle], chunk[middle:]]
                    continue
                broken.append(self._unreadable(chunk[0], cause=error.message))
            if len(broken) > _MOST_BROKEN and len(broken) * 2 > len(ids):
                raise RetryLater(
                    f"most records of a page of {self._where} are unreadable: that is the connection, not the records",
                    system=self._system,
                )
        return records, broken

    def _unreadable(self, record_id: str, *, cause: str) -> BrokenRecord:
        return BrokenRecord(
            position=f"{self._where} {record_id}",
            cause=f"Siebel's answer with this record is not well-formed ({cause}); look for control characters in it",
            raw="",
            record_id=record_id,
        )

    def _remember(self, records: Sequence[dict[str, Any]], seen: Seen) -> None:
        for row in records:
            if row.get(UPDATED):
                seen.add(row[UPDATED], row[ROW_ID], row.get(VERSION, ""))

    def _dated(self, last: Position) -> Position:
        if not last.updated:
            raise self._undated()
        try:
            moment(last.updated)
        except ValueError:
            raise ConfigMistake(
                f"{self._system}: Updated of {self._where} is not MM/DD/YYYY HH:MM:SS; "
                "give the integration user UTC and that format"
            ) from None
        return last

    def _undated(self) -> ConfigMistake:
        return ConfigMistake(
            f"{self._system}: {self._where} comes without Updated or ModId, so changes cannot be found: ask for these "
            "system fields to be changed from type System to Data in the integration object"
        )
