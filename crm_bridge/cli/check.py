"""``crm-bridge check``: is everything in order before a run?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from crm_bridge.cli.invocation import JsonOption, SystemsOption, invocation, opened
from crm_bridge.cli.render import cell, show

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.runner.checkup import Checkup


def check(context: typer.Context, system: SystemsOption = None, json: JsonOption = False) -> None:
    """Check the configuration, compile the mappings, and reach the store and every system; no record is changed."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        store = bridge.check_store()
        looked_at = bridge.check(system)
    from crm_bridge.runner.checkup import exit_code_of  # late: --help does not wait for it

    found = [finding for each in looked_at for finding in each.findings]
    exit_code = exit_code_of(found)
    answer = {
        "ok": not exit_code,
        "exit_code": int(exit_code),
        "store": store,
        "systems": [each.as_dict() for each in looked_at],
        "findings": [finding.as_dict() for finding in found if finding.code != "note"],
        "notes": [finding.as_dict() for finding in found if finding.code == "note"],
    }

    def lines(to: Console) -> None:
        to.print(f"store {cell(store['store'])}: reached (schema {store['schema']})")
        for each in looked_at:
            _draw(to, each)
        if not looked_at:
            to.print("no system is configured: add [systems.NAME]")
        elif not exit_code:
            to.print("all is in order")

    show(answer, how=how, table=lines)
    raise typer.Exit(int(exit_code))


def _draw(to: Console, checkup: Checkup) -> None:
    where = f" at {cell(checkup.endpoint)}" if checkup.endpoint else ""
    to.print(f"{checkup.system}{where}: {'reached' if checkup.reached else 'not reached'}")
    for kind in checkup.kinds:
        to.print(f"  {cell(str(kind))}")
    for finding in checkup.findings:
        to.print(f"  {finding.code}: {cell(finding.message)}")
