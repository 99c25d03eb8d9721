"""Every word of a log line reaches the operator: its key is one that the logs let through."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from crm_bridge.config.logging import ALLOWED_KEYS

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def logged(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls such as ``_log.warning(...)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            whose = node.func.value
            if isinstance(whose, ast.Name) and whose.id.strip("_") in ("log", "logger"):
                yield node


def test_no_word_of_a_log_line_is_dropped(shipped_files) -> None:
    """A key that is not on the list is told by its name alone, so what was to be said with it is lost."""
    calls = [(file.name, call) for file in shipped_files for call in logged(file.tree)]
    dropped = [
        f"{name}:{call.lineno}: {word.arg}"
        for name, call in calls
        for word in call.keywords
        if word.arg not in {*ALLOWED_KEYS, "exc_info", None}
    ]

    assert [] == dropped
    assert calls, "the pattern finds no log line any more"
