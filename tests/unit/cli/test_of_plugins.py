"""An installed plugin's commands, under its name."""

from __future__ import annotations

import pytest

from crm_bridge.errors import ExitCode
from crm_bridge.plugin_manager import AvailablePlugin


class Plugins:
    """Brings one command, and notes what was done."""

    def __init__(self):
        self.ran = []
        self.loaded = []
        self.closed = False

    def commands(self):
        def look(place: str, deep: bool = False) -> None:
            """Look at a place."""
            self.ran.append((place, deep))

        return {"look": look}

    def close(self):
        self.closed = True


@pytest.fixture
def plugins(monkeypatch):
    one = Plugins()
    installed = AvailablePlugin(name="acme", target="acme.plugin", distribution="acme", version="1")

    def load(names):
        one.loaded += names
        return one

    monkeypatch.setattr("crm_bridge.plugin_manager.all_entry_points", lambda: (installed,))
    monkeypatch.setattr("crm_bridge.plugin_manager.load_plugins", load)
    return one


def test_a_plugins_command_runs_without_a_configuration(cli, plugins, tmp_path, monkeypatch):
    """It is there to find out what belongs into one."""
    monkeypatch.chdir(tmp_path)

    assert 0 == cli("acme", "look", "here", "--deep").code
    assert ([("here", True)], ["acme"], True) == (plugins.ran, plugins.loaded, plugins.closed)


def test_a_plugins_name_alone_shows_its_commands(cli, plugins):
    """With what they do."""
    shown = cli("acme", "--help").out

    assert "look" in shown
    assert "Look at a place." in shown


def test_a_word_that_is_no_plugin_loads_none(cli, plugins):
    """It is a mistake in the command line, as before."""
    assert ExitCode.USAGE == cli("acmee", "look").code
    assert [] == plugins.loaded


def test_our_own_commands_come_first(cli, plugins):
    """And load nothing."""
    assert 0 == cli("mapping", "--help").code
    assert [] == plugins.loaded
