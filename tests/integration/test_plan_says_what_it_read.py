"""A plan says what its reading found: where nothing is written yet, that is all there is to look at."""

from __future__ import annotations

import pytest
from memory_world import World, capable


@pytest.fixture
def world(tmp_path):
    """One system that is read, and none to write to: a project's first day."""
    return World(tmp_path, systems={"a": capable(), "b": capable()})


def planned(world):
    with world.bridge() as bridge:
        return bridge.plan().as_dict()


def test_the_first_plan_tells_records_cards_and_dead_letters(world):
    """All of it as the sync would find it, and none of it is kept."""
    for number in range(1, 6):
        world.person("a", number=number, last_name=f"Коваль{number}")
    world.person("a", number=9, gender="X")

    found = [planned(world), planned(world)]

    assert found[0] == found[1]
    assert [] == found[0]["writes"]
    assert (6, 5, 1) == tuple(found[0]["reads"]["a/person"][name] for name in ("read", "new", "quarantined"))
    assert 5 == found[0]["clients"]["created"]
    assert (1, 1, 0) == tuple(found[0][name] for name in ("dead_letters", "new_dead_letters", "reviews"))
    assert [] == world.ask("dead_letters")


def test_what_waited_before_is_told_from_what_a_sync_would_add(world):
    world.person("a", number=9, gender="X")
    world.sync()
    world.person("a", number=8, gender="Y")

    found = planned(world)

    assert (2, 1) == (found["dead_letters"], found["new_dead_letters"])


def test_the_file_of_a_plan_holds_its_writes_alone(world):
    """Equal plans are equal files, however much was read for them."""
    files = []
    for number in (1, 2):
        path = world.folder / f"{number}.json"
        with world.bridge() as bridge:
            bridge.save_plan(bridge.plan(), path)
        files.append(path.read_bytes())
        world.person("a", number=number)

    assert files[0] == files[1]
