"""What the demo claims: each check with what was expected and what the simulators were found to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from crm_bridge.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Check:
    """One claim. Values are plain JSON data; the check holds when they are equal."""

    name: str
    expected: Any
    found: Any

    @property
    def holds(self) -> bool:
        return bool(self.expected == self.found)


RECORDS_READ = "records could be read"


def exit_code(checks: Sequence[Check]) -> ExitCode:
    """0 when there are checks and every one holds; 65 when all that fails is that no record could be read, which is a
    matter of the data; else 1."""
    failed = [check.name for check in checks if not check.holds]
    if checks and not failed:
        return ExitCode.OK
    return ExitCode.DATA if failed == [RECORDS_READ] else ExitCode.BUG


def as_json(checks: Sequence[Check], *, figures: Mapping[str, Any], seconds: float, directory: str) -> dict[str, Any]:
    """The one object of ``--json``: each check by name with expected and found, and the figures."""
    return {
        "ok": exit_code(checks) == 0,
        "seconds": round(seconds, 1),
        "directory": directory,
        "checks": {
            check.name: {"expected": check.expected, "found": check.found, "holds": check.holds} for check in checks
        },
        "figures": dict(figures),
    }


def check_table(checks: Sequence[Check]) -> Table:
    """The checks for a terminal; of one that holds the value is said once."""
    table = Table(title="Checked against what the systems hold", title_justify="left", show_lines=False)
    for heading in ("", "check", "expected", "found"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        mark = Text("holds", style="green") if check.holds else Text("FAILS", style="bold red")
        table.add_row(
            mark, Text(check.name), Text(_plain(check.expected)), Text("" if check.holds else _plain(check.found))
        )
    return table


def figure_table(figures: Mapping[str, Any]) -> Table:
    """Figures for a terminal."""
    table = Table(title="Figures", title_justify="left", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for name, value in figures.items():
        table.add_row(Text(name), Text("n/a" if value is None else _plain(value)))
    return table


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_plain(item)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value) or "none"
    return "nothing" if value is None else str(value)
