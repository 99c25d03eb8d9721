"""A mistake in one connector costs its own system, for this run; the others go on, and the report tells."""

from __future__ import annotations

import itertools
import threading

import pytest
from memory_world import World, capable
from structlog.testing import capture_logs

from crm_bridge.config.logging import drop_unknown_keys
from crm_bridge.connector import Accepted, BrokenRecord, EffectSafety, Page, Tombstone
from crm_bridge.errors import ConfigMistake, StopRun


def raising(error):
    def call(*_args, **_options):
        raise error

    return call


def generator_raising(kind, cursor):
    yield Page((), None)
    raise ValueError("+380505550101")


READERS = {
    "raises at once": raising(ValueError("+380505550101")),
    "raises under way": generator_raising,
    "stops the run": raising(StopRun("no")),
    "ends the process": raising(SystemExit(9)),
    "no iterator": lambda kind, cursor: None,
    "no page": lambda kind, cursor: iter([{"records": []}]),
    "None for a page": lambda kind, cursor: iter([None]),
    "no list of records": lambda kind, cursor: iter([Page("abc")]),
    "no text as cursor": lambda kind, cursor: iter([Page([], 7)]),
    "half a character as cursor": lambda kind, cursor: iter([Page([], "\ud800")]),
    "NUL in a cursor": lambda kind, cursor: iter([Page([], "1\0")]),
    "no text as notes": lambda kind, cursor: iter([Page([], "1", notes=[7])]),
    "one text as notes": lambda kind, cursor: iter([Page([], "1", notes="torn")]),
    "no text in a broken record": lambda kind, cursor: iter([Page([], "1", [BrokenRecord(None, None, b"\xff")])]),
    "bytes of a broken record": lambda kind, cursor: iter([Page([], "1", [BrokenRecord("1", "torn", b"\xff")])]),
    "half a character broken": lambda kind, cursor: iter([Page([], "1", [BrokenRecord("1", "torn", "\udcff")])]),
    "a number as broken id": lambda kind, cursor: iter([Page([], "1", [BrokenRecord("1", "torn", "x", record_id=7)])]),
    "no code of a broken record": lambda kind, cursor: iter([Page([], "1", [BrokenRecord("1", "torn", "x", None)])]),
    "no id of a deleted record": lambda kind, cursor: iter([Page([], "1", deleted=[Tombstone(None)])]),
    "half a character deleted": lambda kind, cursor: iter([Page([], "1", deleted=[Tombstone("\ud800")])]),
    "no broken records": lambda kind, cursor: iter([Page([], "1", broken=["x"])]),
    "for ever the same page": lambda kind, cursor: itertools.repeat(Page([{"id": "1", "last_name": "Коваль"}], "1")),
    "for ever nothing": lambda kind, cursor: itertools.repeat(Page([])),
    "for ever two pages": lambda kind, cursor: itertools.cycle([Page([], "1"), Page([], "2")]),
}


@pytest.mark.parametrize("mistake", READERS)
def test_in_reading_it_stops_its_system_and_no_other(world, mistake):
    world["a"].read_changes = READERS[mistake]
    world.person("b")

    report = world.sync()

    assert ["a"] == list(report.stopped)
    assert (1, 1) == (report.exit_code, report.reads["b/person"].new)
    assert "+380" not in report.stopped["a"]


def test_the_message_names_the_connector_and_the_class_of_the_error(world):
    world["a"].read_changes = READERS["raises under way"]

    message = world.sync().stopped["a"]

    assert "a: the connector memory_world.Peer raised ValueError (test_connector_mistakes.py:" in message
    assert "read_changes" in message


def test_the_message_names_the_part_of_a_page_that_is_wrong(world):
    world["a"].read_changes = READERS["bytes of a broken record"]

    assert "gave a Page with a BrokenRecord whose raw is bytes and no text in read_changes" in world.sync().stopped["a"]


def test_a_mistake_in_its_settings_found_late_keeps_its_own_exit_code(world):
    world["a"].read_changes = raising(ConfigMistake("view: no such view"))
    world.person("b")

    report = world.sync()

    assert (78, 1) == (report.exit_code, report.reads["b/person"].new)


@pytest.mark.parametrize("pages", [250])
def test_a_long_reading_without_cursors_is_no_circle(world, pages):
    records = [{"id": str(number), "last_name": "Коваль"} for number in range(pages)]
    world["a"].read_changes = lambda kind, cursor: iter([Page([each]) for each in records if kind == "person"])

    assert pages == world.sync().reads["a/person"].new


