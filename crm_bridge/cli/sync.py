"""``crm-bridge sync``: one run: read, resolve, merge, commit, deliver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from crm_bridge.cli.invocation import JsonOption, SystemsOption, invocation, opened
from crm_bridge.cli.progress import TerminalProgress
from crm_bridge.cli.render import pairs_of, show, table_of


def sync(
    context: typer.Context,
    system: SystemsOption = None,
    allow_large_change: Annotated[
        bool, typer.Option("--allow-large-change", help="Go on where the guard would stop the run.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Read what changed, and carry it to the systems that should have it."""
    how = invocation(context, json=json)
    with opened(context) as bridge, TerminalProgress() as progress:
        report = bridge.sync(systems=system or None, progress=progress, allow_large_change=allow_large_change)
    answer = report.as_dict()
    show(answer, how=how, table=lambda to: draw_report(to, answer))
    raise typer.Exit(int(report.exit_code))


def draw_report(to: Console, report: Mapping[str, Any]) -> None:
    """A run's report for people: what was read and written by system, then all else that is not nothing."""
    rest = dict(report)
    for section in ("reads", "writes"):
        figures = rest.pop(section, None)
        if isinstance(figures, Mapping) and figures:
            to.print(table_of([{section: name, **one} for name, one in figures.items()]))
            to.print()
    to.print(pairs_of({name: value for name, value in rest.items() if value not in (None, "", 0, [], {}, ())}))
