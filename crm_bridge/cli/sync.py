"""``crm-bridge sync``: one run: read, resolve, merge, commit, deliver."""

from __future__ import annotations

import typer

from crm_bridge.cli.invocation import JsonOption, SystemsOption, invocation, opened
from crm_bridge.cli.progress import TerminalProgress
from crm_bridge.cli.render import pairs_of, show


def sync(context: typer.Context, system: SystemsOption = None, json: JsonOption = False) -> None:
    """Read what changed, and carry it to the systems that should have it."""
    how = invocation(context, json=json)
    with opened(context) as bridge, TerminalProgress() as progress:
        report = bridge.sync(systems=system or None, progress=progress)
    answer = report.as_dict()
    show(answer, how=how, table=lambda to: to.print(pairs_of(answer)))
    raise typer.Exit(int(report.exit_code))
