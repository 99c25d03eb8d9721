"""An outsider's distribution, installed beside the built wheel in a fresh environment, takes part in a sync.

It needs a package registry for the dependencies; where none is reachable, the tests are skipped by that name.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "tests/third_party/acme_vendor"
UNREACHABLE = re.compile(
    r"failed to fetch|dns error|error sending request|name resolution|network is unreachable|could not connect"
    r"|connection (refused|reset|error)|newconnectionerror|max retries exceeded|timed out",
    re.IGNORECASE,
)
BIN = "Scripts" if os.name == "nt" else "bin"

CONFIG = """
[bridge]
name = "club"
store = "sqlite:///bridge.db"

[systems.club]
connector = "acme_club"
file = "members.jsonl"
page_size = 2

[systems.club.records.member]
mapping = "acme_vendor:mappings/member.yaml"

[plugins]
active = ["acme_club", "acme_vendor.welcome", "dedup.exact_keys"]

[plugins.settings."acme_vendor.welcome"]
text = "Welcome to the club!"
"""

# Invented.
MEMBERS = [
    {"member_id": "M-1", "rev": 1, "surname": "Коваль", "name": "Anna", "phone": "050 555 01 01"},
    {"member_id": "M-2", "rev": 2, "surname": "Гнатюк", "name": "Boris", "phone": "050 555 01 02"},
    {"member_id": "M-3", "rev": 3, "surname": "Іваненко", "name": "Olena", "phone": "050 555 01 03"},
]

PAGES = [ROOT / "docs/how-to" / name for name in ("write-a-connector.md", "write-a-plugin.md")]
FILE_OF_A_PAGE = re.compile(r"^```\w+\n# file: (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

MINUTE = 60.0


def packages_of(page: Path, folder: Path) -> Path:
    """The package that a page for authors shows, each file under its name."""
    for found in FILE_OF_A_PAGE.finditer(page.read_text(encoding="utf-8")):
        file = folder / found["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found["text"], encoding="utf-8")
    return folder


def installing(*command: str | Path) -> None:
    """Run a step that may need the registry."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=ROOT, timeout=10 * MINUTE
    )
    if done.returncode and UNREACHABLE.search(done.stderr + done.stdout):
        pytest.skip("no package registry is reachable")

    assert 0 == done.returncode, done.stderr[-2000:]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with our wheel and the outsiders' in it, and nothing of this repository on its path."""
    place = tmp_path_factory.mktemp("installed")
    outsiders = [ACME, *(packages_of(page, place / page.stem) for page in PAGES)]
    wheels, home = place / "dist", place / "venv"
    uv = shutil.which("uv")
    if uv:
        installing(uv, "venv", "--quiet", "--python", sys.executable, home)
        for source in (ROOT, *outsiders):
            installing(uv, "build", "--quiet", "--wheel", "--out-dir", wheels, source)
        installing(uv, "pip", "install", "--quiet", "--python", home / BIN / "python", *wheels.glob("*.whl"))
    else:
        venv.create(home, with_pip=True)
        pip = (home / BIN / "python", "-m", "pip")
        installing(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT, *outsiders)
        installing(*pip, "install", "--quiet", *wheels.glob("*.whl"))
    return home


class Club:
    """A working directory with the outsider's system in it."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self._program = environment / BIN / "crm-bridge"
        self._folder = folder
        (folder / "crm-bridge.toml").write_text(CONFIG, encoding="utf-8")
        self.write(MEMBERS)

    def write(self, members: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(member, ensure_ascii=False) + "\n" for member in members)
        (self._folder / "members.jsonl").write_text(lines, encoding="utf-8")

    def run(self, *arguments: str) -> Any:
        """What the command prints with ``--json``; it has to end well."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_"))}
        done = subprocess.run(
            [str(self._program), "-c", "crm-bridge.toml", *arguments, "--json"],
            capture_output=True,
            text=True,
            cwd=self._folder,
            env=environment,
            timeout=2 * MINUTE,
        )

        assert 0 == done.returncode, f"{arguments}: {done.stderr[-2000:]}{done.stdout[-2000:]}"
        return json.loads(done.stdout)


@pytest.fixture
def club(environment: Path, tmp_path: Path) -> Club:
    return Club(environment, tmp_path)


def test_what_is_installed_is_listed_with_its_package(club: Club) -> None:
    """The outsider's plugins stand beside ours, found through the same door."""
    listed = {plugin["name"]: plugin for plugin in club.run("plugin", "list")["plugins"]}

    assert {"acme_club", "acme_vendor.welcome", "siebel", "enrichment.names"} <= listed.keys()
    assert ("acme-vendor 1.0.0", True) == (listed["acme_club"]["package"], listed["acme_club"]["active"])
    assert not listed["siebel"]["active"]


def test_the_packages_of_the_pages_for_authors_can_be_built_and_are_found(club: Club) -> None:
    """With the build settings that the pages show."""
    listed = {plugin["name"]: plugin["package"] for plugin in club.run("plugin", "list")["plugins"]}

    assert ("acme-shop 1.0.0", "acme-manners 1.0.0") == (listed["acme_shop"], listed["acme.welcome"])
    assert {"held", "not tried"} == club.run("plugin", "check", "acme_shop")["counts"].keys()


def test_an_outsiders_mapping_passes_its_own_tests(club: Club) -> None:
    """Found as data of the installed package."""
    told = club.run("mapping", "test", "acme_vendor:mappings/member.yaml")

    assert (2, 0, []) == (len(told["tests"]), told["failed"], told["mistakes"])


def test_an_outsiders_records_arrive_and_its_hook_runs(club: Club) -> None:
    """Each member is a client, with what the outsider's plugin proposed; a second run finds nothing to do."""
    first = club.run("sync")
    second = club.run("sync")
    found = club.run("client", "lookup", "--phone", "+380505550101")["clients"]
    card = club.run("client", "show", str(found[0]["id"]))

    assert (3, 3) == (first["reads"]["club/member"]["new"], first["clients"]["created"])
    assert ({}, {}) == (second["reads"], second["clients"])
    assert 0 == sum(sum(figures.values()) for figures in second["writes"].values())
    assert [] == list(first["plugin_failures"]) + list(second["plugin_failures"])
    assert 1 == len(found)
    assert '"sms"' in json.dumps(card), "the channel that the outsider's hook proposed is not on the card"
    assert "acme_club" in json.dumps(club.run("client", "why", str(found[0]["id"]), "preferences.channels"))


def test_a_change_at_the_outsider_reaches_the_card(club: Club) -> None:
    """The cursor of the outsider's connector leads to what changed."""
    club.run("sync")
    club.write([{**MEMBERS[0], "rev": 4, "surname": "Шевченко"}, *MEMBERS[1:]])
    report = club.run("sync")

    assert 1 == report["reads"]["club/member"]["changed"]
    assert 1 == len(club.run("client", "lookup", "--name", "Шевченко")["clients"])
