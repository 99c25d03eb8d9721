"""What every contract suite stands on: the workbench that an author fills in, and a deadline for each call."""

from __future__ import annotations

import threading
import unittest
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from crm_bridge.connector import Capabilities, RawRecord

T = TypeVar("T")

DEADLINE_SECONDS = 30.0


class System(Protocol):
    """The other side of the connector, as one of its users: every :class:`Simulator` has these methods."""

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        """Put records in; returns their ids."""

    def records(self, kind: str) -> Sequence[RawRecord]:
        """What the system holds now."""

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        """Change a record as somebody else would."""


class Workbench:
    """What an author tells a suite about the connector under test. Give two fixtures, and override what differs.

    The fixtures: ``connector``, opened and reaching the system, and ``system``, its :class:`Simulator` (or whatever has
    ``load``, ``records`` and ``edit``), empty at the start of each test.

    Attributes:
        kind: the kind of record to test with.
        rows: where nested rows stand in a record, levels joined by dots, such as ``consents`` or ``ListOfChild.Child``;
            ``None``: there are none. With it, override ``new_row``, and let ``new_record`` bring two of them.
        deadline_seconds: that any one call may take here.
    """

    kind = "contact"
    id_field = "id"
    version_field: str | None = "version"
    rows: str | None = None
    deadline_seconds = DEADLINE_SECONDS

    def new_record(self, number: int) -> RawRecord:
        """A valid record of the system, without id and version; a different one for each number."""
        raise NotImplementedError("override new_record: a valid raw record for each number")

    def change(self, number: int) -> RawRecord:
        """Fields that a user may change, with a value that differs for each number."""
        raise NotImplementedError("override change: one field and its new value for each number")

    def new_row(self, number: int) -> RawRecord:
        """A nested row without an id of its own; a different one for each number."""
        raise NotImplementedError("override new_row: a nested row for each number")

    def id_of(self, record: RawRecord) -> str:
        return str(record[self.id_field])

    def version_of(self, record: RawRecord) -> str | None:
        found = record.get(self.version_field) if self.version_field else None
        return None if found is None else str(found)

    def fill(self, system: System, count: int) -> list[str]:
        """Put ``count`` records into the system, and return their ids."""
        return list(system.load(self.kind, [self.new_record(number) for number in range(1, count + 1)]))

    def held(self, system: System) -> Mapping[str, RawRecord]:
        """The system's records by id."""
        return {self.id_of(record): record for record in system.records(self.kind)}

    def in_time(self, call: Callable[[], T]) -> T:
        """What ``call`` returns; a call over the deadline fails the test instead of hanging it."""
        answer: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

        def attempt() -> None:
            try:
                answer.put((True, call()))
            except BaseException as error:  # noqa: BLE001  # carried over to the test's own thread
                answer.put((False, error))

        threading.Thread(target=attempt, daemon=True).start()
        try:
            good, found = answer.get(timeout=self.deadline_seconds)
        except Empty:
            raise AssertionError(f"no answer within {self.deadline_seconds:g} s: give the call a time limit") from None
        if not good:
            raise found
        return found  # type: ignore[no-any-return]  # what call returned went through a queue of Any

    def needs_word(self, given: object, *, name: str) -> None:
        """Skip the test where the workbench leaves something out."""
        if not given:
            raise unittest.SkipTest(f"{name} is not said for this kind")

    def needs(self, capability: bool, *, name: str) -> None:
        """Skip the test where the connector does not claim the capability."""
        if not capability:
            raise unittest.SkipTest(f"the connector does not declare {name}")


def big_enough(capabilities: Capabilities) -> int:
    """How many records make more than two pages, within reason."""
    return min(2 * capabilities.page_size + 1, 1_001)
