"""A value that the model takes only whole, such as a sum with its currency, is not passed on in part.

Which fields a value cannot be without is the model's to say; it is asked when a document is compiled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from crm_bridge.mapping.columns import BoundColumn
from crm_bridge.mapping.document import Column
from crm_bridge.mapping.paths import Steps, look
from crm_bridge.mapping.values import Problem
from crm_bridge.model import required_at

_MESSAGE = "a value is needed here, for the fields beside it are filled: enter it in the system that holds the record"


@dataclass(frozen=True, slots=True)
class Whole:
    """A value at ``steps`` that has to have all of ``needed``: (name, path, its column or the one beside it)."""

    steps: Steps
    needed: tuple[tuple[str, str, BoundColumn], ...]


def wholes_of(
    columns: Iterable[BoundColumn], *, entity: str, head: str = "", label: str = "", given: Collection[str] = ()
) -> tuple[Whole, ...]:
    """What ``columns`` can fill in part.

    Args:
        head: the list whose items they fill; empty for the document itself.
        label: how paths begin in messages; empty for the document itself.
        given: fields that each item has anyhow.
    """
    by_steps = {each.steps: each for each in columns if each.readable}
    found: dict[Steps, Whole] = {}
    for steps, column in by_steps.items():
        for length in range(len(steps)):
            at = steps[:length]
            if at in found or any(type(step) is int for step in at):
                continue
            path = ".".join(str(step) for step in (*((head,) if head else ()), *at))
            names = sorted(required_at(path, entity=entity) - (set(given) if not at else set()))
            shown = ".".join(str(step) for step in (*((label,) if label else ()), *at))
            found[at] = Whole(
                at,
                tuple((name, f"{shown}.{name}".lstrip("."), by_steps.get((*at, name), column)) for name in names),
            )
    return tuple(whole for whole in found.values() if whole.needed)


def never_filled(
    columns: Iterable[Column], *, entity: str, head: str = "", fixed: Iterable[Steps] = ()
) -> list[tuple[str, Column | None]]:
    """Paths that every value begun here needs and nothing fills, so that no record could be read, each with the column
    that begins such a value (``None``: the fixed values do).

    Args:
        columns: those that fill the values.
        head: the list whose items they fill; empty for the document itself.
        fixed: what each item has anyhow.
    """
    begun: dict[Steps, Column | None] = dict.fromkeys(fixed)
    begun |= {each.steps: each for each in columns if each.direction != "write"}
    found: dict[str, Column | None] = {}
    for steps, column in begun.items():
        for length in range(len(steps)):
            at = steps[:length]
            path = ".".join(str(step) for step in (*((head,) if head else ()), *at))
            filled = {other[length] for other in begun if len(other) > length and other[:length] == at}
            for name in sorted(required_at(path, entity=entity) - filled):
                found.setdefault(f"{path}.{name}".lstrip("."), column)
    return list(found.items())


def missing_in(
    value: dict[str, Any], wholes: tuple[Whole, ...], *, record: Any, problems: Iterable[Problem], prefix: str = ""
) -> list[Problem]:
    """A problem for each field that a value begun lacks, unless one stands there already."""
    told = {problem.path for problem in problems if problem.severity == "quarantine"}
    missing = []
    for whole in wholes:
        found = look(value, whole.steps) if whole.steps else value
        if type(found) is dict:
            missing += [
                Problem(path, prefix + column.name, "required", _MESSAGE, column.raw(record))
                for name, path, column in whole.needed
                if name not in found and path not in told and column.label not in told
            ]
    return missing
