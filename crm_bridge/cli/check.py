"""``crm-bridge check``: is everything in order before a run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, opened
from crm_bridge.cli.render import cell, show

if TYPE_CHECKING:
    from rich.console import Console


def check(context: typer.Context, json: JsonOption = False) -> None:
    """Check the configuration, compile the mappings, and reach every system, read-only."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        findings = bridge.check()
    from crm_bridge.runner.checkup import exit_code_of  # late: --help does not wait for it

    exit_code = exit_code_of(findings)
    answer = {
        "ok": not findings,
        "exit_code": int(exit_code),
        "findings": [finding.as_dict() for finding in findings],
    }

    def lines(to: Console) -> None:
        for finding in findings:
            to.print(f"{finding.code}: {cell(str(finding))}")
        if not findings:
            to.print("all is in order")

    show(answer, how=how, table=lines)
    if findings:
        raise typer.Exit(int(exit_code))
