"""Where clients are created, somebody has to say who is whom: else those of each system are made anew in the others."""

import pytest
from memory_world import CAPABLE, World

from crm_bridge.errors import ConfigMistake


def test_creating_without_a_plugin_that_finds_duplicates_is_refused_at_its_line(tmp_path):
    """Two systems that hold the same people would each get all of them a second time."""
    world = World(tmp_path, create=["b"], active=())

    with pytest.raises(ConfigMistake, match=r'"dedup\.exact_keys"') as refused:
        world.sync()

    place = refused.value.place
    lines = (tmp_path / "crm-bridge.toml").read_text("utf-8").splitlines()
    assert "create = true" == lines[place.line - 1]
    assert str(tmp_path / "crm-bridge.toml") == place.file


@pytest.mark.parametrize("active", [(), ("dedup.exact_keys",)], ids=["no plugin", "the plugin"])
def test_without_creates_it_is_the_users_choice(tmp_path, active):
    """Then nobody comes to be twice: each record has a card of its own."""
    assert 0 == World(tmp_path, active=active).sync().exit_code


def test_a_system_that_is_read_alone_may_create(tmp_path):
    """From one system nobody can come twice."""
    assert 0 == World(tmp_path, systems={"a": CAPABLE}, create=["a"], active=()).sync().exit_code
