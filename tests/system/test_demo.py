"""``crm-bridge demo``, as a newcomer runs it: real servers, and its own checks; what plays is a process of its own."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.cli.main import main

_README = Path(__file__).parents[2] / "README.md"


def _demo(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crm_bridge", "demo", "--json", "--dir", str(at), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def _answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict), done.stderr
    return answer


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A small demo, played once."""
    at = tmp_path_factory.mktemp("demo") / "work"
    return at, _demo("--clients", "60", at=at)


def test_every_check_of_the_demo_holds(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Exit code 0, and the JSON object says of each check what was expected and found."""
    _, done = played

    failing = {name: each for name, each in _answer(done)["checks"].items() if not each["holds"]}

    assert {} == failing
    assert 0 == done.returncode, done.stderr
    assert [str(len(_answer(done)["checks"]))] == re.findall(r"^  … (\d+) checks$", _README.read_text("utf-8"), re.M)


def test_the_demo_merges_nobody_with_somebody_else(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Pairwise precision is 1, and most of what belongs together is found."""
    figures = _answer(played[1])["figures"]

    assert 1.0 == figures["pairs: precision"]
    assert figures["pairs: recall"] > 0.5


def test_the_directory_is_a_working_project(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Configuration, mappings and store are there; secrets are for their owner alone."""
    at, _ = played

    assert (at / "crm-bridge.toml").is_file()
    assert (at / "bridge.db").is_file()
    assert {"siebel", "callcenter", "sms_gateway", "vendor_files"} <= {
        entry.name for entry in (at / "mappings").iterdir()
    }
    assert 0o600 == (at / "secrets" / "web-token").stat().st_mode & 0o777
    assert str(at) not in (at / "crm-bridge.toml").read_text(encoding="utf-8")


def test_a_directory_of_somebody_elses_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Usage error, one message, no traceback."""
    (tmp_path / "thesis.txt").write_text("mine")

    ended = main(["demo", "--json", "--dir", str(tmp_path)])

    told = capsys.readouterr().err
    assert 64 == ended
    assert "not empty" in told
    assert "Traceback" not in told
    assert ["thesis.txt"] == [entry.name for entry in tmp_path.iterdir()]


def test_an_input_file_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Data error; nothing is made."""
    (tmp_path / "people.csv").write_text("id,colour\n1,red\n")

    ended = main(["demo", "--json", "--input", str(tmp_path / "people.csv"), "--dir", str(tmp_path / "work")])

    assert 65 == ended
    assert "a birth date" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_records_of_a_file_are_spread_merged_and_judged(tmp_path: Path) -> None:
    """Records of one cluster meet in one card where name, birth date and postal code agree; no cluster is mixed."""
    _write_people(tmp_path / "people.csv", people=40, records=4)

    done = _demo("--input", str(tmp_path / "people.csv"), at=tmp_path / "work")

    figures = _answer(done)["figures"]
    assert {} == {name: each for name, each in _answer(done)["checks"].items() if not each["holds"]}
    assert 160 == figures["records in all"]
    assert 1.0 == figures["pairs: precision"]
    assert figures["pairs: recall"] > 0.4


def test_a_handful_of_records_plays_what_it_can(tmp_path: Path) -> None:
    """Two strangers have no edits to carry: every check that there is holds, and what was not played is named."""
    (tmp_path / "people.csv").write_text("id,first_name,surname,dob\n1,Anna,Koval,1980-01-02\n2,Petro,Lys,1981-01-03\n")
    done = _demo("--input", str(tmp_path / "people.csv"), at=tmp_path / "work")
    answer = _answer(done)

    assert 0 == done.returncode
    assert answer["checks"]["records that are in a card or a dead letter"]["holds"]
    assert ["everywhere", "phone", "name", "disjoint", "claims"] == answer["figures"]["scenes not played"]


def _write_people(file: Path, *, people: int, records: int) -> None:
    """People of the nineteenth century, invented, each known ``records`` times; some records lack a postal code."""
    families: Sequence[str] = ("novak", "miller", "fischer", "walsh", "moreau", "peeters", "hansen", "lindgren")
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(
            ["unique_id", "cluster", "first_name", "surname", "dob", "birth_place", "postcode_fake", "gender"]
        )
        for person in range(people):
            born = f"18{10 + person:02}-{person % 12 + 1:02}-{person % 28 + 1:02}"
            name = ("anna", "female") if person % 2 else ("martin", "male")
            for record in range(records):
                code = "" if person % 5 == 4 and record == 1 else f"ab{person} 1xy"
                row = [
                    f"Q{person}-{record}",
                    f"Q{person}",
                    name[0],
                    families[person % 8],
                    born,
                    "sampleton",
                    code,
                    name[1],
                ]
                writer.writerow(row)
