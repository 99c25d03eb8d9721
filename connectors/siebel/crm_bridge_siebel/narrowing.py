"""Queries that find more rows than Siebel gives at once (SBL-DAT-00500), asked again in narrower windows.

The limit holds for what a query finds, not for a page of it, where ``ExecutionMode`` is not published. So the window is
halved by ``Updated`` and, within a single second, by ``Id``, until it fits, and its first page is the query's first
page. Both bounds of a window are compared by Siebel's database, and two halves always make up the whole: whatever its
collation says of the bounds, every row stands in one of them, and those of the first half stand before the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.conditions import Compare, Condition, all_of, moment, names_rows, siebel_moment
from crm_bridge_siebel.faults import FaultClass, SiebelFaultError
from crm_bridge_siebel.query import Query, earlier
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import ROW_ID, UPDATED

_MOST_ASKED = 200  # failing queries for one page: seconds of a century and ids of ten signs are halved in 90
_EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001  # local to the integration user, as all of Siebel's times
_ABOVE_NOW = timedelta(days=2)  # whatever zone the clock and the user are in
_SIGNS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST_ID = 15  # varchar(15) in Siebel's base tables

Ask = Callable[[Query], Answer]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows above ``low`` and up to ``high`` in ``name``; ``None``: no bound. ``second``: of that ``Updated`` alone."""

    name: str
    low: str | None = None
    high: str | None = None
    second: str | None = None

    @property
    def condition(self) -> Condition | None:
        """What to ask for."""
        is_moment = self.name == UPDATED
        return all_of(
            Compare(UPDATED, "=", self.second, is_moment=True) if self.second else None,
            Compare(self.name, ">", self.low, is_moment=is_moment) if self.low is not None else None,
            Compare(self.name, "<=", self.high, is_moment=is_moment) if self.high is not None else None,
        )

    def halves(self, now: datetime) -> Sequence[Window]:
        """Two windows that make up this one, the first before the second; none: it cannot be halved."""
        if self.name == UPDATED:
            low = moment(self.low) if self.low is not None else _EARLIEST
            high = moment(self.high) if self.high is not None else now.replace(tzinfo=None) + _ABOVE_NOW
            seconds = int((high - low).total_seconds())
            if seconds <= 1:
                return self._of_one_second()
            middle = siebel_moment(low + timedelta(seconds=seconds // 2))
        else:
            middle = middle_of(self.low, self.high)
            if middle in (self.low, self.high):
                return ()
        return replace(self, high=middle), replace(self, low=middle)

    def _of_one_second(self) -> Sequence[Window]:
        if self.high is None or self.low is None:
            return ()
        return (Window(ROW_ID, second=self.high),)


def middle_of(low: str | None, high: str | None) -> str:
    """A row id about half-way between two, as if ids were fractions; it need not be one that exists."""
    digits = [(_SIGNS.find(a) if a else 0, _SIGNS.find(b) if b else 0) for a, b in zip_longest(low or "", high or "")]
    top = 1 if high is None else 0
    size = min(_LONGEST_ID, len(digits) + 2)
    digits = (digits + [(0, 0)] * size)[:size]
    base = len(_SIGNS)
    below = above = 0
    for a, b in digits:
        below, above = below * base + max(a, 0), above * base + max(b, 0)
    total = (below + above + top * base**size) // 2
    signs = []
    for _ in range(size):
        total, digit = divmod(total, base)
        signs.append(_SIGNS[digit])
    return "".join(reversed(signs)).rstrip(_SIGNS[0]) or _SIGNS[1]


class Narrowing:
    """Asks like ``ask``, and narrower where that finds too many rows.

    The windows that fitted are kept for the next page, since a drain would meet the limit again and again; the first of
    them without its lower bound, so that together they are always everything.

    Args:
        clock: only for where to halve first: no row is lost by a wrong clock.
    """

    def __init__(self, ask: Ask, *, clock: Callable[[], datetime], where: str, system: str) -> None:
        self._ask = ask
        self._clock = clock
        self._where = where
        self._system = system
        self._known: dict[tuple[str, bool], list[Window]] = {}

    def __call__(self, query: Query) -> Answer:
        """The first page of what ``query`` finds, in its order; perhaps a shorter one that is not the last.

        Raises:
            SiebelFaultError: the fault, of an unsorted query too many rows as well.
            ConfigMistake: no window is small enough.
        """
        by_key = bool(query.sort) and query.sort[0] in {UPDATED, ROW_ID} and not query.start_row
        if not by_key or (query.searchspec is not None and names_rows(query.searchspec)):
            return self._ask(query)
        found = self._known.get(_key(query))
        if found is None:
            try:
                return self._ask(query)
            except SiebelFaultError as met:
                if met.fault.kind is not FaultClass.TOO_MANY_ROWS:
                    raise
            found = self._split([Window(query.sort[0])], query)
        return self._first_page(query, found)

    def _first_page(self, query: Query, windows: list[Window]) -> Answer:
        asked = 0
        while True:
            window = windows[0]
            try:
                answer = self._ask(replace(query, searchspec=all_of(query.searchspec, window.condition)))
            except SiebelFaultError as met:
                asked += 1
                if met.fault.kind is not FaultClass.TOO_MANY_ROWS:
                    raise
                if asked > _MOST_ASKED:
                    raise self._hopeless() from None
                windows = self._split(windows, query)
                continue
            if answer.last is None and not answer.broken and len(windows) > 1:
                windows = windows[1:]  # nothing stands there: the query's own condition lies above it
                continue
            self._known[_key(query)] = [*_opened(window, descending=query.descending), *windows[1:]]
            return answer if len(windows) == 1 else replace(answer, last_page=False)

    def _split(self, windows: list[Window], query: Query) -> list[Window]:
        halves = list(windows[0].halves(self._clock()))
        if not halves:
            raise self._hopeless()
        return [*(reversed(halves) if query.descending else halves), *windows[1:]]

    def _hopeless(self) -> ConfigMistake:
        return ConfigMistake(
            f"{self._system}: a query of {self._where} finds too many rows (SBL-DAT-00500), however narrow its window: "
            "publish ExecutionMode in the service, so that it can be asked for ForwardOnly"
        )


def _opened(window: Window, *, descending: bool) -> Sequence[Window]:
    """``window`` and everything before it."""
    opened = replace(window, high=None) if descending else replace(window, low=None)
    if window.second is None:
        return (opened,)
    if descending:
        return Window(UPDATED, low=window.second), opened
    return Window(UPDATED, high=earlier(window.second, seconds=1)), opened


def _key(query: Query) -> tuple[str, bool]:
    return query.sort[0], query.descending
