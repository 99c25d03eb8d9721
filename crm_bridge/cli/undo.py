"""``crm-bridge undo``: take back what a run wrote, in all systems, without taking back what people did since."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import ByOption, JsonOption, invocation, opened, who
from crm_bridge.cli.plan import field_rows
from crm_bridge.cli.render import show, table_of
from crm_bridge.cli.report import draw_report

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.hookspecs import PlannedWrite

LEFT = (
    ("kept", "These stay, as they were changed since:"),
    ("cannot", "These cannot be taken back:"),
    ("links", "The run linked these; the command takes a link back:"),
)
SHOWN = 50  # lines of each; `--json` has them all


def undo(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `runs list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; else the plan is shown, and you are asked.")] = False,
    allow_large_change: Annotated[
        bool, typer.Option("--allow-large-change", help="Go on where the guard would stop it.")
    ] = False,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Take back what a run wrote, in all systems. What people changed since stays."""
    from crm_bridge.cli.progress import TerminalProgress  # late: --help does not wait for rich

    how = invocation(context, json=json)
    with opened(context) as bridge:
        if not yes:
            with TerminalProgress() as progress:
                planned = bridge.plan_undo(run, progress=progress)
            told = planned.as_dict()
            show(told, how=how, table=lambda to: draw_plan(to, told, planned.writes))
            if planned.report.stopped:
                raise typer.Exit(int(planned.report.exit_code))
            if not planned.writes or how.json or not (sys.stdin.isatty() and typer.confirm("\nUndo it?")):
                return
        with TerminalProgress() as progress:
            done = bridge.undo(run, by=who(by), allow_large_change=allow_large_change, progress=progress)
    answer = done.as_dict()
    show(answer, how=how, table=lambda to: draw_done(to, answer))
    raise typer.Exit(int(done.report.exit_code))


def draw_plan(to: Console, told: Mapping[str, Any], writes: Sequence[PlannedWrite]) -> None:
    """What would be written, old → new, and what would be left."""
    if writes:
        to.print(table_of(field_rows(writes)))
    _draw_left(to, told)
    if writes:
        to.print(f"\n{len(writes)} {'write' if len(writes) == 1 else 'writes'} planned; `--yes` makes them")
    else:
        to.print("there is nothing left to undo")


def draw_done(to: Console, told: Mapping[str, Any]) -> None:
    """What was left, and the report of the run that undid the rest."""
    _draw_left(to, told)
    if told["nothing_left"]:
        to.print("there is nothing left to undo")
        return
    draw_report(to, told["report"])
    if told["applied"]:
        to.print(f"`crm-bridge undo {told['report']['run_id']}` takes this back in its turn")


def _draw_left(to: Console, told: Mapping[str, Any]) -> None:
    for name, heading in LEFT:
        if told[name]:
            to.print(heading)
            to.print(table_of(told[name][:SHOWN]))
            if len(told[name]) > SHOWN:
                to.print(f"and {len(told[name]) - SHOWN:,} more; `--json` names them all")
