"""A create whose answer is lost and of which only a part was carried out: the rest is planned, nobody removed it."""

import pytest
from memory_world import World, capable

from crm_bridge.connector import EffectSafety, Unknown

KIDS = [{"k": "k-1", "name": "Marko", "born": "2018-01-01"}, {"k": "k-2", "name": "Olena", "born": "2020-02-02"}]


@pytest.fixture
def world(tmp_path):
    """Both mirror the removal of a child. B takes a create and its first rows, and then the answer is lost."""

    def make(*, rows, fields=(), read=True):
        queryable = capable(effect_safety=EffectSafety.QUERYABLE)
        world = World(tmp_path, systems={"a": capable(), "b": queryable}, create=["b"])
        world.map_children("a", "b", rows={"kids": "k"})
        world.ids = world.person("a", kids=KIDS, job_title="teacher")
        really = world["b"].write

        def partly(kind, writes):
            world["b"].write = really
            outcomes = really(kind, writes)
            for outcome in outcomes:
                held = world["b"].person(outcome.record_id)
                kept = {name: value for name, value in held.items() if name not in fields}
                world["b"].load(kind, [{**kept, "kids": held["kids"][:rows]}])
            return [Unknown("the answer was lost")] * len(outcomes)

        world["b"].write = partly
        if not read:
            world["b"].read_changes = lambda kind, cursor: iter(())
        return world

    return make


def children(world, name):
    [record] = world[name].records("person")
    return sorted(row["name"] for row in record["kids"])


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize("rows", [0, 1])
def test_rows_that_did_not_arrive_are_added_and_removed_nowhere(world, rows, read):
    """Also where the record is read before its write is asked for."""
    world = world(rows=rows, read=read)

    for _ in range(4):
        world.sync()

    assert (["Marko", "Olena"], ["Marko", "Olena"]) == (children(world, "a"), children(world, "b"))
    assert 0 == world.sync().written


def test_a_row_that_a_user_removes_afterwards_is_removed(world):
    """What arrived is known to be there."""
    world = world(rows=1)
    for _ in range(4):
        world.sync()
    [held] = world["b"].records("person")
    world["b"].edit("person", held["id"], {"kids": [row for row in held["kids"] if row["name"] == "Olena"]})

    for _ in range(3):
        world.sync()

    assert (["Olena"], ["Olena"]) == (children(world, "a"), children(world, "b"))


def test_a_field_that_did_not_arrive_is_written_and_emptied_nowhere(world):
    """It is not taken for a word of the system's users either."""
    world = world(rows=2, fields=["job_title"])

    for _ in range(4):
        world.sync()

    assert ["teacher"] * 2 == [world[name].records("person")[0].get("job_title") for name in "ab"]
