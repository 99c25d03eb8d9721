"""``crm-bridge runs``: what past runs did."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, opened
from crm_bridge.cli.render import pairs_of, print_rows, show

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
    show(report, how=how, table=lambda to: to.print(pairs_of(report)))
