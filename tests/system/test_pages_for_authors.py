"""What the pages for authors show is a package that works: taken from the page as it stands, found, checked, synced."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs/how-to"
FILE = re.compile(r"^```\w+\n# file: (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^crm-bridge (?P<words>(?:plugin|mapping|check|plan|sync|client|review)\b.*)$", re.MULTILINE)


class Project:
    """The files of a page in a folder."""

    def __init__(self, page: str, folder: Path) -> None:
        self.text = (PAGES / page).read_text(encoding="utf-8")
        self.folder = folder
        for found in FILE.finditer(self.text):
            file = folder / found["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(found["text"], encoding="utf-8")
        (folder / "in_turn.py").write_text(IN_TURN, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        paths = [str(self.folder), *sys.path]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "NO_COLOR": "1"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def good(self, *words: str) -> str:
        done = self.run(*words)

        assert 0 == done.returncode, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def said(self, *commands: str) -> dict[str, str]:
        """What these commands say, one after the other in one process: each would take a second to start."""
        answers: dict[str, str] = json.loads(self.good("in_turn", *commands))
        return answers


class Package(Project):
    """A project with the entry points that installing it would give."""

    def __init__(self, page: str, folder: Path) -> None:
        super().__init__(page, folder)
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        told = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        told.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (told / "METADATA").write_text(metadata, encoding="utf-8")
        points = "\n".join(f"{name} = {target}" for name, target in project["entry-points"]["crm_bridge"].items())
        (told / "entry_points.txt").write_text(f"[crm_bridge]\n{points}\n", encoding="utf-8")


IN_TURN = """
import io, json, sys
from contextlib import redirect_stdout
from crm_bridge.cli.main import main

said = {}
for command in sys.argv[1:]:
    with redirect_stdout(io.StringIO()) as out:
        code = main(command.split())
    if code:
        sys.exit(f"{command}: {code}, {out.getvalue()}")
    said[command] = out.getvalue()
print(json.dumps(said))
"""


@pytest.fixture
def shop(tmp_path):
    return Package("write-a-connector.md", tmp_path)


@pytest.fixture
def manners(tmp_path):
    return Package("write-a-plugin.md", tmp_path)


def test_the_connector_of_the_page_keeps_its_promises(shop):
    """As does its mapping, and the page's own tests pass."""
    answers = shop.said("plugin list --json", "plugin check acme_shop --json")
    listed, checked = (json.loads(each) for each in answers.values())
    listed = {each["name"]: each for each in listed["plugins"]}

    assert "acme-shop 1.0.0" == listed["acme_shop"]["package"]
    assert ["acme_shop"] == list(checked["connectors"]) == list(checked["simulators"])
    assert checked["counts"].keys() == {"held", "not tried"}
    assert checked["counts"]["held"] >= 15
    assert "passed" in shop.good("pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_the_connector_of_the_page_syncs(shop):
    """Every command of the page, in its order, while its simulator runs."""
    simulator = subprocess.Popen(
        [sys.executable, "-m", "crm_bridge", "simulate", "acme_shop", "--port", "0", "--json"],
        cwd=shop.folder,
        env=shop.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = "".join(iter(simulator.stdout.readline, "}\n")) + "}"
        reach = json.loads(told)["simulators"]["shop"]
        config = shop.folder / "crm-bridge.toml"
        told = config.read_text(encoding="utf-8").replace("http://127.0.0.1:8110", reach["base_url"])
        config.write_text(told, encoding="utf-8")
        body = re.search(r"curl -d '(?P<body>.*?)'", shop.text)["body"].encode()
        with urllib.request.urlopen(f"{reach['base_url']}/_simulator/load/buyer", body) as answer:
            assert 200 == answer.status
        said = shop.said(*COMMAND.findall(shop.text))
    finally:
        simulator.terminate()
        simulator.wait(timeout=30)
        simulator.stdout.close()

    assert "Коваль" in said["client lookup --phone +380505550101"]
    assert {"plugin list", "plugin check acme_shop", "check", "sync"} <= said.keys()


def test_the_plugins_of_the_page_work(manners):
    """Found by their names, checked, and the page's own tests pass."""
    said = manners.said(*COMMAND.findall(manners.text), "plugin check acme.manners --json")
    checked = json.loads(said["plugin check acme.manners --json"])

    assert ["enrich_clients"] == checked["hooks"]
    assert "passed" in manners.good("pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_the_organisations_of_the_page_become_cards(tmp_path):
    """One company of two files is one card and goes into the next file; without a number somebody is asked."""
    project = Project("map-organisations.md", tmp_path)
    for folder in re.search(r"^mkdir (?P<folders>.*)$", project.text, re.MULTILINE)["folders"].split():
        (tmp_path / folder).mkdir()
    settled = time.time() - 60
    for file in tmp_path.glob("*/in/*.csv"):
        os.utime(file, (settled, settled))
    said = project.said(*COMMAND.findall(project.text), "review list --json")
    [written] = (tmp_path / "fleet/out").glob("*.csv")

    assert "5 passed, 0 failed" in said["mapping test mappings/partners.yaml"]
    assert "1 passed, 0 failed" in said["mapping test mappings/fleet.yaml"]
    assert "info@romashka.example, +380505550160" in said["client lookup --identifier ua.edrpou=99100103"]
    assert "77,Ромашка,99100103,+380505550160,info@romashka.example" in written.read_text(encoding="utf-8").splitlines()
    [case] = json.loads(said["review list --json"])["cases"]
    assert {"partners/company/P-2", "fleet/company/78"} == {case["left"], case["right"]}
