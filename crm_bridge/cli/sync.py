"""``crm-bridge sync``: one run: read, resolve, merge, commit, deliver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crm_bridge.cli.invocation import JsonOption, SystemsOption, invocation, opened
from crm_bridge.cli.render import show
from crm_bridge.cli.report import draw_report
from crm_bridge.errors import UserMistake


def sync(
    context: typer.Context,
    system: SystemsOption = None,
    allow_large_change: Annotated[
        bool, typer.Option("--allow-large-change", help="Go on where the guard would stop the run.")
    ] = False,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Compare all keys too, and mark records gone that a system has no more.")
    ] = False,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Make the writes of this plan alone; refuse those that drifted."),
    ] = None,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="With --plan: make none of its writes if one has drifted.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Read what changed, and carry it to the systems that should have it."""
    from crm_bridge.cli.progress import TerminalProgress  # late: --help does not wait for rich

    how = invocation(context, json=json)
    if all_or_nothing and plan is None:
        raise UserMistake("--all-or-nothing goes with --plan FILE")
    with opened(context) as bridge, TerminalProgress() as progress:
        report = bridge.sync(
            systems=system or None,
            progress=progress,
            allow_large_change=allow_large_change,
            sweep=sweep,
            plan=plan,
            all_or_nothing=all_or_nothing,
        )
    answer = report.as_dict()
    show(answer, how=how, table=lambda to: draw_report(to, answer))
    raise typer.Exit(int(report.exit_code))
