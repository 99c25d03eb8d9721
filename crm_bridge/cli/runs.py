"""``crm-bridge runs``: what past runs did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, opened
from crm_bridge.cli.render import print_rows, show
from crm_bridge.cli.sync import draw_report

app = typer.Typer(help="See what past runs did.", no_args_is_help=True)


@app.command("list")
def list_runs(context: typer.Context, json: JsonOption = False) -> None:
    """List runs, the latest first."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        found = list(bridge.runs())
    show({"runs": found}, how=how, table=lambda to: print_rows(to, found, none="no run yet"))


@app.command("show")
def show_run(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    json: JsonOption = False,
) -> None:
    """Show one run's report."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        report = bridge.run(run)
    show(report, how=how, table=lambda to: draw_report(to, _flat(report)))


def _flat(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stored run with its report laid open."""
    report = run.get("report")
    return {**run, **report, "report": None} if isinstance(report, Mapping) else run
