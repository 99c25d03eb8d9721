"""``crm-bridge runs``: what past runs did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, opened_desk
from crm_bridge.cli.render import print_rows, show
from crm_bridge.cli.report import draw_report

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="See what past runs did.", no_args_is_help=True)


@app.command("list")
def list_runs(context: typer.Context, json: JsonOption = False) -> None:
    """List runs, the latest first."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = list(desk.runs())
    show({"runs": found}, how=how, table=lambda to: print_rows(to, found, none="no run yet"))


@app.command("show")
def show_run(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    json: JsonOption = False,
) -> None:
    """Show one run's report."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        report = desk.run(run)
    show(report, how=how, table=lambda to: draw_run(to, report))


def draw_run(to: Console, run: Mapping[str, Any]) -> None:
    """When it was, and its report; one that has none was killed, or is still going on."""
    how = "finished" if run.get("exit_code") is not None else "broken off"
    finished = f"{how} {run['finished_at']}" if run.get("finished_at") else "not finished"
    to.print(f"{run.get('kind') or 'run'} {run['id']}: started {run.get('started_at') or 'at some time'}, {finished}")
    report = run.get("report")
    if isinstance(report, Mapping):
        draw_report(to, report)
