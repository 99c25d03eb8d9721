"""A new crm-bridge may make other match keys: whoever was stored by the old ones is found all the same."""

from __future__ import annotations

import pytest
from memory_world import Killed, World
from sqlalchemy import delete, select, update

from crm_bridge.runner import keys_anew
from crm_bridge.store.opening import open_database
from crm_bridge.store.schema import consumers, letter_keys, match_keys

TOLD = "the rules by which clients are found have changed: all match keys were made anew"


@pytest.fixture
def world(tmp_path):
    """Three clients of the first system, stored with the keys of older rules."""
    world = World(tmp_path)
    for number in (1, 2, 3):
        world.person("a", number=number, last_name=f"Коваль-{number}")
    world.sync()
    store(world, update(match_keys).values(key="older " + match_keys.c.key))
    store(world, update(consumers).where(consumers.c.name.startswith("keys by")).values(name="keys by rules 1.1"))
    return world


def store(world, statement):
    database = open_database(world.store, base_dir=world.folder)
    try:
        with database.transaction() as connection:
            answer = connection.execute(statement)
            return answer.all() if answer.returns_rows else []
    finally:
        database.close()


def keys(world):
    return {row.key for row in store(world, select(match_keys))}


def test_a_client_of_before_is_found_and_the_report_says_why(world):
    """Its record in another system comes to it, and makes no second client."""
    world.person("b", number=2, last_name="Коваль-2")

    report = world.sync()

    assert ([TOLD], 1) == (report.notes, report.clients["linked"])
    assert [] == [key for key in keys(world) if key.startswith("older")]
    assert [] == world.sync().notes


def test_a_plan_finds_them_too(world):
    """It shows what the sync will do."""
    world.person("b", number=2, last_name="Коваль-2")

    assert [] == [write.operation for write in world.ask("plan").writes if write.operation == "create"]


def test_keys_that_nobody_says_the_rules_of_are_made_anew(world):
    """Those of a store from before there was a word for it."""
    store(world, delete(consumers).where(consumers.c.name.startswith("keys by")))

    assert [TOLD] == world.sync().notes
    assert [] == [key for key in keys(world) if key.startswith("older")]


def test_broken_off_it_goes_on_where_it_was(world, monkeypatch):
    """Killed at the second record, the next run makes the keys of the others; what came in between does no harm."""
    monkeypatch.setattr(keys_anew, "AT_ONCE", 1)
    made = []
    rules = keys_anew.match_keys

    def breaking(doc):
        if len(made) == 1:
            made.append(None)
            raise Killed
        made.append(doc)
        return rules(doc)

    monkeypatch.setattr(keys_anew, "match_keys", breaking)
    with pytest.raises(Killed):
        world.sync()

    report = world.sync()

    assert ([TOLD], 3) == (report.notes, sum(doc is not None for doc in made))
    assert {"p:505550001", "p:505550002", "p:505550003"} <= keys(world)


def test_a_record_that_was_put_aside_is_found_by_keys_of_the_new_rules(world):
    """Nothing is created in its system as long as it waits there."""
    world.person("b", number=5, last_name="Мельник", gender="?")
    world.sync()
    before = {row.key for row in store(world, select(letter_keys))}
    store(world, update(letter_keys).values(key="older " + letter_keys.c.key))
    store(world, update(consumers).where(consumers.c.name.startswith("keys by")).values(name="keys by rules 1.1"))

    world.sync()

    assert before == {row.key for row in store(world, select(letter_keys))} != set()


def test_a_store_without_records_says_nothing(tmp_path):
    """The first run of all."""
    assert [] == World(tmp_path).sync().notes
