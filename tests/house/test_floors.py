"""The floors hold, and the contracts that name them agree with each other. See .importlinter."""

from __future__ import annotations

import ast
import configparser
import re

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

DOORS = {"crm_bridge.api", "crm_bridge.testing"}


@pytest.fixture(scope="module")
def contracts(root):
    parser = configparser.ConfigParser()
    parser.read(root / ".importlinter", encoding="utf-8")
    return parser


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w.]+", text))


@pytest.fixture(scope="module")
def floors(contracts):
    return {f"crm_bridge.{name}" for name in _words(contracts["importlinter:contract:floors"]["layers"])}


def test_imports_point_down_only(root, monkeypatch, capsys):
    """Every contract of .importlinter is kept."""
    monkeypatch.chdir(root)

    status = lint_imports(config_filename=".importlinter", no_cache=True)

    assert EXIT_STATUS_SUCCESS == status, capsys.readouterr().out


def test_a_new_floor_is_closed_to_connectors_and_plugins(contracts, floors):
    """Everything but the door is forbidden to them."""
    closed = _words(contracts["importlinter:contract:one-door"]["forbidden_modules"])

    assert floors - {"crm_bridge.api"} == closed


def test_a_new_floor_may_not_import_connectors(contracts, floors):
    """Every floor of the core stands in the contract that keeps connectors out of it."""
    assert floors == _words(contracts["importlinter:contract:core-knows-no-connector"]["source_modules"])


def test_the_outsider_uses_the_public_doors_alone(python_files):
    """The third-party distribution imports ``crm_bridge.api``, and in its tests ``crm_bridge.testing``."""
    found = [
        f"{file.name}:{node.lineno}: {module}"
        for file in python_files
        if file.name.startswith("tests/third_party/")
        for node in ast.walk(file.tree)
        for module in _modules(node)
        if module.partition(".")[0] == "crm_bridge" and not _through_a_door(module)
    ]

    assert [] == found


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _through_a_door(module: str) -> bool:
    return any(module == door or module.startswith(f"{door}.") for door in DOORS)
