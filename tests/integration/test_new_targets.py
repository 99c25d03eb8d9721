"""A system that is read first and written later gets what it lacked all the time, not only what changes later."""

from __future__ import annotations

import pytest
from memory_world import World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.person("a", job_title="teacher")
    world.settle()
    return world


def titles(world, system):
    return [each["job_title"] for each in world[system].records("person")]


def test_creates_that_are_switched_on_reach_the_clients_of_before(world):
    """Once: what it lacked is there then."""
    world.create = ("b",)
    # All of one client is more than the guard lets through.
    assert ["create"] == [write.operation for write in world.ask("plan").writes]

    world.sync(allow_large_change=True)

    assert ["teacher"] == titles(world, "b")
    world.settle()


def test_writes_that_are_switched_on_carry_the_differences_of_before(world, monkeypatch):
    """A first time of reading alone leaves none behind."""
    text = World.settings
    monkeypatch.setattr(World, "settings", lambda self: _reading_alone(self, text(self), "b"))
    world.person("b")
    world.sync()
    before = titles(world, "b") if "job_title" in world["b"].records("person")[0] else []
    monkeypatch.setattr(World, "settings", text)

    world.sync()

    assert ([], ["teacher"]) == (before, titles(world, "b"))
    world.settle()


def test_switched_off_and_on_again_it_is_looked_at_again(world):
    """What came in between was not carried."""
    world.create = ("b",)
    world.sync(allow_large_change=True)
    world.create = ()
    world.person("a", number=2, last_name="Мельник", job_title="baker")
    world.sync()
    world.create = ("b",)

    world.sync(allow_large_change=True)

    assert {"teacher", "baker"} == set(titles(world, "b"))


def _reading_alone(world, _settings, system):
    from crm_bridge.config import load_settings

    path = world.folder / "crm-bridge.toml"
    place = f'[systems.{system}.records.person]\nmapping = "{system}.yaml"\n'
    path.write_text(path.read_text("utf-8").replace(place, f"{place}write = false\n"), encoding="utf-8")
    return load_settings(path)
