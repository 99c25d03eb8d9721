"""Systems that cannot refuse a stale write: what their users type while a run is under way is not written over."""

import pytest
from memory_world import World, capable

from crm_bridge.connector import WriteMode
from crm_bridge.errors import Unreachable
from crm_bridge.run_context.pools import in_turn

MODES = pytest.mark.parametrize("mode", list(WriteMode), ids=lambda each: each.value)


def installation(tmp_path, mode):
    """``c`` takes whatever it is sent. It is read first, and its user types while ``a`` is written to."""
    simple = capable(conditional_writes=False, write_mode=mode)
    world = World(tmp_path, systems={"a": capable(), "b": capable(), "c": simple})
    world.pool = in_turn  # ``a`` is written to before ``c``
    world.ids = world.person("a", "b", "c", job_title="pupil", marital_status="single")
    world.settle()
    world["b"].edit("person", world.ids["b"], {"marital_status": "married"})
    return world


def typing(world, **changes):
    """The user of ``c`` types after the run has read it."""
    world["a"].before_write.append(lambda: world["c"].edit("person", world.ids["c"], changes))


def held(world, field):
    return [world[name].person(world.ids[name]).get(field) for name in "abc"]


@MODES
def test_another_field_survives(tmp_path, mode):
    world = installation(tmp_path, mode)
    typing(world, job_title="teacher")
    report = world.sync()
    world.settle()

    assert (["teacher"] * 3, ["married"] * 3) == (held(world, "job_title"), held(world, "marital_status"))
    assert 1 == report.of_write("c").stale


@MODES
def test_the_same_field_is_a_conflict(tmp_path, mode):
    """By trust ``b`` wins; who lost is told."""
    world = installation(tmp_path, mode)
    typing(world, marital_status="divorced")
    report = world.sync()
    world.settle()

    assert ["married"] * 3 == held(world, "marital_status")
    assert 1 == report.clients["conflicts"]


@MODES
def test_what_the_mapping_does_not_know_is_not_emptied(tmp_path, mode):
    world = installation(tmp_path, mode)
    typing(world, hobby="chess")
    world.sync()
    world.settle()

    assert "chess" == world["c"].person(world.ids["c"])["hobby"]


def test_nobody_is_written_to_who_cannot_be_looked_at(tmp_path):
    """The rest is carried on with, and the write goes with the next run."""
    world = installation(tmp_path, WriteMode.MERGE)
    world["a"].before_write.append(lambda: world["c"].fail_next(error=Unreachable("away", system="c")))
    report = world.sync()

    assert (["c"], ["married", "married", "single"]) == (list(report.stopped), held(world, "marital_status"))
    world.settle()
    assert ["married"] * 3 == held(world, "marital_status")


def test_a_record_at_rest_is_written_at_once(tmp_path):
    world = installation(tmp_path, WriteMode.REPLACE)
    report = world.sync()

    assert (0, 1) == (report.of_write("c").stale, report.of_write("c").updated)
