"""``crm-bridge unknown``: writes and messages of which nobody can tell whether they arrived."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_bridge.cli.invocation import ByOption, DespiteOption, JsonOption, invocation, opened, opened_desk, who
from crm_bridge.cli.render import pairs_of, print_rows, show

app = typer.Typer(help="Say what became of writes and messages whose answer was lost.", no_args_is_help=True)

COLUMNS = ("id", "what", "system", "record", "client", "since")
UnknownArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The id of the write or message, as `unknown list` shows it.")
]


@app.command("list")
def list_unknown(context: typer.Context, json: JsonOption = False) -> None:
    """List the writes and messages of which nobody can tell whether they arrived."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = list(desk.unknown_list())
    none = "of every write and message it is known what became of it"
    show({"unknown": found}, how=how, table=lambda to: print_rows(to, found, columns=COLUMNS, none=none))


@app.command("show")
def show_unknown(context: typer.Context, unknown: UnknownArgument, json: JsonOption = False) -> None:
    """Show one of them whole: what was sent, to whom, and with which key: its system may find it by that."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = desk.unknown_case(unknown)
    show(found, how=how, table=lambda to: to.print(pairs_of(found)))


@app.command()
def resolve(
    context: typer.Context,
    unknown: UnknownArgument,
    arrived: Annotated[
        bool | None,
        typer.Option("--arrived/--not-arrived", help="What you found out in the system or from the provider."),
    ] = None,
    record_id: Annotated[
        str | None,
        typer.Option("--record-id", metavar="X", help="The record that a create made, as its system calls it."),
    ] = None,
    send_again: Annotated[
        bool, typer.Option("--send-again", help="A message that did not arrive goes out once more.")
    ] = False,
    deleted_since: Annotated[
        bool, typer.Option("--deleted-since", help="The record that it made was deleted there since.")
    ] = False,
    despite_identifiers: DespiteOption = False,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Say what became of it. A write that did not arrive is planned anew, a message only with --send-again."""
    how = invocation(context, json=json)
    if arrived is None:
        raise typer.BadParameter("say --arrived or --not-arrived")
    with opened(context) as bridge:
        outcome = bridge.unknown_resolve(
            unknown,
            arrived=arrived,
            record_id=record_id,
            send_again=send_again,
            despite_identifiers=despite_identifiers,
            deleted_since=deleted_since,
            by=who(by),
        )
    show(outcome, how=how, table=lambda to: to.print(pairs_of(outcome)))
