"""Targets are written side by side: one that is dead, slow or busy costs the others nothing."""

import threading

import pytest
from memory_world import World, capable

from crm_bridge.connector import Postponed, Unknown
from crm_bridge.errors import Unreachable
from crm_bridge.outbox.gate import Stopwatch


def crowd(tmp_path, count=24, *, more="", **capabilities):
    """Clients that A alone has, and B and C want."""
    systems = {"a": capable(), "b": capable(**capabilities), "c": capable()}
    world = World(tmp_path, systems=systems, create=["b", "c"], more=f"[guard]\nmin_records = 1000\n{more}")
    for number in range(count):
        world.person("a", number=number + 1, last_name=f"Коваль{number}", mobile_phone=f"+38050555{number:04d}")
    world.slept = []
    world.stopwatch = Stopwatch(lambda: sum(world.slept), world.slept.append)
    return world


def held(world, name):
    return len(world[name].records("person"))


def test_a_target_that_hangs_is_waited_for_by_nobody_else(tmp_path):
    """B answers only when C holds everybody."""
    world = crowd(tmp_path)
    everybody, write_b, write_c = threading.Event(), world["b"].write, world["c"].write

    def into_b(kind, writes):
        assert everybody.wait(20)
        return write_b(kind, writes)

    def into_c(kind, writes):
        outcomes = write_c(kind, writes)
        if held(world, "c") == 24:
            everybody.set()
        return outcomes

    world["b"].write, world["c"].write = into_b, into_c
    report = world.sync()

    assert (24, 24, 0) == (held(world, "b"), held(world, "c"), report.exit_code)


def test_a_dead_target_is_given_up_after_a_few_tries_and_the_others_are_written(tmp_path):
    world = crowd(tmp_path, more="[outbox]\ntries = 3\n")
    calls = []

    def dead(kind, writes):
        calls.append(len(writes))
        raise Unreachable("not there")

    world["b"].write = dead
    report = world.sync()

    assert (24, 69, 3, 2) == (held(world, "c"), report.exit_code, len(calls), len(world.slept))


def test_calls_beside_each_other_never_carry_one_client_twice(tmp_path):
    """As many as the connector declares, and no more."""
    world = crowd(tmp_path, writes_at_once=3, batch_size=1)
    lock, inside, most, write = threading.Lock(), [], [], world["b"].write
    meet = threading.Barrier(3, timeout=20)

    def into_b(kind, writes):
        with lock:
            inside.extend(each.key for each in writes)
            most.append(len(inside))
            assert len(set(inside)) == len(inside)
        meet.wait()
        outcomes = write(kind, writes)
        with lock:
            inside.remove(writes[0].key)
        return outcomes

    world["b"].write = into_b
    world.sync()

    assert (24, 3) == (held(world, "b"), max(most))


def test_a_rate_is_kept_and_may_be_set_for_a_system(tmp_path):
    world = crowd(tmp_path, count=20, more="[outbox.systems.b]\nrate_per_second = 2.0\n[outbox]\ntries = 1\n")
    sizes, write = [], world["b"].write
    world["b"].write = lambda kind, writes: (sizes.append(len(writes)), write(kind, writes))[1]

    world.sync()

    assert [1] * 20 == sizes
    assert sum(world.slept) == pytest.approx(20 / 2)


def test_a_system_that_postpones_everything_is_left_alone_after_ten_calls(tmp_path):
    """Open for 15 s, then one probe, which closes nothing; 30 s more are as long as a run waits."""
    world = crowd(tmp_path, batch_size=1)
    calls = []
    world["b"].write = lambda kind, writes: (calls.append(1), [Postponed("busy")] * len(writes))[1]

    report = world.sync()

    assert (12, 24) == (len(calls), held(world, "c"))
    assert [15, 30] == world.slept
    [waiting] = report.waiting
    assert ("b", "postponed", 24) == (waiting["system"], waiting["state"], waiting["writes"])


def test_a_time_that_one_answer_asks_for_is_kept_by_all_writes_to_that_system(tmp_path):
    world = crowd(tmp_path, batch_size=1)
    calls = []

    def busy(kind, writes):
        calls.append(1)
        return [Postponed("too many requests", retry_after=600)] * len(writes)

    world["b"].write = busy
    world.sync()
    world.sync()

    assert (1, 24, []) == (len(calls), held(world, "c"), world.slept)


def test_a_change_that_comes_while_its_client_is_being_written_is_not_lost(tmp_path):
    """C's edit is read, as its record was stale, while B is being told what was true before."""
    world = World(tmp_path, systems=dict.fromkeys("abc", capable()))
    ids = world.person("a", "b", "c", job_title="pupil")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    read_again, write_b, read_c = threading.Event(), world["b"].write, world["c"].read

    def into_b(kind, writes):
        assert read_again.wait(20)
        return write_b(kind, writes)

    def from_c(kind, record_ids):
        try:
            return read_c(kind, record_ids)
        finally:
            world["c"].before_write.append(read_again.set)  # C's lane has taken in what it read, and writes again

    world["c"].before_write.append(lambda: world["c"].edit("person", ids["c"], {"email": "anna@example.com"}))
    world["b"].write, world["c"].read = into_b, from_c
    world.sync()

    assert ("teacher", "anna@example.com") == tuple(
        world["b"].person(ids["b"])[field] for field in ("job_title", "email")
    )


def test_writes_of_unknown_outcome_are_not_asked_after_one_by_one_where_nothing_answers(tmp_path):
    """Each question to a system that hangs costs its whole timeout; they stay unknown, and the next run asks."""
    world = crowd(tmp_path, batch_size=1)
    calls = []
    world["b"].write = lambda kind, writes: (calls.append(1), [Unknown("timed out")] * len(writes))[1]

    world.sync()

    assert (12, 24) == (len(calls), held(world, "c"))
