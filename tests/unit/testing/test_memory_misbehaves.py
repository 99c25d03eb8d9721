"""The knobs of the memory connector, and suites that notice a dishonest one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from crm_bridge.api import Accepted, Page, RecordWrite, Refused, RetryLater, Stale, Unknown, Unreachable
from crm_bridge.testing import MemoryConnector, RecordSourceContract, RecordTargetContract, raw_person
from crm_bridge.testing.memory_connector import CAPABLE


@pytest.fixture
def memory() -> MemoryConnector:
    return MemoryConnector({"contact": [raw_person(1, id="1"), raw_person(2, id="2")]})


def write(
    record_id: str | None = "1", *, version: str | None = "1", key: str = "k1", title: str = "chief"
) -> RecordWrite:
    operation = "update" if record_id else "create"
    return RecordWrite("contact", operation, record_id, {"job_title": title}, {"job_title": title}, version, key)


def test_it_fails_as_often_as_told(memory: MemoryConnector) -> None:
    """Then it is well again."""
    memory.fail_next()
    memory.fail_next(error=RetryLater("busy", system="memory", retry_after=3))

    with pytest.raises(Unreachable):
        memory.read("contact", ["1"])
    with pytest.raises(RetryLater, match="busy"):
        memory.write("contact", [write()])
    assert isinstance(memory.write("contact", [write()])[0], Accepted)


def test_pages_given_before_a_failure_stay_valid() -> None:
    """The reader goes on behind the last one."""
    memory = MemoryConnector({"contact": [raw_person(number, id=str(number)) for number in range(5)]})
    reading = memory.read_changes("contact", None)
    first = next(reading)
    memory.fail_next()
    with pytest.raises(Unreachable):
        next(reading)
    rest = [record["id"] for page in memory.read_changes("contact", first.cursor) for record in page.records]

    assert ["2", "3", "4"] == rest


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_is_unknown_whether_it_arrived_or_not(memory: MemoryConnector, arrived: bool) -> None:
    """Only a look-up tells, or the same key again."""
    memory.lose_next_answer(arrived=arrived)
    create = write(None, version=None, key="k9")

    assert isinstance(memory.write("contact", [create])[0], Unknown)
    assert arrived is (memory.find_write("contact", create) is not None)
    assert isinstance(memory.write("contact", [create])[0], Accepted)
    assert 3 == len(memory.records("contact"))


def test_refusals_and_staleness_come_when_told(memory: MemoryConnector) -> None:
    """A refusal stays, staleness passes."""
    memory.refuse("1", code="SBL-1")
    memory.stale("2")

    assert Refused("refused by the test", "SBL-1") == memory.write("contact", [write("1")])[0]
    assert isinstance(memory.write("contact", [write("2")])[0], Stale)
    assert isinstance(memory.write("contact", [write("2")])[0], Accepted)


def test_what_the_caller_does_to_a_record_does_not_reach_the_system(memory: MemoryConnector) -> None:
    """Records are handed out as copies."""
    record: Any = memory.read("contact", ["1"])[0]
    record["job_title"] = "changed by hand"

    assert "job_title" not in memory.records("contact")[0]


class Skipping(MemoryConnector):
    """Loses the last record of each page."""

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        for page in super().read_changes(kind, cursor):
            yield replace(page, records=page.records[:1])


class Overwriting(MemoryConnector):
    """Declares conditional writes, and does not look at the version."""

    def write(self, kind: str, writes: Any) -> Any:
        return super().write(kind, [replace(each, expected_version=None) for each in writes])


class Repeating(MemoryConnector):
    """Declares keyed writes, and does not look at the key."""

    def write(self, kind: str, writes: Any) -> Any:
        return super().write(kind, [replace(each, key=f"{each.key}/{len(self.writes)}") for each in writes])


class Source(RecordSourceContract):
    def new_record(self, number: int) -> Any:
        return raw_person(number)

    def change(self, number: int) -> Any:
        return {"job_title": f"title {number}"}


class Target(RecordTargetContract, Source):
    pass


def test_the_suite_notices_a_skipped_record() -> None:
    """The contract has teeth."""
    skipping = Skipping()
    with pytest.raises(AssertionError, match="skipped"):
        Source().test_every_record_comes_though_they_need_several_pages(skipping, skipping)


def test_the_suite_notices_an_overwritten_edit() -> None:
    """A declared capability is a promise."""
    overwriting = Overwriting()
    with pytest.raises(AssertionError, match="expected Stale"):
        Target().test_a_stale_write_is_refused_and_changes_nothing(overwriting, overwriting)


def test_the_suite_notices_a_second_record() -> None:
    """One key, one effect."""
    repeating = Repeating()
    with pytest.raises(AssertionError, match="another record"):
        Target().test_the_same_create_again_has_one_effect(repeating, repeating)


def test_the_suite_does_not_wait_for_ever() -> None:
    """A call over the deadline is a failure with advice."""

    class Slow(MemoryConnector):
        def read(self, kind: str, record_ids: Any) -> Any:
            while not self.writes:
                pass
            return []

    slow = Slow(capabilities=CAPABLE)
    suite = Source()
    suite.deadline_seconds = 0.02
    with pytest.raises(AssertionError, match="give the call a time limit"):
        suite.test_missing_ids_are_missing_from_the_answer(slow, slow)
    slow.writes.append(write())
