"""How ``client why`` tells a person why a value stands: who said it, by which rule, who lost, what carried it where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_bridge.cli.render import cell

if TYPE_CHECKING:
    from rich.console import Console

RULES: Mapping[str, str] = {
    "only": "nobody else says anything of it",
    "agreed": "all who say anything of it say the same",
    "edit": "it was typed in over what stood there before",
    "precedence": "the word of the most trusted system",
    "newest": "the newest word, whoever said it",
    "union": "all items stand, once each; of one and the same the most trusted word",
    "fuller": "it says all that the others say, and more",
    "more precise": "it agrees with the others and is more precise",
    "contradiction": "dates contradict each other: the most trusted word stands, and a person is asked",
    "status order": "erased and deceased stick; then active, former, prospect",
    "newest consent": "the newest dated word; a refusal wins ties",
    "manual": "a person decides; until then the card stays as it is",
    "cleared": "it was emptied, or something else was typed over it",
}
_WIDTH = 120  # characters: what is longer goes on in the next line, also where nobody's window limits it
_NAME = ("prefix", "family", "given", "patronymic")


def draw(to: Console, answer: Mapping[str, Any], *, every_write: bool) -> None:
    """Lay the answer of ``why`` out. ``every_write``: of each system all writes, else the newest."""
    from rich.table import Table  # late: --help does not wait for rich

    writes = answer.get("carried", ())
    for value in answer["values"]:
        stands = "no longer on the card" if value["value"] is None else told(value["value"])
        to.print(f"{value['path']}: {stands}", style="bold", width=_WIDTH, soft_wrap=False)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 1))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", max_width=_WIDTH)
        for title, line in _lines(value, writes, every_write=every_write):
            table.add_row(title, line)
        to.print(table)
        to.print()
    for conflict in answer.get("conflicts", ()):
        to.print(f"a conflict on {conflict['path']}, decided {when(conflict['at'])} by {conflict['rule']}:")
        won = f"  won   {told(conflict['winner']['value'])}, said by {conflict['winner']['source']}"
        for line in (won, *(f"  lost  {_said(lost)}" for lost in conflict["lost"])):
            to.print(line, width=_WIDTH, soft_wrap=False)
    if "carried" in answer and not writes:
        to.print("no write carried it anywhere")


def _lines(
    value: Mapping[str, Any], writes: Sequence[Mapping[str, Any]], *, every_write: bool
) -> Iterator[tuple[str, str]]:
    yield "said by", f"{value['source']}, {when(value['at'])}"
    words = RULES.get(value["rule"])
    yield "rule", f"{value['rule']}: {words}" if words else cell(value["rule"])
    yield from _titled("proposed", value.get("enriched", ()), _proposed)
    yield from _titled("lost", value["lost"], _said)
    yield from _titled("replaced", value["superseded"], _said)
    mine = [write for write in writes if value["path"] in write["paths"]]
    if not every_write:
        mine = list({write["system"]: write for write in reversed(mine)}.values())
    yield from _titled("written to", [line for write in mine for line in _write(write, value["path"])], str)
    named = {write["record"] for write in mine}
    yield from _titled("also held by", [each for each in value["carried_to"] if each not in named], str)


def _titled(title: str, each: Iterable[Any], line: Callable[[Any], str]) -> Iterator[tuple[str, str]]:
    """One line for each, the first under the title."""
    for one in each:
        yield title, line(one)
        title = ""


def _proposed(offer: Mapping[str, Any]) -> str:
    return f"{offer['path']} by {offer['plugin']}: {cell(offer['reason'])}"


def _said(claim: Mapping[str, Any]) -> str:
    return f"{told(claim['value'])}, said by {claim['source']}, {when(claim['at'])}"


def _write(write: Mapping[str, Any], path: str) -> Iterator[str]:
    """The write and how it ended; below it what it changed of the path."""
    record = write["record"] or f"a new record of {write['system']}"
    receipt = f", receipt {cell(write['receipt'])}" if write["receipt"] else ""
    yield f"{record}, {when(write['sent_at'])}: {cell(write['state'])}{receipt}, intent {write['intent']}"
    for each in write["changes"]:
        if _sort(each["path"]) == _sort(path):
            yield f"  {each['field']}: {told(each['old'])} → {told(each['new'])}"


def _sort(path: str) -> str:
    """``contact_points[phone`` of ``contact_points[phone/mobile].value``; one field of a group stands for all of it."""
    named, bracket, selector = path.partition("[")
    return f"{named}[{selector.partition(']')[0].partition('/')[0]}" if bracket else named.partition(".")[0]


def when(at: str | None) -> str:
    """A time to the second; it is UTC."""
    return f"{str(at)[:19].replace('T', ' ')} UTC" if at else "at a time that nobody knows"


def told(value: Any) -> str:
    """A value of the card in one line, as a person would say it."""
    if value is None or value == "":
        return "(empty)"
    if not isinstance(value, Mapping):
        return cell(value)
    if value.get("family") or value.get("given"):
        return cell(" ".join(str(value[part]) for part in _NAME if value.get(part)))
    if {"purpose", "channel", "status"} <= value.keys():
        rest = _details(value, but=("purpose", "channel", "status", "captured_at", "id"))
        since = f", captured {when(value['captured_at'])}" if value.get("captured_at") else ""
        return f"{cell(value['status'])} for {cell(value['purpose'])} by {cell(value['channel'])}{since}{rest}"
    for main in ("value", "text", "name"):
        if value.get(main):
            return f"{told(value[main])}{_details(value, but=(main, 'address', 'id', 'key'))}"
    if isinstance(value.get("to"), Mapping):
        rest = _details(value["to"], but=("name",))
        return f"{cell(value.get('type'))}: {told(value['to'].get('name'))}{rest}"
    return cell(value)


def _details(value: Mapping[str, Any], *, but: Sequence[str]) -> str:
    rest = [
        cell(part) if isinstance(part, str) else f"{name.replace('_', ' ')}: {cell(part)}"
        for name, part in value.items()
        if name not in but
    ]
    return f" ({', '.join(rest)})" if rest else ""
