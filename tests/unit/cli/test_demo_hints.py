"""What the demo proposes to try next is typed as the demo was."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.cli.demo import _next_commands
from crm_bridge.demo.people import ROLES


@pytest.mark.parametrize(("uv", "program"), [("/usr/bin/uv", "uv run crm-bridge "), (None, "crm-bridge ")])
def test_the_hints_run_as_they_are_printed(monkeypatch, uv, program):
    """Who started it by uv has no crm-bridge on the path."""
    monkeypatch.delenv("UV", raising=False)
    if uv:
        monkeypatch.setenv("UV", uv)

    hints = _next_commands(Path("crm-bridge-demo"), running=False)

    assert 3 == len(hints)
    assert all(each.startswith(program) for each in hints)


def test_the_help_says_how_many_people_the_scenes_need(cli):
    """Fewer are refused."""
    assert f"the scenes need {len(ROLES)}" in " ".join(cli("demo", "--help").out.replace("│", " ").split())
