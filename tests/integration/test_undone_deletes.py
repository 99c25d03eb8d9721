"""``undo`` of a run that carried a deletion: what it deleted is made anew where that is configured; and undo is killed
at every commit and every write, and ends alike."""

import pickle
import sqlite3
from contextlib import closing

import pytest
from memory_world import Killed, World, capable, die
from sqlalchemy import Engine, event
from stores import SQLITE


def spread(folder, *, create="bc"):
    """A client of three systems, whose record in A its user deleted; a run deleted those in B and C."""
    world = World(folder, systems=dict.fromkeys("abc", capable()), spread="a", create=create)
    world.ids = world.person("a", "b", "c", job_title="teacher")
    world.settle()
    world["a"].delete("person", world.ids["a"])
    world.run = world.sync()
    assert (0, 0) == (len(world["b"].records("person")), len(world["c"].records("person")))
    return world


def undo(world, run, **options):
    return world.ask("undo", run.run_id, by="Olha", **options)


def held(world):
    """What each system holds of the client, but for its own ids."""
    own = ("id", "version", "updated_at")
    return {
        name: [{key: value for key, value in record.items() if key not in own} for record in peer.records("person")]
        for name, peer in world.peers.items()
    }


def test_what_a_run_deleted_is_made_anew_and_the_plan_shows_it(tmp_path):
    """In B and C alone: what A's users deleted is theirs. The next sync leaves it so."""
    world = spread(tmp_path)
    plan = world.ask("plan_undo", world.run.run_id)
    report = undo(world, world.run)

    assert [("b", "create"), ("c", "create")] == [(each.system, each.operation) for each in plan.writes]
    assert {"teacher"} == {each.new for write in plan.writes for each in write.fields if each.field == "job_title"}
    assert ([], True) == (report.cannot, report.applied)
    [again] = held(world)["b"]
    assert ("Коваль", "teacher", "+380505550001") == tuple(
        again[name] for name in ("last_name", "job_title", "mobile_phone")
    )
    assert [0, 1, 1] == [len(each) for each in held(world).values()]
    assert 0 == world.sync().written
    assert "teacher" == world.client()["job_title"]
    assert undo(world, world.run).nothing_left


def test_where_nothing_is_created_it_says_so(tmp_path):
    world = spread(tmp_path, create="b")
    report = undo(world, world.run)

    [line] = report.cannot
    assert ("c/person/" + world.ids["c"], True) == (line["record"], "create = false" in line["why"])
    assert [0, 1, 0] == [len(each) for each in held(world).values()]


def test_such_an_undo_can_be_undone_and_that_too(tmp_path):
    world = spread(tmp_path)
    first = undo(world, world.run)

    second = undo(world, first.report)
    assert ([0, 0, 0], 0) == ([len(each) for each in held(world).values()], world.sync().written)

    undo(world, second.report)
    assert ([0, 1, 1], 0) == ([len(each) for each in held(world).values()], world.sync().written)


def test_one_that_is_there_again_is_not_made_twice(tmp_path):
    """B's user entered the client anew meanwhile: for the bridge another client, and nobody wants two of them."""
    world = spread(tmp_path)
    anew = world.person("b")
    world.sync("b")
    report = undo(world, world.run)

    assert [0, 1, 0] == [len(each) for each in held(world).values()]
    assert 2 == len(report.kept)
    assert all(f"b/person/{anew['b']}`" in each["why"] for each in report.kept)


def edited_and_spread(folder):
    """A run that carried an edit of one client and the deletion of another to B and C."""
    world = World(folder, systems=dict.fromkeys("abc", capable()), spread="a", create="bc")
    ids = world.person("a", "b", "c", job_title="teacher")
    other = world.person("a", "b", "c", number=2, last_name="Бойко", first_name="Ivan", job_title="pupil")
    world.settle()
    world["a"].delete("person", ids["a"])
    world["a"].edit("person", other["a"], {"job_title": "student"})
    world.run = world.sync()
    return world


def test_an_undo_that_is_killed_at_any_commit_or_write_ends_alike_when_it_is_repeated(tmp_path):
    """Every commit, and both sides of every write: the same state, and nothing is made twice."""
    whole = edited_and_spread(tmp_path)
    if whole.store != SQLITE:
        pytest.skip("it goes back to a copy of a SQLite file; what is committed is the same over both stores")
    begin = Snapshot(whole)
    commits = []
    count = commits.append
    event.listen(Engine, "commit", count)
    try:
        undo(whole, whole.run)
    finally:
        event.remove(Engine, "commit", count)
    wanted, created = held(whole), {name: len(peer.writes) for name, peer in whole.peers.items()}
    points = [("commit", at) for at in range(len(commits))]
    points += [(hook, name) for hook in ("before_write", "after_write") for name in "bc"]
    for hook, at in points:
        begin.restore()
        if hook == "commit":
            _die_at_commit(whole, at)
        else:
            getattr(whole[at], hook).append(die)
            with pytest.raises(Killed):
                undo(whole, whole.run)
        with whole.bridge() as bridge:
            bridge.undo(whole.run.run_id, by="Olha")
            assert (wanted, 0) == (held(whole), bridge.sync().written), (hook, at)
        assert created == {name: len(peer.writes) for name, peer in whole.peers.items()}, (hook, at)


class Snapshot:
    """The store and the systems as they are; a test that begins again and again goes back to it."""

    def __init__(self, world):
        self.world, self.store = world, world.folder / "bridge.db"
        self.kept = pickle.dumps({name: self._state(peer) for name, peer in world.peers.items()})
        with closing(sqlite3.connect(self.store)) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.bytes, self.now = self.store.read_bytes(), world.now

    def restore(self):
        for path in self.world.folder.glob("bridge.db*"):
            path.unlink()
        self.store.write_bytes(self.bytes)
        self.world.now = self.now
        for name, state in pickle.loads(self.kept).items():  # written above
            vars(self.world.peers[name]).update(state)

    @staticmethod
    def _state(peer):
        kept = ("writes", "_kinds", "_changes", "_ids", "_answered", "before_write", "after_write")
        return {name: vars(peer)[name] for name in kept}


def _die_at_commit(world, at):
    passed = []

    def die_once(_connection):
        passed.append(1)
        if len(passed) == at + 1:
            die()

    event.listen(Engine, "commit", die_once)
    try:
        with pytest.raises(Killed):
            undo(world, world.run)
    finally:
        event.remove(Engine, "commit", die_once)
