"""Time, ids and randomness are handed in; the few places that may fetch them are named here with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FETCHES = {
    "datetime.datetime.now": "the clock",
    "datetime.datetime.utcnow": "the clock",
    "datetime.datetime.today": "the clock",
    "datetime.date.today": "the clock",
    "time.time": "the clock",
    "time.time_ns": "the clock",
    "time.localtime": "the clock",
    "time.gmtime": "the clock",
    "uuid.uuid1": "an id",
    "uuid.uuid4": "an id",
    "uuid.uuid6": "an id",
    "uuid.uuid7": "an id",
    "os.urandom": "randomness",
}
FETCHING_MODULES = {"random": "randomness", "secrets": "randomness"}

MAY_FETCH = {
    "crm_bridge/app.py": "the composition root is where clock and ids are chosen",
    "crm_bridge/cli/": "the process edge: it builds the bridge and has a person at the other end",
    "crm_bridge/demo/": "plays the outside world, with a seed of its own",
    "crm_bridge/testing/": "stands in for systems that have their own clocks",
    "simulator": "a simulator plays a real system, which has a clock and gives ids of its own",
}


def _full_names(tree: ast.Module) -> dict[str, str]:
    """Local name → what it was imported as."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = _dotted(node.value)
        return f"{left}.{node.attr}" if left else None
    return None


def fetches(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of every mention, called or passed on, of something that should have been handed in."""
    names = _full_names(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        dotted = _dotted(node)
        if dotted is None:
            continue
        first, _, rest = dotted.partition(".")
        full = ".".join(part for part in (names.get(first, ""), rest) if part)
        if full in FETCHES or (full.partition(".")[0] in FETCHING_MODULES and "." in full):
            yield node.lineno, full


def _in_room(name: str, *, room: str) -> bool:
    return name.startswith(room) if "/" in room else room in name


def _may_fetch(name: str) -> bool:
    return any(_in_room(name, room=room) for room in MAY_FETCH)


def test_time_ids_and_randomness_are_handed_in(shipped_files):
    """Nothing but the edges reads the clock, makes an id or draws a lot, so every run can be replayed."""
    found = [
        f"{file.name}:{line}: {what} is handed in, not fetched"
        for file in shipped_files
        if not _may_fetch(file.name)
        for line, what in fetches(file.tree)
    ]

    assert [] == found


def test_the_check_sees_through_aliases_and_references():
    """An import under another name, a bare reference and a default factory are all seen."""
    code = """
from datetime import datetime as dt
import uuid, random
x = dt.now
y = field(default_factory=uuid.uuid4)
random.random()
"""

    found = sorted(fetches(ast.parse(code)))

    assert [(4, "datetime.datetime.now"), (5, "uuid.uuid4"), (6, "random.random")] == found


def test_each_named_exception_still_exists(shipped_files):
    """An entry of the list that matches no file any more is removed from it."""
    gone = [room for room in MAY_FETCH if not any(_in_room(file.name, room=room) for file in shipped_files)]

    assert [] == gone
