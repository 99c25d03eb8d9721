"""docs/explanation/dependencies.md lists every dependency that a user installs, with a licence that lets them."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata

import pytest

ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<extra>[^|]+) \| (?P<licence>[^|]+) \| (?P<why>[^|]+) \|$", re.MULTILINE)
ALLOWED = {
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "PSF-2.0",
    "MPL-2.0",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
}
NOT_FOR_USERS = {"all", "test"}


@pytest.fixture(scope="module")
def rows(root):
    page = (root / "docs/explanation/dependencies.md").read_text(encoding="utf-8")
    return [match.groupdict() for match in ROW.finditer(page)]


def test_the_page_lists_what_pyproject_declares(root, rows):
    """Same names under the same extra: neither a forgotten one nor one that went."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: reqs for name, reqs in project["optional-dependencies"].items() if name not in NOT_FOR_USERS}
    declared = {
        (re.split(r"[^\w.-]", requirement)[0], extra)
        for extra, requirements in {"always": project["dependencies"], **extras}.items()
        for requirement in requirements
    }

    assert declared == {(row["name"], row["extra"].strip()) for row in rows}


def test_the_licences_are_what_the_packages_say(rows):
    """Where a package declares its licence as an SPDX expression, the page repeats it."""
    declared = {row["name"]: metadata(row["name"]).get("License-Expression") for row in rows}
    named = {row["name"]: row["licence"].strip() for row in rows}

    assert {name: said for name, said in declared.items() if said} == {
        name: named[name] for name, said in declared.items() if said
    }


def test_every_licence_lets_a_company_ship_it(rows):
    """Permissive, weak copyleft at most."""
    odd = {
        row["name"]: row["licence"]
        for row in rows
        if not {part.strip() for part in re.split(r" OR | AND ", re.sub(r"[()]", "", row["licence"]))} <= ALLOWED
    }

    assert {} == odd
