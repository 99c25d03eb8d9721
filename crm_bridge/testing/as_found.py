"""Those tests of the source contract that only read, run against a system as it is found; no test runner is needed.

What writes, or has to know all that the system holds, belongs into the author's own tests, beside a simulator.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal
from unittest import SkipTest

from crm_bridge.connector import Page
from crm_bridge.errors import BridgeError
from crm_bridge.testing.contract import System
from crm_bridge.testing.source_contracts import RecordSourceContract

READ_ONLY = (
    "test_the_kinds_are_stable_and_known",
    "test_no_page_is_bigger_than_declared",
    "test_a_cursor_is_plain_text",
    "test_a_record_is_plain_data",
    "test_what_is_read_by_id_is_what_was_read_by_change",
    "test_missing_ids_are_missing_from_the_answer",
)


@dataclass(frozen=True, slots=True)
class ContractResult:
    """What became of one test: ``why`` is the reason of a skip or a failure, without any value of a record."""

    test: str
    outcome: Literal["pass", "skip", "fail"]
    why: str = ""


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
    """Run the reading tests of :class:`RecordSourceContract`; the others are told as skipped."""
    suite = _SourceAsFound(connector, kind=kind, id_field=id_field, deadline_seconds=deadline_seconds)
    for name in sorted(each for each in dir(RecordSourceContract) if each.startswith("test_")):
        if name not in READ_ONLY:
            yield ContractResult(
                name, "skip", "it writes, or has to know the system's content: run it beside a simulator"
            )
            continue
        test = getattr(suite, name)
        given = {"connector": connector, "system": None}
        try:
            test(**{each: given[each] for each in inspect.signature(test).parameters})
        except SkipTest as reason:
            yield ContractResult(name, "skip", str(reason))
        except AssertionError as failure:
            yield ContractResult(name, "fail", str(failure).splitlines()[0] if str(failure) else _first_words(test))
        except BridgeError as failure:
            yield ContractResult(name, "fail", failure.message)
        except Exception as failure:  # noqa: BLE001  # the connector under test may raise anything: that is a failure
            yield ContractResult(name, "fail", f"the connector raised {type(failure).__qualname__}")
        else:
            yield ContractResult(name, "pass")


def _first_words(test: Any) -> str:
    return (test.__doc__ or "it does not hold").strip().splitlines()[0]
