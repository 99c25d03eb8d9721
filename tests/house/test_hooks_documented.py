"""docs/reference/hooks.md has every hook with its exact argument list, and no other."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from crm_bridge import hookspecs


def specified() -> list[str]:
    hooks = [
        (name, function)
        for name, function in vars(hookspecs).items()
        if inspect.isfunction(function) and hasattr(function, "crm_bridge_spec")
    ]
    return [f"{name}({', '.join(inspect.signature(function).parameters)})" for name, function in hooks]


def test_the_page_has_every_hook_with_its_arguments(root: Path) -> None:
    """A hook, or an argument, that is not documented does not pass."""
    page = (root / "docs/reference/hooks.md").read_text(encoding="utf-8")

    assert sorted(specified()) == sorted(re.findall(r"^### `(.+)`$", page, re.MULTILINE))


def test_every_argument_is_explained(root: Path) -> None:
    """Under the hook's own heading."""
    page = (root / "docs/reference/hooks.md").read_text(encoding="utf-8")
    unexplained = []
    for hook in specified():
        section = page.partition(f"### `{hook}`\n")[2].partition("\n## ")[0].partition("\n### ")[0]
        arguments = hook.partition("(")[2].rstrip(")").split(", ")
        unexplained += [f"{hook}: {name}" for name in arguments if name and f"- `{name}`: " not in section]

    assert [] == unexplained


def test_every_hook_says_when_it_is_called() -> None:
    """In its docstring, which is what an editor shows."""
    silent = [
        name
        for name, function in vars(hookspecs).items()
        if hasattr(function, "crm_bridge_spec") and not (function.__doc__ or "").strip()
    ]

    assert [] == silent
