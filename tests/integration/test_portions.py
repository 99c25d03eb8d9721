"""What stands open in the journal while a call is under way: each of it is in doubt if we are stopped now."""

import pytest
from memory_world import Deaf, World, capable

from crm_bridge.connector import EffectSafety
from crm_bridge.errors import Unreachable
from crm_bridge.store import journal

PEOPLE = 12


def crowd(tmp_path, *, deaf, **capabilities):
    """Clients that A alone has, and B wants."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(**capabilities)}, create=["b"])
    for number in range(PEOPLE):
        world.person("a", number=number + 1, last_name=f"Коваль{'абвгдежзиклм'[number]}")
    if deaf:
        world.opened["b"] = Deaf(world["b"])
    return world


def open_during_each_call(world):
    """How many writes to B are open in the journal at each call, as another process sees it."""
    found, write = [], world["b"].write

    def into_b(kind, writes):
        with world.bridge() as bridge, bridge.reading() as connection:
            found.append(len(journal.in_state(connection, ["open"], "b")))
        return write(kind, writes)

    world["b"].write = into_b
    if isinstance(world.opened["b"], Deaf):
        world.opened["b"].write = into_b
    return found


@pytest.mark.parametrize(
    ("capabilities", "most"),
    [
        ({"batch_size": 1}, 1),
        ({"batch_size": 5}, 5),
    ],
)
def test_where_nobody_can_tell_what_arrived_only_what_is_under_way_is_open(tmp_path, capabilities, most):
    world = crowd(tmp_path, deaf=True, effect_safety=EffectSafety.NONE, **capabilities)
    found = open_during_each_call(world)

    world.sync()

    assert (most, PEOPLE) == (max(found), len(world["b"].records("person")))


@pytest.mark.parametrize(("deaf", "safety"), [(True, EffectSafety.KEYED), (False, EffectSafety.QUERYABLE)])
def test_where_the_next_run_finds_out_by_itself_a_batch_is_journaled_at_once(tmp_path, deaf, safety):
    """One commit instead of one for each call."""
    world = crowd(tmp_path, deaf=deaf, effect_safety=safety, batch_size=1)
    found = open_during_each_call(world)

    world.sync()

    assert list(range(PEOPLE, 0, -1)) == found


def test_updates_that_can_be_read_back_are_journaled_at_once_beside_creates_that_cannot(tmp_path):
    world = crowd(tmp_path, deaf=True, effect_safety=EffectSafety.NONE, batch_size=1)
    world.settle()
    for record in world["a"].records("person"):
        world["a"].edit("person", record["id"], {"job_title": "teacher"})
    world.person("a", number=20, last_name="Бондар")
    found = open_during_each_call(world)

    world.sync()

    assert [PEOPLE, 1] == [found[0], found[-1]]


def test_what_was_not_sent_as_its_system_went_away_is_sent_by_the_next_run(tmp_path):
    world = crowd(tmp_path, deaf=True, effect_safety=EffectSafety.NONE, batch_size=1)
    calls, write = [], world["b"].write

    def once(kind, writes):
        calls.append(1)
        if len(calls) == 3:
            raise Unreachable("not there")
        return write(kind, writes)

    world.opened["b"].write = once
    first = world.sync()
    second = world.sync()

    assert ((2, 0), (10, 0)) == ((first.written, first.unknown), (second.written, second.unknown))
    assert PEOPLE == len(world["b"].records("person"))
