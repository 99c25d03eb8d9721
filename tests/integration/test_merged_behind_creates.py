"""Two clients are merged while nobody knows what came of a create for one of them: its record becomes the other's."""

import pytest
from memory_world import Deaf, Killed, World, capable, die

from crm_bridge.connector import EffectSafety

QUERYABLE, KEYED, NONE = EffectSafety.QUERYABLE, EffectSafety.KEYED, EffectSafety.NONE


def merged(tmp_path, *, safety, arrived):
    """A client whose create in ``b`` was broken off was merged into another, who was never created there."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=safety)}, create=["b"])
    if safety is not QUERYABLE:
        world.opened["b"] = Deaf(world["b"])
    world.first = world.person("a")["a"]
    (world["b"].after_write if arrived else world["b"].before_write).append(die)
    with pytest.raises(Killed):
        world.sync()
    world.other = world.person("a", number=2, last_name="Інша")["a"]
    world.sync("a")
    world.absorbed, world.survivor = (owner(world, "a", key) for key in (world.first, world.other))
    world.ask("merge", world.survivor, world.absorbed, by="Olha", reason="one person")
    return world


def owner(world, system, record_id):
    return world.ask("lookup", identifier=f"{system}.id={record_id}")[0]["id"]


def sync_and_resolve(world):
    world.sync()
    for case in world.ask("unknown_list"):
        made = [record["id"] for record in world["b"].records("person")]
        given = {"arrived": bool(made), "record_id": made[0] if made else None}
        world.ask("unknown_resolve", case["id"], **given, send_again=False, by="Olha")
    world.sync()
    world.sync()


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("safety", [QUERYABLE, KEYED, NONE])
def test_what_an_absorbed_client_s_create_made_is_the_survivor_s(tmp_path, safety, arrived):
    """Nothing is created twice, and nothing hangs on a client that is a signpost only."""
    world = merged(tmp_path, safety=safety, arrived=arrived)
    sync_and_resolve(world)

    assert 1 == len({write.key for write in world["b"].writes if write.operation == "create"})
    [made] = [record["id"] for record in world["b"].records("person")]
    held = {each["record"] for each in world.ask("show", world.survivor)["records"]}
    assert {f"a/person/{world.first}", f"a/person/{world.other}", f"b/person/{made}"} == held
    assert (0, 0) == ((last := world.sync()).written, last.exit_code)


@pytest.mark.parametrize("safety", [QUERYABLE, NONE])
def test_a_merge_taken_back_takes_the_create_back_too(tmp_path, safety):
    """The record is of whom it was made for, and the other gets one of its own."""
    world = merged(tmp_path, safety=safety, arrived=True)
    world.ask("unmerge", world.survivor, f"a/person/{world.first}", by="Olha", reason="two persons")
    sync_and_resolve(world)

    made = {record["last_name"]: record["id"] for record in world["b"].records("person")}
    assert (world.absorbed, world.survivor) == (owner(world, "b", made["Коваль"]), owner(world, "b", made["Інша"]))
    assert 2 == len(world["b"].records("person"))
