"""The tested versions stand in two files that installers read, and both say the same. ``.ci/pin`` writes them."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

import pytest

NAME = re.compile(r"[A-Za-z0-9._-]+")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def requirements(root):
    return (root / "requirements.txt").read_text(encoding="utf-8")


def test_pip_and_uv_get_the_same_versions(project, requirements):
    """``requirements.txt`` without its hashes is the list of constraints in ``pyproject.toml``."""
    pins = [line.rstrip("\\").strip() for line in requirements.splitlines() if line[:1].isalnum()]

    assert pins == project["tool"]["uv"]["constraint-dependencies"]


def test_every_pin_is_exact_and_has_a_hash(requirements):
    """``pip install --require-hashes`` takes the file."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", requirements.strip())
    loose = [block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block]

    assert [] == loose


def test_no_pin_holds_an_address(project, requirements):
    """Where packages come from is the choice of the machine that installs them."""
    assert "://" not in requirements
    assert "://" not in str(project["tool"]["uv"])


def test_every_declared_dependency_is_pinned(project, requirements):
    """A dependency that was added without ``.ci/pin`` is named here."""
    extras = project["project"]["optional-dependencies"]
    declared = [*project["project"]["dependencies"], *chain.from_iterable(extras.values())]
    names = {_normal(NAME.match(requirement).group()) for requirement in declared} - {"crm-bridge"}
    pinned = {_normal(NAME.match(line).group()) for line in requirements.splitlines() if line[:1].isalnum()}

    assert set() == names - pinned
