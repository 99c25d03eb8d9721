"""What plugins bring to the command line."""

from __future__ import annotations

import pytest

from crm_bridge.cli.main import with_global_options_first
from crm_bridge.errors import ExitCode
from crm_bridge.testing.trial import ContractResult


class Plugins:
    """Brings two commands."""

    def __init__(self):
        self.ran = []

    def commands(self):
        def greet(name: str, config: str = "none", loud: bool = False) -> None:
            """Greet somebody.

            At length.
            """
            self.ran.append((name, config, loud))

        def fail() -> None:
            raise ValueError

        return {"greet": greet, "fail": fail}

    def close(self):
        pass


@pytest.fixture
def plugins(monkeypatch):
    one = Plugins()
    monkeypatch.setattr("crm_bridge.plugin_manager.load_plugins", lambda *args, **named: one)
    return one


def test_a_plugins_command_takes_its_own_options(cli, plugins):
    """Even those that are called like ours."""
    assert 0 == cli("x", "greet", "Anna", "--config", "theirs", "--loud").code
    assert [("Anna", "theirs", True)] == plugins.ran


def test_a_plugins_command_has_its_own_help(cli, plugins):
    """Behind its name."""
    assert "Greet somebody." in cli("x", "greet", "--help").out


def test_without_a_name_the_commands_are_listed(cli, plugins):
    """With the first line of what they say of themselves."""
    assert "fail\ngreet  Greet somebody.\n" == cli("x").out


@pytest.mark.parametrize(
    ("arguments", "code"), [(["greeet"], ExitCode.USAGE), (["greet"], ExitCode.USAGE), (["fail"], ExitCode.BUG)]
)
def test_a_plugins_command_ends_as_ours_do(cli, plugins, arguments, code):
    """Unknown, wrongly used, broken."""
    assert code == cli("x", *arguments).code


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["sync", "-c", "a"], ["-c", "a", "sync"]),
        (["sync", "--config=a", "--debug"], ["--config=a", "--debug", "sync"]),
        (["-c", "a", "x", "greet", "-c", "b"], ["-c", "a", "x", "greet", "-c", "b"]),
        (["client", "why", "x", "-c", "b"], ["-c", "b", "client", "why", "x"]),
        (["sync", "--", "-c", "b"], ["sync", "--", "-c", "b"]),
        (["sync", "-c"], ["sync", "-c"]),
    ],
)
def test_global_options_may_stand_anywhere(given, expected):
    """Except where they belong to somebody else."""
    assert expected == with_global_options_first(given)


def test_installed_plugins_are_listed(cli):
    """Without a configuration that names any, none is active."""
    rows = {row["name"]: row["active"] for row in cli("plugin", "list", "--json").json["plugins"]}

    assert rows["callcenter"] is False
    assert rows["dedup.exact_keys"] is False


def test_a_plugin_is_checked_by_itself(cli):
    """Loaded, asked what it offers; one that is not there ends with 78."""
    answer = cli("plugin", "check", "callcenter", "--no-rehearse", "--json").json

    assert ["register_connectors", "register_simulators"] == answer["hooks"]
    assert ["callcenter"] == list(answer["connectors"])
    assert ExitCode.CONFIG == cli("plugin", "check", "callcentre").code


def test_a_checked_connector_is_rehearsed(cli):
    """Each promise with what became of it; what was not tried says why."""
    answer = cli("plugin", "check", "vendor_files", "--json")
    found = {each["promise"]: each for each in answer.json["promises"]}

    assert ExitCode.OK == answer.code
    assert "held" == found["an update arrives"]["outcome"]
    assert {"held", "not tried"} == answer.json["counts"].keys()
    assert [] == [each for each in found.values() if each["outcome"] == "not tried" and not each["why"]]


def test_a_broken_promise_ends_with_1(cli, monkeypatch):
    """And stands in the table with its reason."""
    broken = ContractResult("test_an_update_arrives", "broken", "accepted, and not there", kind="client")
    monkeypatch.setattr("crm_bridge.testing.rehearsal.rehearse", lambda *args, **named: [broken])
    answer = cli("plugin", "check", "vendor_files")

    assert ExitCode.BUG == answer.code
    assert "accepted, and not there" in answer.out
