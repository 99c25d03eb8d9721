"""``crm-bridge dead-letters``: what could not proceed, why, and its way back."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_bridge.cli.invocation import ByOption, JsonOption, ReasonOption, invocation, opened, who
from crm_bridge.cli.render import pairs_of, print_rows, show

app = typer.Typer(help="See, replay and discard records and writes that could not proceed.", no_args_is_help=True)

COLUMNS = ("id", "system", "kind", "record_id", "stage", "path", "message", "count")
LettersArgument = Annotated[
    list[int], typer.Argument(metavar="ID...", help="Numbers of dead letters, as `list` shows them.")
]


@app.command("list")
def list_letters(
    context: typer.Context,
    group: Annotated[bool, typer.Option("--group", help="Count them by system, stage and cause.")] = False,
    json: JsonOption = False,
) -> None:
    """List dead letters, or count them by cause."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        letters = list(bridge.dead_letters(group=group))
    key, columns = ("groups", ()) if group else ("dead_letters", COLUMNS)
    show({key: letters}, how=how, table=lambda to: print_rows(to, letters, columns=columns, none="no dead letters"))


@app.command("show")
def show_letter(
    context: typer.Context,
    letter: Annotated[int, typer.Argument(metavar="ID", help="The dead letter's number.")],
    json: JsonOption = False,
) -> None:
    """Show one dead letter whole, with the record that it is about."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        found = bridge.dead_letter(letter)
    show(found, how=how, table=lambda to: to.print(pairs_of(found)))


@app.command()
def replay(context: typer.Context, letters: LettersArgument, json: JsonOption = False) -> None:
    """Try again, after the cause was mended. Twice is as good as once."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        outcome = bridge.replay(letters)
    show(outcome, how=how, table=lambda to: to.print(pairs_of(outcome)))


@app.command()
def discard(
    context: typer.Context,
    letters: LettersArgument,
    reason: ReasonOption,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Give up on them, with the reason kept."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        discarded = bridge.discard(letters, reason=reason, by=who(by))
    show({"discarded": discarded}, how=how, table=lambda to: to.print(f"{discarded} discarded"))
