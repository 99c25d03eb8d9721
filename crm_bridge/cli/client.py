"""``crm-bridge client``: find a client, see the card and where it came from, join and part cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import (
    ByOption,
    DespiteOption,
    JsonOption,
    ReasonOption,
    invocation,
    opened,
    opened_desk,
    who,
)
from crm_bridge.cli.render import cell, pairs_of, print_rows, show
from crm_bridge.cli.why import draw as draw_why
from crm_bridge.errors import UserMistake

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Find clients, see their cards and history, merge and unmerge.", no_args_is_help=True)

HISTORY = ("at", "what", "source", "path", "change", "why")

ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]


@app.command()
def lookup(
    context: typer.Context,
    phone: Annotated[str | None, typer.Option(help="A phone number, in any usual spelling.")] = None,
    email: Annotated[str | None, typer.Option(help="An e-mail address.")] = None,
    identifier: Annotated[
        str | None, typer.Option(metavar="SYSTEM=VALUE", help="An identifier, such as siebel.contact.row_id=1-4X7Q.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A name, or its beginning.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show so many at most.")] = 50,
    json: JsonOption = False,
) -> None:
    """Find clients by phone, e-mail, identifier or name."""
    how = invocation(context, json=json)
    if not any((phone, email, identifier, name)):
        raise UserMistake("say whom to look for: --phone, --email, --identifier or --name")
    with opened_desk(context) as desk:
        found = list(desk.lookup(phone=phone, email=email, identifier=identifier, name=name, limit=limit + 1))
    shown, more = found[:limit], len(found) > limit

    def draw(to: Console) -> None:
        print_rows(to, shown, none="no client found")
        if more:
            to.print(
                f"\nThese are the first {limit}; there are more: say more of the one you look for (--phone, --email, "
                "--identifier, more of --name), or raise --limit."
            )

    show({"clients": shown, "more": more}, how=how, table=draw)


@app.command("show")
def show_card(context: typer.Context, client: ClientArgument, json: JsonOption = False) -> None:
    """Show a client's card."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        card = desk.show(client)
    show(card, how=how, table=lambda to: to.print(pairs_of(card)))


@app.command()
def history(context: typer.Context, client: ClientArgument, json: JsonOption = False) -> None:
    """Show every value that was ever observed, with source and time."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        changes = list(desk.history(client))
    rows = [_line(change) for change in changes]
    show({"history": changes}, how=how, table=lambda to: print_rows(to, rows, none="no history", columns=HISTORY))


@app.command()
def why(
    context: typer.Context,
    client: ClientArgument,
    path: Annotated[str, typer.Argument(help="A path of the card, such as birth_date.")],
    system: Annotated[
        str | None,
        typer.Option(
            "--in",
            "--system",
            "-s",
            metavar="SYSTEM",
            help="Only what carried it into this system: every write.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say why a path of the card has the value that it has, down to the source."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        reasons = desk.why(client, path, system=system)
    show(reasons, how=how, table=lambda to: draw_why(to, reasons, every_write=system is not None))


@app.command()
def merge(
    context: typer.Context,
    survivor: Annotated[str, typer.Argument(help="The client that stays.")],
    absorbed: Annotated[str, typer.Argument(help="The client that becomes part of it.")],
    reason: ReasonOption,
    despite_identifiers: DespiteOption = False,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Make two cards one. `unmerge` takes it back exactly."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        outcome = bridge.merge(survivor, absorbed, by=who(by), reason=reason, despite_identifiers=despite_identifiers)
    show(outcome, how=how, table=lambda to: to.print(pairs_of(outcome)))


@app.command()
def unmerge(
    context: typer.Context,
    client: ClientArgument,
    record: Annotated[str, typer.Argument(help="The source record to take out, as SYSTEM/KIND/ID.")],
    reason: ReasonOption,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Take a source record out of a card; both cards are computed anew."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        outcome = bridge.unmerge(client, record, by=who(by), reason=reason)
    show(outcome, how=how, table=lambda to: to.print(pairs_of(outcome)))


def _line(change: Mapping[str, Any]) -> dict[str, Any]:
    """A line of history in few columns: old → new, and who or what decided."""
    old, new, lost = (cell(change.get(name)) for name in ("old", "new", "lost"))
    told = f"{old} → {new or '(empty)'}" if old else new
    why = ", ".join(each for each in (cell(change.get("rule")), cell(change.get("by"))) if each)
    told = told or (f"lost: {lost}" if lost else "")
    return {**change, "at": str(change.get("at") or "")[:19], "change": told, "why": why}
