"""The house as its own tests read it: the files that are, or are about to be, under version control."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class SourceFile:
    """One text file of the repository; ``name`` is its path from the root, with slashes."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)

    @property
    def shipped(self) -> bool:
        """Part of what a user installs."""
        return self.name.startswith(("crm_bridge/", "connectors/", "mappings/"))


def _names() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return sorted({name for name in listing.split("\0") if name and (ROOT / name).is_file()})


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def text_files() -> list[SourceFile]:
    """Every file of the repository that is text; binary samples are left out."""
    found = []
    for name in _names():
        content = (ROOT / name).read_bytes()
        if b"\0" in content:
            continue
        found.append(SourceFile(name, content.decode("utf-8", errors="replace")))
    return found


@pytest.fixture(scope="session")
def python_files(text_files: list[SourceFile]) -> list[SourceFile]:
    return [file for file in text_files if file.name.endswith(".py")]


@pytest.fixture(scope="session")
def shipped_files(python_files: list[SourceFile]) -> list[SourceFile]:
    return [file for file in python_files if file.shipped]
