"""``crm-bridge review``: doubtful pairs and held writes that wait for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from crm_bridge.cli.invocation import ByOption, JsonOption, invocation, opened, who
from crm_bridge.cli.render import pairs_of, print_rows, show

app = typer.Typer(help="Decide what the bridge would not decide alone.", no_args_is_help=True)

COLUMNS = ("id", "kind", "grade", "left", "right", "rule", "evidence", "reason")
CaseArgument = Annotated[int, typer.Argument(metavar="CASE", help="The case's number, as `review list` shows it.")]


@app.command("list")
def list_cases(context: typer.Context, json: JsonOption = False) -> None:
    """List the cases that wait, the probable ones first."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        cases = list(bridge.review_list())
    show(
        {"cases": cases},
        how=how,
        table=lambda to: print_rows(to, cases, columns=COLUMNS, none="nothing waits for a decision"),
    )


@app.command()
def accept(context: typer.Context, case: CaseArgument, by: ByOption = None, json: JsonOption = False) -> None:
    """Decide that it is so: the pair is one client, the held write goes."""
    _decide(context, case, accepted=True, by=by, json=json)


@app.command()
def reject(context: typer.Context, case: CaseArgument, by: ByOption = None, json: JsonOption = False) -> None:
    """Decide that it is not so, for good."""
    _decide(context, case, accepted=False, by=by, json=json)


def _decide(context: typer.Context, case: int, *, accepted: bool, by: str | None, json: bool) -> None:
    how = invocation(context, json=json)
    with opened(context) as bridge:
        outcome = bridge.review_decide(case, accepted, by=who(by))
    word = "accepted" if accepted else "rejected"
    answer = {"case": case, "decision": word, "outcome": outcome}
    show(answer, how=how, table=lambda to: to.print(pairs_of(answer)))
