"""What the demo proposes to try next is typed as the demo was."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.cli.demo import _next_commands
from crm_bridge.demo.people import ROLES
from crm_bridge.demo.scenario import Outcome


@pytest.mark.parametrize(("uv", "program"), [("/usr/bin/uv", "uv run crm-bridge "), (None, "crm-bridge ")])
def test_the_hints_run_as_they_are_printed(monkeypatch, uv, program):
    """Who started it by uv has no crm-bridge on the path."""
    monkeypatch.delenv("UV", raising=False)
    if uv:
        monkeypatch.setenv("UV", uv)

    hints = _next_commands(Path("crm-bridge-demo"), Outcome(look="lookup --phone +380505550101"), running=False)

    assert 3 == len(hints)
    assert all(each.startswith(program) for each in hints)


@pytest.mark.parametrize(
    ("look", "letters", "expected"),
    [
        ("lookup --phone +380505550101", 5, ["client lookup --phone +380505550101", "plan", "dead-letters groups"]),
        ("show C-1", 0, ["client show C-1", "plan"]),
        (None, 266, ["dead-letters groups", "plan"]),
    ],
)
def test_each_hint_has_something_to_show(look, letters, expected):
    """No client is looked up that is not there."""
    outcome = Outcome(figures={"dead letters": letters}, look=look)

    hints = _next_commands(Path("d"), outcome, running=True)

    assert expected == [hint.partition("crm-bridge.toml ")[2] for hint in hints]


def test_the_help_says_how_many_people_the_scenes_need(cli):
    """Fewer are refused."""
    assert f"the scenes need {len(ROLES)}" in " ".join(cli("demo", "--help").out.replace("│", " ").split())
