"""After a kill in the middle of many writes: what became of them is asked a page at a time."""

from contextlib import suppress

from memory_world import Killed, World, capable, die

from crm_bridge.errors import RejectRecord
from crm_bridge.outbox import deliver

MANY = 40


def killed_in_a_batch(tmp_path, monkeypatch):
    """A's users edited everybody; the bridge broke off when B had taken the first of these writes."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(page_size=25, batch_size=1)})
    ids = [world.person("a", "b", number=number, job_title="pupil") for number in range(1, MANY + 1)]
    world.settle()
    for each in ids:
        world["a"].edit("person", each["a"], {"job_title": "teacher"})
    world["b"].after_write.append(die)
    with suppress(Killed), monkeypatch.context() as patched:
        patched.setattr(deliver, "_give_back", lambda *_, **__: None)  # a killed process does nothing more
        world.sync()
    return world, [each["b"] for each in ids]


def test_open_writes_are_read_back_a_page_at_a_time(tmp_path, monkeypatch):
    """One call a page and no call a record: a slow system would keep the next writes waiting for minutes."""
    world, theirs = killed_in_a_batch(tmp_path, monkeypatch)
    asked = []
    read = world["b"].read
    monkeypatch.setattr(world["b"], "read", lambda kind, ids: asked.append(sorted(ids)) or read(kind, ids))

    world.sync()

    assert [25, 15] == [len(ids) for ids in asked[:2]]
    assert sorted(theirs) == sorted([*asked[0], *asked[1]])
    assert len(asked) <= 4
    assert ["teacher"] * MANY == [world["b"].person(each)["job_title"] for each in theirs]


def test_one_that_cannot_be_read_back_keeps_nobody_else_waiting(tmp_path, monkeypatch):
    """It becomes a dead letter, and what became of its write stays unknown; the others are written."""
    world, theirs = killed_in_a_batch(tmp_path, monkeypatch)
    bad, read = theirs[7], world["b"].read

    def reading(kind, ids):
        if bad in ids:
            raise RejectRecord("a value that nobody can read", system="b", code="unreadable")
        return read(kind, ids)

    monkeypatch.setattr(world["b"], "read", reading)

    report = world.sync()

    assert {} == report.stopped
    others = [each for each in theirs if each != bad]
    assert ["teacher"] * len(others) == [world["b"].person(each)["job_title"] for each in others]
    assert ["b"] == [each["system"] for each in world.ask("unknown_list")]
    assert [("unreadable", bad)] == [(each["code"], each["record_id"]) for each in world.ask("dead_letters")]

    monkeypatch.undo()
    world.settle()

    assert [] == world.ask("unknown_list")
    assert "teacher" == world["b"].person(bad)["job_title"]
