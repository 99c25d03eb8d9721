"""``crm-bridge plan``: every write that a sync would make, with old → new and why; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import JsonOption, SystemsOption, invocation, opened
from crm_bridge.cli.render import cell, show, table_of
from crm_bridge.cli.report import draw_found
from crm_bridge.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.hookspecs import PlannedWrite


def plan(
    context: typer.Context,
    system: SystemsOption = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 2 when there is something to write.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan in FILE, for `crm-bridge sync --plan`.")
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Compare all keys too, and plan for records that a system has no more.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what a sync would write, and why. Makes no write."""
    from crm_bridge.cli.progress import TerminalProgress  # late: --help does not wait for rich

    how = invocation(context, json=json)
    with opened(context) as bridge, TerminalProgress() as progress:
        report = bridge.plan(systems=system or None, progress=progress, sweep=sweep)
        if out is not None and not report.report.stopped:  # of a system that is away nobody knows what it needs
            bridge.save_plan(report, out, sweep=sweep)

    answer = report.as_dict()

    def draw(to: Console) -> None:
        if report.writes:
            to.print(table_of(field_rows(report.writes)))
        if answer["blocked"]:
            to.print("These cannot be made:")
            to.print(table_of(answer["blocked"]))
        for failure in answer.get("plugin_failures", ()):
            to.print(f"plugin: {cell(failure)}")
        for why in answer["stopped"].values():
            to.print(cell(why))
        if out is not None:
            to.print(f"not kept: {out} would lack what these need" if answer["stopped"] else f"kept in {out}")
        takes_in = draw_found(to, answer)
        number = f"{len(report.writes)} {'write' if len(report.writes) == 1 else 'writes'} planned"
        to.print(
            f"{number}; `crm-bridge sync` would take in what was read" if takes_in and not report.writes else number
        )

    show(answer, how=how, table=draw)
    if answer["stopped"]:
        raise typer.Exit(int(report.report.exit_code))  # of a system that is away nobody knows what it needs
    if detailed_exitcode and report.writes:
        raise typer.Exit(ExitCode.DRIFT)


def field_rows(writes: Iterable[PlannedWrite]) -> Iterator[dict[str, Any]]:
    """One row a field; the write it belongs to is named in its first row."""
    for write in writes:
        head = {
            "system": write.system,
            "record": f"{write.kind}:{write.record_id or 'new'}",
            "operation": write.operation,
            "client": write.client_id,
        }
        for field in write.fields or ():
            yield {
                **head,
                "field": field.field,
                "change": f"{_side(field.old)} → {_side(field.new)}",
                "why": field.why,
            }
            head = dict.fromkeys(head, "")
        if not write.fields:
            yield head


def _side(value: Any) -> str:
    return cell(value) or "(empty)"
