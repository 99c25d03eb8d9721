"""``crm-bridge status`` and ``resume``: what waits, and the systems that are left alone for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import JsonOption, invocation, opened, opened_desk, utc_now
from crm_bridge.cli.render import print_rows, show
from crm_bridge.cli.report import draw_waiting

if TYPE_CHECKING:
    from rich.console import Console


def status(context: typer.Context, json: JsonOption = False) -> None:
    """Show what waits: systems that are left alone, postponed writes, what somebody has to decide."""
    from crm_bridge.run_context.context import iso  # late: --help does not wait for it

    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        answer = desk.status(at=iso(utc_now()))
    show(answer, how=how, table=lambda to: draw_status(to, answer))


def resume(
    context: typer.Context,
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="The system, as `status` shows it.")],
    json: JsonOption = False,
) -> None:
    """Let the next run call a system again that is left alone, with every write that is postponed there."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        answer = bridge.resume(system)
    show(answer, how=how, table=lambda to: to.print(f"{system}: {_resumed(answer)}"))


def _resumed(answer: Mapping[str, Any]) -> str:
    due = answer["due"]
    if due:
        return f"the next run calls it; {due} postponed {'write is' if due == 1 else 'writes are'} due"
    return "the next run calls it" if answer["resumed"] else "nothing kept runs from calling it"


def draw_status(to: Console, answer: Mapping[str, Any]) -> None:
    """The pauses, what waits, and the latest run."""
    print_rows(to, answer["paused"], none="no system is left alone")
    draw_waiting(to, answer)
    latest = answer["latest_run"]
    if latest is None:
        to.print("no run yet")
    else:
        finished = latest["finished_at"]
        code = latest.get("exit_code")
        how = f"finished {finished} with {code}" if code is not None else f"broken off {finished}"
        ended = how if finished else "not finished"
        to.print(f"latest run: {latest['kind']} {latest['id']}, started {latest['started_at']}, {ended}")
