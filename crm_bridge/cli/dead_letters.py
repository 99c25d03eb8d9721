"""``crm-bridge dead-letters``: what could not proceed, why, and its way back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_bridge.cli.edited import from_editor, from_file, with_values
from crm_bridge.cli.invocation import (
    DEFAULT_LIMIT,
    LAST_NUMBER,
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
from crm_bridge.errors import ExitCode, UserMistake

if TYPE_CHECKING:
    from rich.console import Console

    from crm_bridge.runner.desk import Desk
    from crm_bridge.store.causes import Cause

app = typer.Typer(help="See, mend, replay and discard what could not proceed.", no_args_is_help=True)

COLUMNS = ("id", "record", "stage", "path", "message", "count")
GROUP_COLUMNS = ("letters", "system", "kind", "stage", "code", "path", "oldest", "example", "hint")
REPLAYED = {
    "replayed": "replayed",
    "put_back": "put back to be written (the next sync tries them)",
    "still": "fail again",
    "already": "closed before",
    "unknown": "unknown",
}
FORESEEN = {**REPLAYED, "replayed": "would go", "put_back": "would be put back to be written"}
LetterArgument = Annotated[int, typer.Argument(metavar="ID", max=LAST_NUMBER, help="The dead letter's number.")]
LettersArgument = Annotated[
    list[int] | None,
    typer.Argument(metavar="ID...", max=LAST_NUMBER, help="Numbers of dead letters, as `list` shows them."),
]
GroupOption = Annotated[
    int | None,
    typer.Option("--group", metavar="ID", max=LAST_NUMBER, help="All that have the same cause as this one."),
]
SystemOption = Annotated[str | None, typer.Option("--system", "-s", metavar="NAME", help="Those of this system.")]
KindOption = Annotated[str | None, typer.Option("--kind", help="Those of this kind of record.")]
StageOption = Annotated[str | None, typer.Option("--stage", help="Those of this stage: read, map, write or inbox.")]
CodeOption = Annotated[str | None, typer.Option("--code", help="Those of this code, such as bad_date.")]
PathOption = Annotated[str | None, typer.Option("--path", help="Those about this path of the card.")]


@app.command("list")
def list_letters(
    context: typer.Context,
    group: GroupOption = None,
    system: SystemOption = None,
    kind: KindOption = None,
    stage: StageOption = None,
    code: CodeOption = None,
    path: PathOption = None,
    limit: LimitOption = DEFAULT_LIMIT,
    after: AfterOption = 0,
    json: JsonOption = False,
) -> None:
    """List dead letters, without what their records hold."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        cause = _cause(desk, group=group, system=system, kind=kind, stage=stage, code=code, path=path)
        letters = list(desk.dead_letters(cause=cause, limit=limit, after=after))
        total = desk.dead_letters_total(cause=cause)
    rows = [{**letter, "record": record_of(letter)} for letter in letters]

    def lines(to: Console) -> None:
        print_rows(to, rows, columns=COLUMNS, none="no dead letters")
        print_part(to, rows, total=total)

    show({"dead_letters": letters, "shown": len(letters), "total": total}, how=how, table=lines)


@app.command()
def groups(context: typer.Context, system: SystemOption = None, json: JsonOption = False) -> None:
    """Count dead letters by cause: how many, since when, what to do, and one as an example."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        cause = _cause(desk, group=None, system=system)
        found = list(desk.dead_letter_groups(cause=cause))
    rows = [{**each, "oldest": str(each.get("oldest") or "")[:16].replace("T", " ")} for each in found]
    none = "no dead letters"
    show({"groups": found}, how=how, table=lambda to: print_rows(to, rows, columns=GROUP_COLUMNS, none=none))


@app.command("show")
def show_letter(context: typer.Context, letter: LetterArgument, json: JsonOption = False) -> None:
    """Show one dead letter whole, with the record that it is about."""
    how = invocation(context, json=json)
    with opened_desk(context) as desk:
        found = desk.dead_letter(letter)
    show(found, how=how, table=lambda to: draw_letter(to, found))


@app.command()
def edit(
    context: typer.Context,
    letter: LetterArgument,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="What a field of the record should have said; may repeat."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="The whole record, as a JSON object; - is stdin.")
    ] = None,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Mend the record of a dead letter here; without --set or --file in your editor. Then replay it."""
    how = invocation(context, json=json)
    if values and file:
        raise UserMistake("say --set or --file, not both")
    with opened(context) as bridge:
        if file:
            record = from_file(file)
        else:
            raw = bridge.dead_letter(letter).get("raw")
            record = with_values(raw, values) if values else from_editor(raw)
        outcome = bridge.edit_letter(letter, record, by=who(by))

    def lines(to: Console) -> None:
        to.print(f"{cell(outcome['record'])}:")
        for field, (old, new) in outcome["changed"].items():
            to.print(f"  {field}: {cell(old) or '(empty)'} → {cell(new) or '(empty)'}")
        for problem in outcome["still"]:
            to.print(f"  {cell(problem)}")
        if outcome["still"]:
            to.print("\nit would fail again; edit it once more")
        else:
            to.print(f"\n{cell(outcome['in_source'])}; the bridge does not write it back")
            to.print(f"now `crm-bridge dead-letters replay {letter}`")

    show(outcome, how=how, table=lines)


