"""``crm-bridge check``: is everything in order before a run?"""

from __future__ import annotations

import typer
from rich.console import Console

from crm_bridge.cli.invocation import JsonOption, invocation, opened
from crm_bridge.cli.render import cell, show
from crm_bridge.errors import ExitCode


def check(context: typer.Context, json: JsonOption = False) -> None:
    """Check the configuration, compile the mappings, and reach every system, read-only."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        findings = [str(finding) for finding in bridge.check()]
    answer = {"ok": not findings, "findings": findings}

    def lines(to: Console) -> None:
        for finding in findings:
            to.print(cell(finding))
        if not findings:
            to.print("all is in order")

    show(answer, how=how, table=lines)
    if findings:
        raise typer.Exit(ExitCode.NEEDS_PERSON)
