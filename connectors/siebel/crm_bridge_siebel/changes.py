"""Reading what changed, in windows by key, so that nothing is skipped while people go on editing.

A poll does two things. It looks back over the overlap window, by keys alone, and fetches again what it had not given
in that version: late commits, and edits within a second that was already read. Then it goes on behind its position.
Times are local to the integration user's profile, which may be in another zone than UTC, and may be changed: the poll
looks further back when records that did not change carry another time than before, and near changes of the clock.
A page that stays unreadable is taken apart: its keys are read, and the records in halves, until the one that cannot
be read stands alone and becomes a broken record. So one bad character never stops the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from crm_bridge.api import ConfigMistake, Page, RetryLater
from crm_bridge_siebel.by_key import deaf, is_full, pages_by_id
from crm_bridge_siebel.conditions import Condition, clock_changes_near
from crm_bridge_siebel.cursor import Cursor, Seen
from crm_bridge_siebel.halving import IDS_A_QUERY, by_halves
from crm_bridge_siebel.query import (
    BY_CHANGE,
    BY_ID,
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
from crm_bridge_siebel.system_fields import hidden
from crm_bridge_siebel.translation import UnreadableAnswer

_SEEN_IN_EVERY_PAGE = 1_000  # above it, only the last page of a drain records the window
_ANCHORS = 20  # records whose Updated tells whether the zone is still the same
_WIDEST_ZONES = 26 * 3600  # from UTC-12 to UTC+14
_CLOCK_CHANGE = 2 * 3600  # an hour before it and the hour that comes twice

Ask = Callable[[Query], Answer]


@dataclass(slots=True)
class _Drain:
    """How far one drain has come; see :class:`Cursor` for the fields."""

    seen: Seen
    position: Position | None = None
    version: str = ""
    floor: str = ""
    children: tuple[str, str] = ("", "")

    def move(self, position: Position, *, version: str) -> None:
        """Go on to ``position`` when it is later."""
        if self.position is None or moment(position.updated) > moment(self.position.updated):
            self.position, self.version = position, version

    def cursor(self, *, told: bool = True) -> Cursor:
        """The cursor of here. ``told``: with what was given of the window."""
        assert self.position is not None  # noqa: S101  # nothing is given before there is one
        digests, at = self.children
        return Cursor(self.position, self.seen.by_second if told else None, self.version, self.floor, digests, at)


class ChangeReader:
    """Drains one kind.

    Args:
        ask: carries out a query; raises UnreadableAnswer when the answer stays unreadable, RetryLater without one.
        page_size: records a page.
        overlap_seconds: how far to look back.
        where: the kind, for positions of broken records.
        zone: of the integration user's profile, in which times are.
        call_seconds: that one call takes at most.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        page_size: int,
        overlap_seconds: int,
        system: str,
        where: str,
        zone: str = "UTC",
        call_seconds: float = 120.0,
    ) -> None:
        self._ask = ask
        self._first_calls = ceil(3 * call_seconds)  # the first page, perhaps twice, and the newest record
        self._zone = zone
        self._page_size = page_size
        self._overlap = overlap_seconds
        self._system = system
        self._where = where

    def pages(self, cursor: Cursor | None, *, children: tuple[str, str] = ("", "")) -> Iterator[Page]:
        """Pages behind ``cursor``; the cursor of each is valid to go on behind it.

        Args:
            children: packed fingerprints of child rows and when they were taken, for the cursors.

        Raises:
            RetryLater: no answer, or one that stays unreadable; pages already given stand.
        """
        drain = _Drain(Seen(self._overlap), children=children)
        if cursor is not None:
            drain.position, drain.version, drain.floor = cursor.position, cursor.version, cursor.floor
            if cursor.seen is not None:
                drain.seen.by_second.update({second: dict(pairs) for second, pairs in cursor.seen.items()})
            low = earlier(cursor.watermark, seconds=self._overlap + self._further(cursor, drain.seen))
            upper = changed_up_to(cursor.position)
            yield from self._by_keys(all_of(changed_since(low), upper), drain, moves=False)
            drain.floor = ""
        yield from self._go_on(drain)

    def _further(self, cursor: Cursor, seen: Seen) -> int:
        """How many seconds beyond the overlap to look back: local times may stand for others than they did."""
        if not self._same_zone(cursor, seen):
            return _WIDEST_ZONES
        return _CLOCK_CHANGE if clock_changes_near(cursor.watermark, zone=self._zone) else 0

    def _same_zone(self, cursor: Cursor, seen: Seen) -> bool:
        """Whether what has not changed still has the ``Updated`` that it had: else the login's zone is another.

        Times are local to the integration user's profile: after an administrator changed it, a watermark of before
        would stand for an hour that is yet to come.
        """
        known = seen.newest(_ANCHORS)
        if cursor.version:
            known[cursor.position.row_id] = (cursor.position.updated, cursor.version)
        if not known:
            return False
        query = Query(any_of(ROW_ID, sorted(known)), sort=BY_ID, page_size=len(known), keys_only=True)
        try:
            rows = [row for row in self._ask(query).records if row[ROW_ID] in known]
        except UnreadableAnswer:
            return False
        same = [row.get(UPDATED) == known[row[ROW_ID]][0] for row in rows if row.get(VERSION) == known[row[ROW_ID]][1]]
        return bool(same) and all(same)

    def _by_keys(self, which: Condition | None, drain: _Drain, *, moves: bool) -> Iterator[Page]:
        """What was not given yet of the rows ``which``, by the order of ids: they stay, whatever time a row has.

        Args:
            moves: the drain's position goes on to the latest of them; its cursor is given when all were read.
        """
        found = pages_by_id(self._keys, which, page_size=self._page_size, where=self._where, system=self._system)
        for keys in found:
            known = drain.seen.knows
            fresh = [row[ROW_ID] for row in keys.records if not known(row[UPDATED], row[ROW_ID], row[VERSION])]
            for start in range(0, len(fresh), IDS_A_QUERY):
                chunk = fresh[start : start + IDS_A_QUERY]
                records, broken = by_halves(self._ask, chunk, where=self._where, system=self._system)
                self._remember(records, drain.seen)
                # A broken one is remembered as it stands, or each poll would report it again.
                lost = {each.record_id for each in broken}
                self._remember([row for row in keys.records if row[ROW_ID] in lost], drain.seen)
                yield Page(records=records, broken=broken, cursor=None if moves else drain.cursor().dump())
            if moves:
                for row in keys.records:
                    drain.move(Position(row[UPDATED], row[ROW_ID]), version=row[VERSION])
        if moves:
            yield Page(records=(), cursor=drain.cursor().dump())

    def _go_on(self, drain: _Drain) -> Iterator[Page]:
        first = told = True
        while True:
            answer = self._page_behind(drain.position)
            if first and answer.last is not None and not answer.last_page:
                # While a long drain goes on, what is committed late lies ever further behind it. So the next poll
                # looks back from where the newest record was when this drain began, less what the first calls took.
                newest = self._newest()
                drain.floor = earlier(newest, seconds=self._first_calls) if newest else ""
            first = False
            if answer.last is None:
                if not told:
                    yield Page(records=(), cursor=drain.cursor().dump())
                return  # nothing stands behind the position, whatever the page says of others
            before = drain.position
            reached = self._dated(self._latest(answer), answer.records)
            if drain.position is not None and moment(reached.updated) < moment(drain.position.updated):
                # Sorted, and yet earlier: the user's local clock went back an hour. In that hour windows over time are
                # ambiguous, windows over ids are not.
                drain.floor = earlier(reached.updated, seconds=_CLOCK_CHANGE)
                yield from self._by_keys(changed_since(drain.floor), drain, moves=True)
                return
            fresh = [row for row in answer.records if not self._given(row, drain.seen)]
            drain.position = reached
            tail = answer.records[-1] if answer.records else {}
            drain.version = tail.get(VERSION, "") if tail.get(ROW_ID) == reached.row_id else ""
            self._remember(fresh, drain.seen)
            near = clock_changes_near(drain.cursor().watermark, zone=self._zone)
            drain.seen.prune(drain.cursor().watermark, further=_CLOCK_CHANGE if near else 0)
            told = answer.last_page or len(drain.seen) <= _SEEN_IN_EVERY_PAGE
            yield Page(records=fresh, broken=answer.broken, cursor=drain.cursor(told=told).dump())
            # Some services call every page the last one: a full one is asked what stands behind it.
            if answer.last_page and (reached == before or not is_full(answer, self._page_size)):
                return
            if reached == before:
                raise deaf(self._where, system=self._system)

    def _latest(self, answer: Answer) -> Position:
        """The last row with a time: a single one without does not end the drain, it only comes again."""
        assert answer.last is not None  # noqa: S101  # the caller looked
        if answer.last.updated:
            return answer.last
        dated = [row for row in answer.records if row.get(UPDATED)]
        return Position(dated[-1][UPDATED], dated[-1][ROW_ID]) if dated else answer.last

    def _page_behind(self, position: Position | None) -> Answer:
        query = Query(
            searchspec=changed_after(position) if position else None,
            sort=BY_CHANGE,
            page_size=self._page_size,
            beginning=True,
        )
        try:
            answer = self._ask(query)
        except UnreadableAnswer:
            return self._taken_apart(query)
        if answer.cut:
            self._page_size = len(answer.records) + len(answer.broken)
        return answer

    def _newest(self) -> str:
        """The latest ``Updated`` there is."""
        query = Query(None, sort=BY_CHANGE, descending=True, page_size=1, keys_only=True)
        keys = self._keys(query)
        return keys.last.updated if keys.last is not None else ""

    def _given(self, row: dict[str, Any], seen: Seen) -> bool:
        return seen.knows(row.get(UPDATED, ""), row[ROW_ID], row.get(VERSION, ""))

    def _taken_apart(self, query: Query) -> Answer:
        keys = self._keys(replace(query, keys_only=True))
        ids = [row[ROW_ID] for row in keys.records]
        records, broken = by_halves(self._ask, ids, where=self._where, system=self._system, doubted=True)
        return replace(keys, records=tuple(records), broken=tuple(broken))

    def _keys(self, query: Query) -> Answer:
        try:
            keys = self._ask(query)
        except UnreadableAnswer as error:
            raise RetryLater(f"pages of {self._where} stay unreadable: {error.message}", system=self._system) from None
        if keys.broken or any(not row.get(UPDATED) or VERSION not in row for row in keys.records):
            raise self._undated(keys.records)
        return keys

    def _remember(self, records: Sequence[dict[str, Any]], seen: Seen) -> None:
        for row in records:
            if row.get(UPDATED):
                seen.add(row[UPDATED], row[ROW_ID], row.get(VERSION, ""))

    def _dated(self, last: Position, records: Sequence[dict[str, Any]]) -> Position:
        if not last.updated:
            raise self._undated(records)
        try:
            moment(last.updated)
        except ValueError:
            raise ConfigMistake(
                f"{self._system}: Updated of {self._where} is not MM/DD/YYYY HH:MM:SS; "
                "give the integration user UTC and that format"
            ) from None
        return last

    def _undated(self, records: Sequence[dict[str, Any]]) -> ConfigMistake:
        missing = [name for name in (UPDATED, VERSION) if any(not row.get(name) for row in records)] or [UPDATED]
        return ConfigMistake(f"{self._system}: changes cannot be found, {hidden(missing, kind=self._where)}")
