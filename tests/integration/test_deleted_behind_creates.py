"""A client is deleted at its source while nobody knows what came of its create elsewhere: it goes everywhere."""

import pytest
from memory_world import Deaf, Killed, World, capable, die

from crm_bridge.connector import EffectSafety
from crm_bridge.errors import UserMistake

QUERYABLE, KEYED, NONE = EffectSafety.QUERYABLE, EffectSafety.KEYED, EffectSafety.NONE


def installation(tmp_path, *, safety=QUERYABLE):
    """Two systems that take every client, and every deletion; ``b`` is asked by a key only where it is QUERYABLE."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=safety)}, create="ab", spread="ab")
    if safety is not QUERYABLE:
        world.opened["b"] = Deaf(world["b"])
    world.ids = world.person("a")
    return world


def killed_before(world):
    world["b"].before_write.append(die)
    with pytest.raises(Killed):
        world.sync()


def lost_before(world):
    world["b"].lose_next_answer(arrived=False)
    world.sync()


def killed_after(world):
    world["b"].after_write.append(die)
    with pytest.raises(Killed):
        world.sync()


def lost_after(world):
    world["b"].lose_next_answer()
    world.sync()


def held(world):
    return {name: len(peer.records("person")) for name, peer in world.peers.items()}


def creates(world, name):
    return [write for write in world[name].writes if write.operation == "create"]


def resolve(world, case, **said):
    given = {"arrived": False, "record_id": None, "send_again": False, "by": "Olha", **said}
    return world.ask("unknown_resolve", case["id"], **given)


@pytest.mark.parametrize("trouble", [killed_before, lost_before, killed_after, lost_after])
@pytest.mark.parametrize("safety", [QUERYABLE, KEYED, NONE])
def test_the_client_is_nowhere_in_the_end(tmp_path, safety, trouble):
    """Nothing is made for a client that nobody has; what was made is deleted as the echo that it is."""
    world = installation(tmp_path, safety=safety)
    trouble(world)
    world["a"].delete("person", world.ids["a"])
    world.sync()
    world.sync()
    for case in world.ask("unknown_list"):
        resolve(world, case, arrived=False)
    world.sync()

    assert {"a": 0, "b": 0} == held(world)
    assert [] == creates(world, "a")
    assert (0, 0) == ((last := world.sync()).written, last.exit_code)


@pytest.mark.parametrize("safety", [QUERYABLE, KEYED])
def test_a_create_found_long_after_the_deletion_is_deleted(tmp_path, safety):
    """Its system was not looked at when the deletion came."""
    world = installation(tmp_path, safety=safety)
    killed_after(world)
    world["a"].delete("person", world.ids["a"])
    world.sync("a")
    world.sync()

    assert {"a": 0, "b": 0} == held(world)
    assert 1 == len({write.key for write in creates(world, "b")})


def test_an_edit_of_what_was_created_keeps_the_client(tmp_path):
    """Update beats delete, also where the create was still in doubt."""
    world = installation(tmp_path)
    killed_after(world)
    [made] = world["b"].records("person")
    world["b"].edit("person", made["id"], {"job_title": "teacher"})
    world["a"].delete("person", world.ids["a"])
    world.sync("a")
    world.sync()

    assert ["teacher"] == [each["job_title"] for each in world["b"].records("person")]
    assert {"a": 1, "b": 1} == held(world)


@pytest.fixture
def stranger(tmp_path):
    """The user of ``b`` gave what we created another name, so that it was read as somebody else's."""
    world = installation(tmp_path, safety=NONE)
    lost_after(world)
    [made] = world["b"].records("person")
    world.made = made["id"]
    world["b"].edit("person", world.made, {"last_name": "Бойко"})
    world.sync()
    return world


def test_a_created_record_that_was_taken_for_a_stranger_s_is_told_to_be_ours(stranger):
    """One client; the edit is carried on, and nothing is created a second time."""
    [case] = stranger.ask("unknown_list")
    resolve(stranger, case, arrived=True, record_id=stranger.made)
    stranger.sync()

    assert ["Бойко"] == [each["last_name"] for each in stranger["a"].records("person")]
    assert {"a": 1, "b": 1} == held(stranger)
    assert (0, 0) == ((last := stranger.sync()).written, last.exit_code)


@pytest.mark.parametrize("edited", [True, False])
def test_that_stranger_is_deleted_with_its_client_unless_it_was_edited_since(stranger, edited):
    """Its source record went before anybody knew."""
    if not edited:
        stranger["b"].edit("person", stranger.made, {"last_name": "Коваль"})
    stranger["a"].delete("person", stranger.ids["a"])
    stranger.sync()
    [case] = stranger.ask("unknown_list")
    resolve(stranger, case, arrived=True, record_id=stranger.made)
    stranger.sync()

    assert ({"a": 1, "b": 1} if edited else {"a": 0, "b": 0}) == held(stranger)
    assert (0, 0) == ((last := stranger.sync()).written, last.exit_code)


def test_a_record_of_a_client_with_others_is_not_taken_over(stranger):
    """Who is who has to be decided first."""
    another = stranger.person("b", number=2, last_name="Інша")["b"]
    stranger.sync()
    [case] = stranger.ask("unknown_list")

    with pytest.raises(UserMistake, match="client merge"):
        resolve(stranger, case, arrived=True, record_id=another)
