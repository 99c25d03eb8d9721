"""``crm-bridge dead-letters``: what could not proceed, why, and its way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import (
    DEFAULT_LIMIT,
    AfterOption,
    ByOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    invocation,
    opened,
    opened_desk,
    who,
)
from crm_bridge.cli.render import cell, pairs_of, print_part, print_rows, show

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="See, replay and discard records and writes that could not proceed.", no_args_is_help=True)

COLUMNS = ("id", "record", "stage", "path", "message", "count")
LettersArgument = Annotated[
    list[int], typer.Argument(metavar="ID...", help="Numbers of dead letters, as `list` shows them.")
]


@app.command("list")
def list_letters(
    context: typer.Context,
    group: Annotated[bool, typer.Option("--group", help="Count them by system, stage and cause.")] = False,
    limit: LimitOption = DEFAULT_LIMIT,
    after: AfterOption = 0,
    json: JsonOption = False,
) -> None:
    """List dead letters, or count them by cause."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        letters = list(desk.dead_letters(group=group, limit=limit, after=after))
        total = desk.dead_letters_total()
    if group:
        show({"groups": letters}, how=how, table=lambda to: print_rows(to, letters, none="no dead letters"))
        return
    rows = [{**letter, "record": record_of(letter)} for letter in letters]

    def lines(to: Console) -> None:
        print_rows(to, rows, columns=COLUMNS, none="no dead letters")
        print_part(to, rows, total=total)

    show({"dead_letters": letters, "shown": len(letters), "total": total}, how=how, table=lines)


@app.command("show")
def show_letter(
    context: typer.Context,
    letter: Annotated[int, typer.Argument(metavar="ID", help="The dead letter's number.")],
    json: JsonOption = False,
) -> None:
    """Show one dead letter whole, with the record that it is about."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = desk.dead_letter(letter)
    show(found, how=how, table=lambda to: draw_letter(to, found))


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


def record_of(letter: Mapping[str, Any]) -> str:
    """``system/kind/id``: one word for what `unmerge` and the logs call it too."""
    return "/".join(str(letter[name]) for name in ("system", "kind", "record_id") if letter.get(name))


def draw_letter(to: Console, letter: Mapping[str, Any]) -> None:
    """What could not proceed, why, what to do, and the record itself."""
    number = letter["id"]
    told = {
        "record": record_of(letter),
        "stage": letter.get("stage"),
        "path": letter.get("path"),
        "value": letter.get("value"),
        "cause": letter.get("code"),
        "what happened": letter.get("message"),
        "what to do": letter.get("hint"),
        "seen": _seen(letter),
        "client": letter.get("client_id"),
        "state": letter.get("state"),
    }
    to.print(pairs_of({name: value for name, value in told.items() if value not in (None, "")}))
    if isinstance(letter.get("raw"), Mapping):
        to.print("\nthe record as it came:")
        to.print(pairs_of(letter["raw"]))
    if letter.get("state", "open") == "open":
        to.print(f"\nwhen it is mended: `crm-bridge dead-letters replay {number}`, or the next sync that reads it")
        to.print(f"when it never will be: `crm-bridge dead-letters discard {number} --reason TEXT`")


def _seen(letter: Mapping[str, Any]) -> str | None:
    first, last, count = letter.get("first_at"), letter.get("last_at"), letter.get("count") or 1
    if not first:
        return None
    return cell(first) if count == 1 else f"{count} times, {cell(first)} to {cell(last)}"
