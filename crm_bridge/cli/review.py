"""``crm-bridge review``: doubtful pairs and held writes that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.invocation import (
    DEFAULT_LIMIT,
    LAST_NUMBER,
    AfterOption,
    ByOption,
    DespiteOption,
    JsonOption,
    LimitOption,
    invocation,
    opened,
    opened_desk,
    who,
)
from crm_bridge.cli.render import cell, pairs_of, print_part, print_rows, show

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Decide what the bridge would not decide alone.", no_args_is_help=True)

COLUMNS = ("id", "kind", "grade", "weight", "left", "right", "rule")
ANSWERS = {
    "duplicate": ("they are one client", "they are two clients, for good"),
    "objection": ("write it all the same", "do not write it"),
    "conflict": (
        "the present value stays, or with `--value left|right|SYSTEM` that one",
        "the present value stays, and the question is closed",
    ),
    "war": (
        "the client's value is written there once more, or with `--value right` the record's is right everywhere",
        "both stay as they are, and it is never written there again",
    ),
}
CaseArgument = Annotated[
    int, typer.Argument(metavar="CASE", max=LAST_NUMBER, help="The case's number, as `review list` shows it.")
]


@app.command("list")
def list_cases(
    context: typer.Context, limit: LimitOption = DEFAULT_LIMIT, after: AfterOption = 0, json: JsonOption = False
) -> None:
    """List the cases that wait: those of duplicates by grade, and within a grade the likeliest first."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        cases = list(desk.review_list(limit=limit, after=after))
        total = desk.review_total()

    def lines(to: Console) -> None:
        print_rows(to, cases, columns=COLUMNS, none="nothing waits for a decision")
        print_part(to, cases, total=total)

    show({"cases": cases, "shown": len(cases), "total": total}, how=how, table=lines)


@app.command("show")
def show_case(context: typer.Context, case: CaseArgument, json: JsonOption = False) -> None:
    """Show one case: what both sides say, side by side, with the evidence and how to decide it."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = desk.review_case(case)
    show(found, how=how, table=lambda to: draw_case(to, found))


@app.command("compare")
def compare_records(
    context: typer.Context,
    left: Annotated[str, typer.Argument(metavar="RECORD", help="SYSTEM/KIND/ID, as `client show` names it.")],
    right: Annotated[str, typer.Argument(metavar="RECORD", help="The other one.")],
    json: JsonOption = False,
) -> None:
    """Say why two records are one client, are asked about, or are judged two persons."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = desk.compare_records(left, right)

    def lines(to: Console) -> None:
        verdict = found["verdict"]
        to.print(cell(verdict["why"]))
        to.print(f"grade {verdict['grade']}, rule {cell(verdict['rule'])}, weight {verdict['weight']:g} bits")
        to.print()
        draw_sides(to, found)

    show(found, how=how, table=lines)


@app.command()
def accept(
    context: typer.Context,
    case: CaseArgument,
    value: Annotated[
        str | None,
        typer.Option(
            "--value", metavar="SIDE", help="Whose value is right in a conflict: left, right, a system, or a record."
        ),
    ] = None,
    despite_identifiers: DespiteOption = False,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Decide that it is so: the pair is one client, the held write goes, the value of one side stands."""
    _decide(context, case, accepted=True, by=by, json=json, value=value, despite_identifiers=despite_identifiers)


@app.command()
def reject(context: typer.Context, case: CaseArgument, by: ByOption = None, json: JsonOption = False) -> None:
    """Decide that it is not so, for good."""
    _decide(context, case, accepted=False, by=by, json=json)


def _decide(
    context: typer.Context,
    case: int,
    *,
    accepted: bool,
    by: str | None,
    json: bool,
    value: str | None = None,
    despite_identifiers: bool = False,
) -> None:
    how = invocation(context, json=json)
    with opened(context) as bridge:
        outcome = bridge.review_decide(case, accepted, by=who(by), value=value, despite_identifiers=despite_identifiers)
    word = "accepted" if accepted else "rejected"
    answer = {"case": case, "decision": word, "outcome": outcome}
    show(answer, how=how, table=lambda to: to.print(pairs_of(answer)))


def draw_case(to: Console, found: Mapping[str, Any]) -> None:
    """The question, its sides, a line for each path, and the two ways to answer."""
    case = found["case"]
    to.print(f"case {case['id']}, {case['kind']}, {case['grade']}: {cell(case['rule'])}")
    if "why" in case:
        to.print(cell(case["why"]))
    for reason in case.get("evidence") or ():
        to.print(f"  evidence: {cell(reason)}")
    to.print()
    draw_sides(to, found)
    yes, no = ANSWERS.get(case["kind"], ("it is so", "it is not so"))
    to.print(f"\n`crm-bridge review accept {case['id']}`: {yes}")
    to.print(f"`crm-bridge review reject {case['id']}`: {no}")


def draw_sides(to: Console, found: Mapping[str, Any]) -> None:
    """Both sides, and a line for each path."""
    for name, side in zip(("left", "right"), found["sides"], strict=False):
        to.print(f"{name}: {cell(side)}")
    to.print()
    rows = [
        {**row, "same": "=" if row["same"] else ("≠" if row["left"] and row["right"] else "")} if "same" in row else row
        for row in found["rows"]
    ]
    print_rows(to, rows, none="neither side says anything any more")
