"""A run's report for people: what was read and written, what waits for somebody, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_bridge.cli.render import cell, table_of
from crm_bridge.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

READS = {
    "new": ("new",),
    "changed": ("changed",),
    "unchanged": ("unchanged", "echoes"),
    "gone": ("gone",),
    "dead-lettered": ("quarantined",),
}
WRITES = ("created", "updated", "deleted", "stale", "refused", "postponed", "unknown", "held")
FIELDS_SHOWN = 8
WAITING = {
    "dead_letters": ("dead letter", "dead letters", "crm-bridge dead-letters groups"),
    "reviews": ("case to decide", "cases to decide", "crm-bridge review list"),
    "unknown": ("lost answer to a write or message", "lost answers to writes or messages", "crm-bridge unknown list"),
}
NEXT = {
    ExitCode.BUG: "run again with --debug, and report it",
    ExitCode.DRIFT: "`crm-bridge plan --out FILE` anew, and look at it",
    ExitCode.DEAD_LETTERS: "`crm-bridge dead-letters groups`, mend the causes, `crm-bridge dead-letters replay`",
    ExitCode.SAFETY_STOP: "read `crm-bridge plan`; when right, `crm-bridge sync --allow-large-change` or a new limit",
    ExitCode.NEEDS_PERSON: "`crm-bridge unknown list` for lost answers, `crm-bridge review list`, `crm-bridge check`",
    ExitCode.UNAVAILABLE: "`crm-bridge check`, and sync again when the system answers; nothing is lost",
    ExitCode.LOCKED: "sync again when the other run has finished",
    ExitCode.CREDENTIALS: "mend the secret that the message names, then `crm-bridge check`",
    ExitCode.CONFIG: "correct what the message names, then `crm-bridge check`",
}


def draw_report(to: Console, report: Mapping[str, Any]) -> None:
    """Print ``report``, as ``RunReport.as_dict`` gives it. What is nothing is left out."""
    for rows in (_reads(report.get("reads") or {}), _writes(report.get("writes") or {})):
        if rows:
            to.print(table_of(rows))
            to.print()
    for section in ("clients", "notices"):
        told = _counted(report.get(section) or {})
        if told:
            to.print(f"{section}: {told}")
    for note in report.get("notes") or ():
        to.print(f"note: {cell(note)}")
    for failure in report.get("plugin_failures") or ():
        to.print(f"plugin: {cell(failure)}")
    for plugin, number in (report.get("held_for_plugins") or {}).items():
        what = "1 write or message is" if number == 1 else f"{number} writes and messages are"
        to.print(f"held: {what} kept back until the plugin {cell(plugin)} answers; every run asks again")
    for why in (report.get("stopped") or {}).values():
        to.print(f"stopped: {cell(why)}")
    if report.get("too_much"):
        to.print("\nThe plan that was stopped; `crm-bridge plan` shows it write by write:")
        to.print(table_of(_too_much(report["too_much"])))
        to.print("\nNothing was written to any system, and no message was sent.")
    if report.get("drifted"):
        to.print("\nRefused, as they would be others now; `crm-bridge plan` shows what they would be:")
        to.print(table_of({**each, "differs": ", ".join(each["differs"])} for each in report["drifted"]))
    if report.get("applied"):
        number = len(report["applied"])
        one = "1 write of the plan was" if number == 1 else f"{number} writes of the plan were"
        to.print(f"already applied: {one} made by an earlier run")
    for war in report.get("wars") or ():
        where = f"{war['system']}: {war['record']}: {war['path']}"
        to.print(f"{cell(where)} is put back there each time that it is written; it is written no more")
    draw_waiting(to, report)
    exit_code = int(report.get("exit_code") or 0)
    if exit_code:
        to.print(f"next (exit code {exit_code}): {_next(report, ExitCode(exit_code))}")
    elif not report.get("waiting") and not any(
        _figures(each, WRITES) for each in (report.get("writes") or {}).values()
    ):
        waits = any(report.get(name) for name in WAITING)
        to.print("nothing else to write" if waits else "nothing to write: the systems are in step")


def draw_found(to: Console, found: Mapping[str, Any]) -> bool:
    """Print what a plan's reading found; whether a sync has anything to take in."""
    rows = _reads({name: one for name, one in (found.get("reads") or {}).items() if one.get("read") or one.get("gone")})
    if rows:
        to.print(table_of(rows))
        to.print()
    told = _counted(found.get("clients") or {})
    if told:
        to.print(f"clients: {told}")
    waiting = ", ".join(words for name in ("dead_letters", "reviews") if (words := _numbered(found, name)))
    if waiting:
        to.print(f"then waiting for somebody: {waiting}")
    return any(one.get(name) for one in (found.get("reads") or {}).values() for name in ("new", "changed", "gone"))


def draw_waiting(to: Console, report: Mapping[str, Any]) -> None:
    """What waits: writes that are postponed or held, and what somebody has to look at."""
    for each in report.get("waiting") or ():
        to.print(cell(_waits(each)))
    for name, (_, _, command) in WAITING.items():
        if words := _numbered(report, name):
            to.print(f"waiting for somebody: {words}; see {command}")


def _numbered(report: Mapping[str, Any], name: str) -> str:
    """How many wait, in words; empty: none."""
    number, (one, many, _) = report.get(name) or 0, WAITING[name]
    new = f" ({report[f'new_{name}']} new)" if report.get(f"new_{name}") else ""
    return f"{number} {one if number == 1 else many}{new}" if number else ""


def _next(report: Mapping[str, Any], exit_code: ExitCode) -> str:
    if exit_code is ExitCode.DEAD_LETTERS and not report.get("new_dead_letters"):
        if report.get("held_for_plugins"):
            return "mend the plugin or take it out of [plugins].active, and sync again"
        if report.get("swept_nothing"):
            return "nothing was swept: do what the notes say, or leave out --sweep"
    return NEXT.get(exit_code, "see docs/reference/exit-codes.md")


def _too_much(stopped: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a system; of the fields those that are written most."""
    rows = []
    for system, each in stopped.items():
        most = [f"{field} {number}" for field, number in list(each["fields"].items())[:FIELDS_SHOWN]]
        more = len(each["fields"]) - len(most)
        fields = ", ".join([*most, f"{more} more"] if more else most)
        figures = {name: each.get(name) or None for name in ("missing", "changed", "deleted", "created")}
        rows.append({"system": system, "holds": each["known"], **figures, "writes by field": fields})
    return rows


def _waits(each: Mapping[str, Any]) -> str:
    """One line of what waits for one system."""
    writes = f"{each['writes']} {'write' if each['writes'] == 1 else 'writes'} to {each['system']}"
    if each["state"] == "held":
        return f"{writes} held until somebody decides; see crm-bridge plan"
    until = each["until"]
    when = f"until {until[:19].replace('T', ' ')} UTC" if until else "until the next run"
    return f"{writes} postponed {when} ({each['reason']})"


def _reads(figures: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [
        {"read from": name, "records": one.get("read", 0)}
        | {shown: sum(one.get(key, 0) for key in keys) or None for shown, keys in READS.items()}
        for name, one in figures.items()
    ]


def _writes(figures: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [{"written to": name, **told} for name, one in figures.items() if (told := _figures(one, WRITES))]


def _figures(one: Mapping[str, int], names: tuple[str, ...]) -> dict[str, int]:
    """Those that are not nothing."""
    return {name: one[name] for name in names if one.get(name)}


def _counted(figures: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in figures.items() if number)
