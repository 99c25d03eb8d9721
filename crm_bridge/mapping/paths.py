"""Canonical paths: looking into a document, and changing a copy of it.

``name.family`` · ``preferences.languages.0`` · ``contact_points[phone/mobile].value`` · ``contact_points+`` (append) ·
``facts[personal.favourite_dish].value`` · ``identifiers[ua.rnokpp].value`` · ``consents[claims/sms].status`` ·
``relationships[child]``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

Steps = tuple[str | int, ...]

# What tells the items of a list apart, in the order in which a selector names it.
IDENTITY: Mapping[str, tuple[str, ...]] = {
    "contact_points": ("type", "purpose"),
    "identifiers": ("system",),
    "consents": ("purpose", "channel"),
    "relationships": ("type",),
    "facts": ("key",),
    "holdings": ("type",),
    "segments": ("key",),
    "scores": ("key",),
    "other_names": ("use",),
}
# Where a row's own value goes in an item, unless it has `parts`.
VALUE_KEY: Mapping[str, str] = {
    "contact_points": "value",
    "identifiers": "value",
    "consents": "status",
    "relationships": "to.name",
    "facts": "value",
    "holdings": "number",
    "segments": "key",
    "scores": "value",
    "other_names": "text",
}
_PATH = re.compile(r"(?P<head>\w+)(?:\[(?P<selector>[^\]]*)\])?(?P<append>\+)?(?:\.(?P<rest>.+))?")


def steps_of(path: str) -> Steps:
    """``preferences.languages.0`` → ``("preferences", "languages", 0)``."""
    return tuple(int(step) if step.isdigit() else step for step in path.split("."))


def look(value: Any, steps: Steps) -> Any:
    """What stands at ``steps``, or ``None``."""
    for step in steps:
        if type(step) is int:
            if not isinstance(value, list) or step >= len(value):
                return None
            value = value[step]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def put(doc: dict[str, Any], steps: Steps, value: Any) -> None:
    """Set ``value`` at ``steps`` of a document under construction. List positions close up: there are no gaps."""
    here: Any = doc
    for step, following in pairwise(steps):
        there = here.get(step)
        if there is None:
            there = here[step] = [] if type(following) is int else {}
        here = there
    last = steps[-1]
    if type(last) is not int or last < len(here):
        here[last] = value
    else:
        here.append(value)


def change_document(doc: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A changed copy of ``doc``. A value of ``None`` removes.

    Raises:
        KeyError: a path or selector that leads nowhere; the message names it.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(doc))
    for path, value in changes.items():
        _change(changed, path, copy.deepcopy(value))
    return _without_empty(changed)  # type: ignore[no-any-return]  # a dict comes back as a dict


def select(items: list[Any], *, head: str, selector: str) -> list[int]:
    """Positions of the items of list ``head`` that ``selector`` names."""
    names = IDENTITY.get(head, ("id",))
    if len(names) == 1:
        return [at for at, item in enumerate(items) if selector in (item.get(names[0]), item.get("id"))]
    first, _, second = selector.partition("/")
    found = []
    for at, item in enumerate(items):
        if item.get(names[0]) == first and (
            not second or second in (item.get(names[1]), item.get("value"), item.get("id"))
        ):
            found.append(at)
    return found


def _change(doc: dict[str, Any], path: str, value: Any) -> None:
    match = _PATH.fullmatch(path)
    if match is None:
        raise KeyError(f"{path}: not a path")
    head, selector, rest = match["head"], match["selector"], match["rest"]
    if match["append"]:
        doc.setdefault(head, []).append(value)
        return
    if selector is None:
        _set(doc, steps_of(path), value)
        return
    items = doc.get(head, [])
    found = select(items, head=head, selector=selector)
    if not found:
        raise KeyError(f"{path}: the document has no such item")
    if rest:
        _set(items[found[0]], steps_of(rest), value)
    elif value is None:
        del items[found[0]]
    else:
        items[found[0]] = value


def _set(doc: dict[str, Any], steps: Steps, value: Any) -> None:
    if value is not None:
        put(doc, steps, value)
        return
    holder = look(doc, steps[:-1]) if len(steps) > 1 else doc
    if isinstance(holder, dict):
        holder.pop(str(steps[-1]), None)
    elif isinstance(holder, list) and type(steps[-1]) is int and steps[-1] < len(holder):
        del holder[steps[-1]]


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner is not None and inner != {} and inner != []}
    if isinstance(value, list):
        return [_without_empty(inner) for inner in value]
    return value
