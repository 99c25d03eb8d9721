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


class TestNestedRows:
    """``b`` refuses stale writes, and its users change a child without a new version of its parent."""

    @pytest.fixture
    def world(self, tmp_path):
        world = World(tmp_path, systems={"a": capable(), "b": capable(versions_rows=False)})
        world.map_children("a", "b", rows={"kids": "k"})
        child = {"k": "k-1", "name": "Marko", "born": "2018-01-01"}
        world.ids = world.person("a", "b", job_title="pupil", kids=[child])
        world.settle()
        return world

    def unseen(self, world, rows):
        """What ``b``'s users make of the child rows; the record stands as it stood, and tells of nothing."""
        held = world["b"]._kinds["person"].records
        held[world.ids["b"]] = {**held[world.ids["b"]], "kids": rows}

    def edit(self, world, **fields):
        [child] = world["a"].person(world.ids["a"])["kids"]
        world["a"].edit("person", world.ids["a"], {"kids": [{**child, **fields}]})

    def rows(self, world):
        return [
            [(row["name"], row.get("born"), row.get("since")) for row in world[name].person(world.ids[name])["kids"]]
            for name in "ab"
        ]

    def test_an_edit_of_another_field_of_the_row_survives(self, world):
        self.unseen(world, [{"k": "k-1", "name": "Marko", "born": "2018-02-02"}])
        self.edit(world, since="2020-01-01")

        report = world.sync()
        world.settle()

        assert [[("Marko", "2018-02-02", "2020-01-01")]] * 2 == self.rows(world)
        assert 1 == report.of_write("b").stale

    def test_a_row_that_is_gone_is_made_anew_for_an_edit_of_it(self, world):
        """The edit keeps it; a write to a row that is not there would be refused for ever."""
        self.unseen(world, [])
        self.edit(world, born="2018-02-02")

        world.sync()
        world.settle()

        assert [[("Marko", "2018-02-02", None)]] * 2 == self.rows(world)
        assert 0 == world.ask("dead_letters_total")

    def test_other_writes_cost_no_look(self, world, monkeypatch):
        monkeypatch.setattr(world["b"], "read", lambda *_: pytest.fail("it was read"))
        world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
        world.sync()

        assert "teacher" == world["b"].person(world.ids["b"])["job_title"]
