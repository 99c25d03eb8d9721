"""One query, whatever carries it: again when its answer was lost or its fault may have passed, in narrower windows
when it finds too much, and with all the child rows of its records."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import tenacity

from crm_bridge.api import BrokenRecord, ConfigMistake, OutcomeUnknown, RejectRecord, RetryLater
from crm_bridge_siebel.conditions import Condition, in_parts
from crm_bridge_siebel.faults import SiebelFaultError, asked_once_more, read_error
from crm_bridge_siebel.narrowing import Narrowing
from crm_bridge_siebel.query import Query, any_of
from crm_bridge_siebel.records import Answer, joined
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import ROW_ID, VERSION
from crm_bridge_siebel.system_fields import refuse_nameless
from crm_bridge_siebel.translation import OtherAnswer, UnreadableAnswer

T = TypeVar("T")

_TRIES = 3
_GROWTH = 4  # the second pause is so many times the first
_LONGEST_SPEC = 255  # Siebel's documents promise no more for a search specification


class Asker:
    """Asks one system.

    Args:
        once: carries out a query for a kind; raises SiebelFaultError for a fault.
        said_as: what a query for a kind says for a condition; empty: it cannot be asked for that.
    """

    def __init__(
        self,
        once: Callable[[str, Query], Answer],
        settings: SiebelSettings,
        *,
        said_as: Callable[[str, Condition], str],
        clock: Callable[[], datetime],
        system: str,
    ) -> None:
        self._once = once
        self._said_as = said_as
        self._settings = settings
        self._clock = clock
        self._system = system
        self._narrowing: dict[str, Narrowing] = {}

    def whole(self, kind: str, query: Query) -> Answer:
        """An answer whose records have all their child rows, also those that did not fit into one child page.

        A condition that names more rows than a search specification has room for is asked in several queries.

        Raises:
            UnreadableAnswer: it stays unreadable.
            RetryLater: no answer, or a fault that passes.
            CredentialsRefused, UserMistake: a fault that stays until somebody mends something.
        """
        query = replace(query, child_page_size=self._settings.child_page_size)
        parts: Sequence[Condition | None] = (None,)
        if query.searchspec is not None:
            parts = in_parts(query.searchspec, fits=lambda part: len(self._said_as(kind, part)) <= _LONGEST_SPEC)
        answers = [self._query(kind, replace(query, searchspec=part)) for part in parts]
        for answer in answers:
            for record, container in answer.partial:
                self._complete(kind, record, container)
        return answers[0] if len(answers) == 1 else joined(answers)

    def readable(self, kind: str, query: Query) -> Sequence[dict[str, Any]]:
        """The same, where every record has to be readable.

        Raises:
            RejectRecord: one is not.
        """
        try:
            answer = self.whole(kind, query)
        except UnreadableAnswer as error:
            raise RetryLater(f"reading {kind}: {error.message}", system=self._system) from None
        if answer.broken:
            raise self.rejected(kind, answer.broken[0])
        return answer.records

    def can_ask(self, kind: str, condition: Condition) -> bool:
        """Whether ``kind`` can be asked for ``condition``: otherwise everything comes."""
        return bool(self._said_as(kind, condition))

    def rejected(self, kind: str, broken: BrokenRecord) -> RejectRecord:
        """The error for a record that cannot be read."""
        record = f"{kind}:{broken.record_id}"
        return RejectRecord(broken.cause, system=self._system, record=record, code=broken.code)

    def again(self, ask: Callable[[], T]) -> T:
        """Ask, and again when the answer was lost or unreadable: reading changes nothing.

        Raises:
            UnreadableAnswer: it stays unreadable.
            RetryLater: no answer, or a fault that passes.
            CredentialsRefused, UserMistake: a fault that stays until somebody mends something.
        """
        try:
            return self._tried(ask)
        except SiebelFaultError as met:
            raise read_error(met.fault, system=self._system) from None

    def _query(self, kind: str, query: Query) -> Answer:
        def ask(narrower: Query) -> Answer:
            return self._tried(partial(self._once, kind, narrower), doubted=narrower.doubted)

        if kind not in self._narrowing:
            self._narrowing[kind] = Narrowing(ask, clock=self._clock, where=kind, system=self._system)
        try:
            return refuse_nameless(self._narrowing[kind](query), kind=kind, system=self._system)
        except SiebelFaultError as met:
            raise read_error(met.fault, system=self._system) from None

    def _tried(self, ask: Callable[[], T], *, doubted: bool = False) -> T:
        pause = self._settings.retry_wait_seconds
        retrying = tenacity.Retrying(
            stop=_Enough(within=self._settings.timeouts.total, believed={UnreadableAnswer} if doubted else set()),
            wait=tenacity.wait_chain(tenacity.wait_fixed(pause), tenacity.wait_fixed(pause * _GROWTH)),
            retry=tenacity.retry_if_exception_type(OutcomeUnknown) | tenacity.retry_if_exception(asked_once_more),
            reraise=True,
        )
        try:
            return retrying(partial(_letting_go, ask))
        except UnreadableAnswer:
            raise
        except OtherAnswer as error:  # twice: it stays so until somebody mends an address or a file
            raise ConfigMistake(f"{self._system}: {error.message}") from None
        except OutcomeUnknown as error:
            raise RetryLater(error.message, system=self._system) from None

    def _complete(self, kind: str, record: dict[str, Any], container: str) -> None:
        (row_tag,) = record[container]
        size = self._settings.child_page_size
        more = True
        while more:
            spec = any_of(ROW_ID, [record[ROW_ID]])
            start = len(record[container][row_tag])
            query = Query(spec, page_size=1, child_page_size=size, child_start=start)
            answer = self._query(kind, query)
            if len(answer.records) != 1 or answer.records[0].get(VERSION) != record.get(VERSION):
                raise RetryLater(f"{kind} changed while its {container} was read page by page", system=self._system)
            rows = answer.records[0].get(container, {}).get(row_tag, [])
            record[container][row_tag] += rows
            more = bool(rows) and any(tag == container for _, tag in answer.partial)


class _Enough:
    """Whether a query is asked no more, whose last try failed.

    What says something of the answer itself, a fault or what cannot be read, is believed the second time: the reader
    has other ways then, such as smaller pages. A busy page or a lost answer says nothing of it, so there is a third
    try, unless the first two took as long as one call may (``within``, seconds).

    ``believed``: classes of such errors that are believed the first time.
    """

    def __init__(self, *, within: float, believed: Set[type[BaseException]]) -> None:
        self._within = within
        self._met = set(believed)

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        kind = type(error) if isinstance(error, SiebelFaultError | UnreadableAnswer | OtherAnswer) else None
        believed = kind in self._met
        self._met |= {kind} if kind else set()
        late = state.attempt_number > 1 and (state.seconds_since_start or 0.0) > self._within
        return believed or late or state.attempt_number >= _TRIES


def _letting_go(ask: Callable[[], T]) -> T:
    """``ask``; while it is asked again, nothing holds on to a half read answer, which may be large."""
    try:
        return ask()
    except UnreadableAnswer as error:
        error.__context__ = error.__traceback__ = None
        gc.collect()  # lxml's parser and what was raised while it read hold each other
        raise