class TestInWriting:
    @pytest.fixture
    def world(self, tmp_path):
        world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=EffectSafety.NONE)}, create=("b",))
        world.person("a")
        world.opened["b"] = Deafened(world["b"])
        return world

    @pytest.mark.parametrize(
        "answer",
        [
            raising(ValueError("+380505550101")),
            lambda kind, writes: None,
            lambda kind, writes: [None for _ in writes],
            lambda kind, writes: [Accepted("") for _ in writes],
            lambda kind, writes: [Accepted(" \u200b") for _ in writes],
        ],
        ids=["raises", "None", "no outcome", "no id", "a blank id"],
    )
    def test_nobody_can_tell_whether_it_was_sent(self, world, answer):
        world.opened["b"].write = answer

        report = world.sync()

        assert (1, 1) == (report.writes["b"].unknown, report.exit_code)
        assert "write" in report.stopped["b"]

    @pytest.mark.parametrize("count", [0, 2])
    def test_another_number_of_outcomes_is_its_mistake(self, world, count):
        """Which of them is of which write, nobody can tell."""
        world.opened["b"].write = lambda kind, writes: [Accepted(f"b-{number}") for number in range(count)]

        report = world.sync()

        assert (1, 1, 0) == (report.writes["b"].unknown, report.exit_code, report.writes["b"].created)
        assert "Deafened" in report.stopped["b"]
        assert f"gave {count} outcomes for 1 write in write" in report.stopped["b"]

    def test_an_answer_that_cannot_be_kept_still_says_that_it_was_written(self, world):
        world.opened["b"].write = lambda kind, writes: [Accepted("b-1", "1", {"id": "b-1", "x": b"x"}) for _ in writes]

        report = world.sync()

        assert (1, 0) == (report.writes["b"].created, report.exit_code)


class TestThatHangs:
    """A call that does not come back is given up; what else is to be done is done."""

    @pytest.fixture
    def world(self, tmp_path):
        world = World(tmp_path)
        world.connector_timeout = 0.3
        self.end = threading.Event()
        yield world
        self.end.set()

    def hang(self, *_args, **_options):
        self.end.wait(30)
        return iter(())

    def test_in_reading(self, world):
        world["a"].read_changes = self.hang
        world.person("b")

        report = world.sync()

        assert ["a"] == list(report.stopped)
        assert "had not come back after 0.3 s, in read_changes" in report.stopped["a"]
        assert (1, 1) == (report.exit_code, report.reads["b/person"].new)

    def test_in_the_middle_of_the_pages(self, world):
        """The pages before are in the store."""
        world.person("a")
        pages = world["a"].read_changes

        def read_changes(kind, cursor):
            yield from pages(kind, cursor)
            yield from self.hang()

        world["a"].read_changes = read_changes

        report = world.sync()

        assert (["a"], 1) == (list(report.stopped), report.reads["a/person"].new)

    def test_in_writing_nobody_knows_what_came_of_it_and_the_next_run_finds_out(self, world):
        ids = world.person("a", "b", "c", job_title="pupil")
        world.settle()
        write = world["b"].write
        world["b"].write = self.hang
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})

        report = world.sync()

        assert (["b"], 1) == (list(report.stopped), report.of_write("b").unknown)
        assert "teacher" == world["c"].person(ids["c"])["job_title"]
        world["b"].write = write
        world.sync()
        assert "teacher" == world["b"].person(ids["b"])["job_title"]

    def test_in_closing(self, world):
        world["a"].close = self.hang
        world.person("a")

        assert 1 == world.sync().reads["a/person"].new


class Deafened:
    """A peer that cannot be asked what became of a write."""

    def __init__(self, peer):
        for name in ("kinds", "capabilities", "check", "close", "read_changes", "read", "write"):
            setattr(self, name, getattr(peer, name))


def test_in_closing_it_goes_no_further_and_is_logged(world):
    closed = []
    world["a"].close = raising(RuntimeError("+380505550101"))
    world["b"].close = lambda: closed.append("b")

    with capture_logs(processors=[drop_unknown_keys]) as lines:
        assert 0 == world.sync().exit_code

    [line] = lines
    assert ["b"] == closed
    assert ("a", "RuntimeError", "test_connector_mistakes.py") == (
        line["system"],
        line["error_type"],
        line["place"].partition(":")[0],
    )
    assert "+380" not in repr(line)
