"""Those tests of the source contract that only read, run against a system as it is found; no test runner is needed.

What writes, or has to know all that the system holds, needs a scratch system: see :mod:`crm_bridge.testing.rehearsal`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any
from unittest import SkipTest

from crm_bridge.connector import Page
from crm_bridge.errors import CredentialsRefused, RetryLater
from crm_bridge.testing.contract import System
from crm_bridge.testing.source_contracts import RecordSourceContract
from crm_bridge.testing.trial import NOT_TRIED, ContractResult, outcome_of, tests_of

READ_ONLY = (
    "test_the_kinds_are_stable_and_known",
    "test_no_page_is_bigger_than_declared",
    "test_a_cursor_is_plain_text",
    "test_a_record_is_plain_data",
    "test_what_is_read_by_id_is_what_was_read_by_change",
    "test_missing_ids_are_missing_from_the_answer",
)
_WRITES = "it writes, or has to know all that the system holds: a rehearsal tries it"


class _SourceAsFound(RecordSourceContract):
    """The first page stands for the system; nothing is put into it."""

    def __init__(self, connector: Any, *, kind: str, id_field: str, deadline_seconds: float) -> None:
        self._connector = connector
        self.kind, self.id_field, self.deadline_seconds = kind, id_field, deadline_seconds

    def pages(self, connector: Any, cursor: str | None = None) -> list[Page]:
        return self.in_time(lambda: list(islice(connector.read_changes(self.kind, cursor), 1)))

    def fill(self, system: System, count: int) -> list[str]:
        ids = sorted(self.seen(self.pages(self._connector)))
        if not ids:
            raise SkipTest("the system holds no record of this kind")
        return ids


def check_source(connector: Any, *, kind: str, id_field: str, deadline_seconds: float) -> Iterator[ContractResult]:
    """Run the reading tests of :class:`RecordSourceContract`; the others are told as not tried."""
    bench = _SourceAsFound(connector, kind=kind, id_field=id_field, deadline_seconds=deadline_seconds)
    given = {"connector": connector, "system": None}
    for name in tests_of(RecordSourceContract):
        if name not in READ_ONLY:
            yield ContractResult(name, NOT_TRIED, _WRITES, RecordSourceContract.__name__, kind)
            continue
        test = getattr(bench, name)
        arguments = {each: given[each] for each in inspect.signature(test).parameters}
        outcome, why = outcome_of(partial(_answered, test, arguments), docstring=inspect.getdoc(test))
        yield ContractResult(name, outcome, why, RecordSourceContract.__name__, kind)


def _answered(test: Callable[..., object], arguments: Mapping[str, object]) -> None:
    """A system that is not there, or refuses our account, says nothing about the connector."""
    try:
        test(**arguments)
    except (RetryLater, CredentialsRefused) as error:
        raise SkipTest(f"the system did not answer: {error.message}") from None
