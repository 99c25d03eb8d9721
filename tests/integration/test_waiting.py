"""Writes that wait: for a system that is away, and what is said of them meanwhile."""

from datetime import timedelta

import pytest
from memory_world import World, capable
from sqlalchemy import select

from crm_bridge.connector import Postponed, Unknown
from crm_bridge.errors import RetryLater, Unreachable
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.run_context.context import iso
from crm_bridge.run_context.pools import in_turn
from crm_bridge.store import pauses
from crm_bridge.store.schema import outbox


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

    assert [True, False] == [world.ask("resume", "b")["resumed"] for _ in range(2)]

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


PEOPLE = 14


def crowd(tmp_path, *, more="", **capabilities):
    """Edits of clients that A and B have, on their way to B, whose calls carry one each."""
    moved = [0.0]
    systems = {"a": capable(), "b": capable(batch_size=1, **capabilities)}
    world = World(tmp_path, systems=systems, more=f"[guard]\nmin_records = 1000\n[outbox]\ntries = 1\n{more}")
    world.stopwatch = Stopwatch(lambda: moved[0], lambda seconds: moved.__setitem__(0, moved[0] + seconds))
    world.moved = moved
    ids = [world.person("a", "b", number=n + 1, last_name=f"Коваль{'абвгдежзиклмно'[n]}")["a"] for n in range(PEOPLE)]
    world.settle()
    for each in ids:
        world["a"].edit("person", each, {"job_title": "teacher"})
    return world


def answering(world, *answers):
    """B gives these answers to its next calls, and carries nothing of them out; then it is well. Returns its calls."""
    left, calls, really = list(answers), [], world["b"].write

    def write(kind, writes):
        calls.append(len(writes))
        if not left:
            return really(kind, writes)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer] * len(writes)

    world["b"].write = write
    return calls


def teachers(world):
    return sum(record.get("job_title") == "teacher" for record in world["b"].records("person"))


@pytest.mark.parametrize("answer", [Postponed("busy", retry_after=1), RetryLater("busy", retry_after=1)])
def test_a_second_that_one_answer_asks_for_is_waited_in_the_run_and_costs_that_write_alone(tmp_path, answer):
    world = crowd(tmp_path)
    answering(world, answer)

    first = world.sync()
    waited, [waiting] = world.moved[0], first.waiting
    second = world.sync()

    assert (PEOPLE - 1, 0, 1.0) == (first.written, first.exit_code, waited)
    assert (1, iso(world.now - timedelta(minutes=1) + timedelta(seconds=1))) == (waiting["writes"], waiting["until"])
    assert (1, PEOPLE, []) == (second.written, teachers(world), second.waiting)


def test_a_system_that_asks_each_write_for_a_second_has_each_wait_for_a_second(tmp_path):
    """The run waits in between, and tries none of them twice."""
    world = crowd(tmp_path)
    really = world["b"].write
    calls = answering(world, *[Postponed("busy", retry_after=1)] * 9 * PEOPLE)
    world.now += timedelta(minutes=1)
    clock, began = world.now, world.moved[0]
    with world.bridge() as bridge:
        bridge._clock = lambda: clock + timedelta(seconds=world.moved[0] - began)
        report = bridge.sync()

    [waiting] = report.waiting
    assert (PEOPLE, PEOPLE - 1, PEOPLE) == (len(calls), world.moved[0], waiting["writes"])
    assert waiting["until"] == iso(clock + timedelta(seconds=PEOPLE))
    world["b"].write = really
    assert (PEOPLE, []) == ((last := world.sync()).written, last.waiting)


def test_a_time_is_kept_by_calls_beside_the_one_that_was_told_it(tmp_path):
    """One of three calls that were under way asks for ten minutes; the others are answered."""
    world = crowd(tmp_path, writes_at_once=3)
    world.pool = in_turn
    calls = answering(world, Postponed("busy", retry_after=600))

    world.sync()
    again = world.sync()

    assert (3, 2) == (len(calls), teachers(world))
    assert {"b"} == set(again.paused)
    world.now += timedelta(minutes=10)
    assert (PEOPLE - 2, 0) == ((last := world.sync()).written, last.exit_code)


@pytest.mark.parametrize("answer", [Postponed("busy", retry_after=1), Postponed("busy"), Unknown("timed out")])
def test_a_system_that_is_well_again_has_all_that_waits_delivered_by_the_next_run(tmp_path, answer):
    """Whatever it answered before, and whether a write was sent or not."""
    world = crowd(tmp_path)
    answering(world, *[answer] * 2 * PEOPLE)
    really = type(world["b"]).write.__get__(world["b"])
    world.sync()
    world["b"].write = really

    report = world.sync()

    assert (PEOPLE, []) == (teachers(world), report.waiting)


def test_resume_makes_due_what_is_postponed_and_says_how_many(tmp_path):
    """What was sent, and what was not because the system asked for time."""
    world = crowd(tmp_path)
    answering(world, Postponed("busy", retry_after=1800))
    world.sync()
    before = world.ask("status", at=iso(world.now))

    resumed = [world.ask("resume", "b") for _ in range(2)]

    [waiting] = before["waiting"]
    assert (PEOPLE, before["paused"][0]["until"]) == (waiting["writes"], waiting["until"])
    assert [(True, PEOPLE), (False, 0)] == [(each["resumed"], each["due"]) for each in resumed]
    assert [] == world.ask("status", at=iso(world.now))["waiting"]
    assert (PEOPLE, 0) == ((report := world.sync()).written, report.exit_code)


def test_the_longest_delay_caps_what_a_system_asks_for(tmp_path):
    world = crowd(tmp_path, more='max_delay = "1s"\n')
    answering(world, Postponed("busy", retry_after=1800))

    report = world.sync()

    assert (PEOPLE - 1, 1.0) == (report.written, world.moved[0])
    assert PEOPLE == (world.sync(), teachers(world))[1]


def test_what_was_not_sent_to_a_silent_system_is_told_to_go_with_the_next_run(tmp_path):
    world = crowd(tmp_path, more="patience = 1\n")
    answering(world, *[Postponed("not there")] * PEOPLE)
    world.sync()
    with world.bridge() as bridge, bridge.reading() as connection:
        until = {row.next_attempt_at > iso(world.now) for row in connection.execute(select(outbox))}

    [waiting] = world.ask("status", at=iso(world.now + timedelta(hours=7)))["waiting"]

    assert {True, False} == until
    assert (PEOPLE, None) == (waiting["writes"], waiting["until"])
