"""Writes that wait: for a system that is away, and what is said of them meanwhile."""

from datetime import timedelta

import pytest
from memory_world import World, capable

from crm_bridge.connector import Postponed
from crm_bridge.errors import RetryLater, Unreachable
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.run_context.context import iso
from crm_bridge.store import pauses


def postponed(world, *, error=None, outcome=None):
    """An edit in A whose way to B was barred when it was to be written."""
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    if outcome is not None:
        really = world["b"].write
        world["b"].write = lambda kind, writes: [outcome] * len(writes)
        report = world.sync()
        world["b"].write = really
    else:
        world["b"].before_write.append(lambda: world["b"].fail_next(error=error or Unreachable("not there")))
        report = world.sync()
    return ids, report


@pytest.mark.parametrize("outcome", [None, Postponed("not sent: not there")])
def test_a_run_in_which_a_target_was_away_ends_with_69_and_says_what_waits(world, outcome):
    _, report = postponed(world, outcome=outcome)

    [waiting] = report.waiting
    assert (69, "b", "postponed", 1) == (report.exit_code, waiting["system"], waiting["state"], waiting["writes"])
    assert "not there" in waiting["reason"]
    assert waiting["until"] > report.finished_at


def test_it_is_due_at_once_when_the_system_answers_again(world):
    ids, _ = postponed(world)

    report = world.sync()

    assert "teacher" == world["b"].person(ids["b"])["job_title"]
    assert ([], 0) == (report.waiting, report.exit_code)


def test_while_it_does_not_answer_the_write_waits_and_is_told(world):
    postponed(world)
    world["b"].fail_next(9)

    report = world.sync()

    assert [("b", "postponed", 1)] == [(each["system"], each["state"], each["writes"]) for each in report.waiting]


def test_a_system_that_is_only_written_is_asked_by_its_check(world):
    ids, _ = postponed(world)
    away = Unreachable("not there")

    class WriteOnly:
        def __init__(self, peer):
            for name in ("kinds", "capabilities", "close", "write"):
                setattr(self, name, getattr(peer, name))
            self.away = True

        def check(self):
            if self.away:
                raise away
            return []

    world.opened["b"] = target = WriteOnly(world["b"])
    world.now -= timedelta(minutes=1)  # the very moment of the postponement
    world.sync()
    assert "teacher" != world["b"].person(ids["b"]).get("job_title")

    target.away = False
    world.sync()
    assert "teacher" == world["b"].person(ids["b"])["job_title"]


def test_what_the_system_asked_to_wait_with_waits_as_long_and_a_plan_lists_it(world):
    """It answered, and named a time: nobody hurries it."""
    ids, report = postponed(world, outcome=Postponed("too many requests", retry_after=1800))

    later = world.sync()
    [blocked] = world.ask("plan").as_dict()["blocked"]

    assert (0, 69, 1) == (report.exit_code, later.exit_code, later.waiting[0]["writes"])
    assert "teacher" != world["b"].person(ids["b"]).get("job_title")
    assert blocked["why"].startswith("postponed until 2026-10-20 10:")
    assert blocked["why"].endswith("UTC (too many requests)")


def asked_for_an_hour(world, *, reading):
    """B says that it wants to be left alone for an hour, when it is read, or when it is written."""
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    busy = RetryLater("too many calls", retry_after=3600)
    if reading:
        world["b"].fail_next(error=busy)
    else:
        world["b"].before_write.append(lambda: world["b"].fail_next(error=busy))
    return ids, world.sync()


def calls_of(world, name):
    """Counts whatever is asked of a system from now on."""
    calls = []
    for call in ("read_changes", "read", "write", "list_keys", "find_write"):
        really = getattr(world[name], call)
        setattr(world[name], call, lambda *given, _call=call, _really=really: (calls.append(_call), _really(*given))[1])
    return calls


@pytest.mark.parametrize("reading", [True, False])
def test_a_system_that_asked_for_an_hour_is_left_alone_by_the_runs_of_that_hour(world, reading):
    """Neither read nor written, by a sync, a plan or an undo; each says until when. Then the write goes."""
    ids, first = asked_for_an_hour(world, reading=reading)
    calls = calls_of(world, "b")
    runs = [world.sync() for _ in range(3)]
    planned = world.ask("plan").report

    assert [] == calls
    assert {69} == {first.exit_code, *(each.exit_code for each in runs), planned.exit_code}
    assert first.paused == runs[2].paused
    assert "2026-10-20 11:0" in runs[2].stopped["b"]
    assert "resume b" in runs[2].stopped["b"]
    world.now += timedelta(hours=1)
    assert (1, 0, {}) == ((last := world.sync()).written, last.exit_code, last.paused)
    assert "teacher" == world["b"].person(ids["b"])["job_title"]


def test_a_person_lifts_a_pause_and_sees_it_before(world):
    asked_for_an_hour(world, reading=True)
    before = world.ask("status", at=iso(world.now))["paused"]

    assert (True, False) == (world.ask("resume", "b"), world.ask("resume", "b"))

    assert ["b"] == [each["system"] for each in before]
    assert (1, 0) == ((report := world.sync()).written, report.exit_code)
    assert [] == world.ask("status", at=iso(world.now))["paused"]


def test_after_a_run_that_was_not_answered_one_call_of_the_next_finds_out(tmp_path):
    """Whoever mended the system need not wait, and one that is still away is called once a run."""
    moved = [0.0]
    world = World(tmp_path, systems={"a": capable(), "b": capable(batch_size=1)}, create="b")
    world.more = "[outbox]\ntries = 1\npatience = 1\n"
    world.stopwatch = Stopwatch(lambda: moved[0], lambda seconds: moved.__setitem__(0, moved[0] + seconds))
    for number in range(1, 16):
        world.person("a", number=number, last_name=f"Коваль{'абвгдежзиклмноп'[number - 1]}")
    really, world["b"].write = world["b"].write, lambda _kind, writes: [Postponed("not there")] * len(writes)
    first = world.sync()
    with world.bridge() as bridge, bridge.reading() as connection:
        kept = pauses.every(connection)["b"]
    calls = calls_of(world, "b")
    second = world.sync()
    once = calls.count("write")
    world["b"].write = really
    third = world.sync()

    assert (10, 1) == (first.writes["b"].postponed, kept.opened)
    assert (1, {}) == (once, second.paused)
    assert (0, {}) == (third.exit_code, third.paused)
    assert 15 == len(world["b"].records("person"))