@app.command()
def replay(
    context: typer.Context,
    letters: LettersArgument = None,
    group: GroupOption = None,
    system: SystemOption = None,
    kind: KindOption = None,
    stage: StageOption = None,
    code: CodeOption = None,
    path: PathOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would become of each; writes nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Try again, after the cause was mended. Twice is as good as once."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        cause = _cause(bridge, group=group, system=system, kind=kind, stage=stage, code=code, path=path)
        _demand_choice(letters, cause)
        outcome = bridge.replay(letters or [], cause=None if letters else cause, dry_run=dry_run)
    show(outcome, how=how, table=lambda to: draw_outcome(to, outcome))
    if outcome.get("unknown"):
        raise typer.Exit(ExitCode.USAGE)


@app.command()
def discard(
    context: typer.Context,
    reason: ReasonOption,
    letters: LettersArgument = None,
    group: GroupOption = None,
    system: SystemOption = None,
    kind: KindOption = None,
    stage: StageOption = None,
    code: CodeOption = None,
    path: PathOption = None,
    by: ByOption = None,
    json: JsonOption = False,
) -> None:
    """Give up on them, with the reason kept."""
    how = invocation(context, json=json)
    with opened(context) as bridge:
        cause = _cause(bridge, group=group, system=system, kind=kind, stage=stage, code=code, path=path)
        _demand_choice(letters, cause)
        outcome = bridge.discard(letters or [], reason=reason, by=who(by), cause=None if letters else cause)

    def lines(to: Console) -> None:
        already = f", {outcome['already']:,} {REPLAYED['already']}" if outcome["already"] else ""
        to.print(f"{outcome['discarded']:,} discarded{already}")
        _draw_unknown(to, outcome)

    show(outcome, how=how, table=lines)
    if outcome["unknown"]:
        raise typer.Exit(ExitCode.USAGE)


def _cause(desk: Desk, *, group: int | None, **named: str | None) -> Cause:
    from crm_bridge.store.causes import Cause  # late: --help does not wait for the store

    if group is None:
        return Cause(**named)
    if any(named.values()):
        raise UserMistake("--group says all of the cause; leave out --system, --kind, --stage, --code and --path")
    return desk.cause_of(group)


def _demand_choice(letters: list[int] | None, cause: Cause) -> None:
    if bool(letters) == cause.names_any:
        raise UserMistake("say which: their numbers, or --group, --system, --kind, --stage, --code, --path")


def record_of(letter: Mapping[str, Any]) -> str:
    """``system/kind/id``: one word for what `unmerge` and the logs call it too."""
    return "/".join(str(letter[name]) for name in ("system", "kind", "record_id") if letter.get(name))


def draw_outcome(to: Console, outcome: Mapping[str, Any]) -> None:
    """How many went which way, and the first of those that did not go through."""
    counts = outcome.get("counts") or {}
    words = FORESEEN if outcome.get("dry_run") else REPLAYED
    said = [f"{number:,} {words.get(name, name.replace('_', ' '))}" for name, number in counts.items() if number]
    to.print(", ".join(said) or "nothing to replay")
    _draw_unknown(to, outcome)
    for letter, what in (outcome.get("in_source") or {}).items():
        to.print(f"{letter}: {cell(what)}; the bridge does not write it back")
    for name in ("outlook", "still", "not_replayable"):
        rows = [{"id": letter, "what": why} for letter, why in (outcome.get(name) or {}).items()]
        if rows:
            to.print(f"\n{words.get('replayed' if name == 'outlook' else name, name.replace('_', ' '))}:")
            print_rows(to, rows, none="")


def _draw_unknown(to: Console, outcome: Mapping[str, Any]) -> None:
    if outcome.get("unknown"):
        to.print(f"no dead letter: {', '.join(map(str, outcome['unknown']))}; see `crm-bridge dead-letters list`")


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
        "closed by": letter.get("closed_by"),
        "because": letter.get("closed_reason"),
        "corrections": letter.get("corrections"),
    }
    to.print(pairs_of({name: value for name, value in told.items() if value not in (None, "")}))
    if isinstance(letter.get("raw"), Mapping):
        to.print("\nthe record as it came:")
        to.print(pairs_of(letter["raw"]))
    elif letter.get("raw"):
        to.print(f"\nthe row as it came: {cell(letter['raw'])}")
    if letter.get("state", "open") == "open" and letter.get("of_a_place"):
        to.print("\nit stands for a place in a file, and nothing tells which row of a later one is the corrected one")
        to.print(f"when that was read: `crm-bridge dead-letters discard {number} --reason TEXT`")
    elif letter.get("state", "open") == "open":
        to.print(f"\nwhen it is mended: `crm-bridge dead-letters replay {number}`, or the next sync that reads it")
        if letter.get("stage") == "map":
            to.print(f"to mend it here: `crm-bridge dead-letters edit {number} --set FIELD=VALUE`")
        to.print(f"when it never will be: `crm-bridge dead-letters discard {number} --reason TEXT`")


def _seen(letter: Mapping[str, Any]) -> str | None:
    first, last, count = letter.get("first_at"), letter.get("last_at"), letter.get("count") or 1
    if not first:
        return None
    return cell(first) if count == 1 else f"{count} times, {cell(first)} to {cell(last)}"
