"""`crm-bridge sync` killed with -9 at random places: in the end all is as after undisturbed runs, and nobody is twice.

A place is how far the run has come, by what the store and the systems hold; no clock says when it is reached. Two
rounds by default. The long form: ``CRM_BRIDGE_KILLS=30 pytest tests/system/test_killed_syncs.py`` (`just kills`).
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from town import Town, contact, phone

ROUNDS = int(os.environ.get("CRM_BRIDGE_KILLS", "2"))
SEED = int(os.environ.get("CRM_BRIDGE_SEED", str(ROUNDS)))
_NEW = 8
_OF_SIEBEL = ("LastName", "FirstName", "MiddleName", "BirthDate", "CellularPhone", "JobTitle", "EmailAddress")
_OF_CALLCENTER = ("last_name", "first_name", "middle_name", "birth_date", "mobile_phone", "job_title", "email")


def _edits(town: Town, number: int) -> None:
    """One round of work on both sides: new people, and edits of different fields of people whom both have."""
    first = number * _NEW
    new = [contact(first + each) for each in range(_NEW // 2)]
    town.control("siebel", "load/contact", new)
    town.control(
        "callcenter",
        "load/client",
        [
            {
                "last_name": "Вигаданий",
                "first_name": f"Петро{each}",
                "birth_date": f"{1950 + each % 50}-03-08",
                "mobile_phone": phone(each),
            }
            for each in range(first + _NEW // 2, first + _NEW)
        ],
    )
    both = {each["CellularPhone"]: each["Id"] for each in town.held("siebel") if each["CellularPhone"]}
    for place, each in enumerate(sorted(town.held("callcenter"), key=lambda each: str(each["mobile_phone"]))[:6]):
        if each["mobile_phone"] in both:
            town.control("siebel", f"edit/contact/{both[each['mobile_phone']]}", {"JobTitle": f"посада {number}"})
            email = f"n{number}.{place}@example.com"
            town.control("callcenter", f"edit/client/{each['id']}", {"email": email})


def _content(town: Town) -> dict[str, list[tuple[Any, ...]]]:
    """What both hold, without the numbers and times that they gave."""
    fields = {"siebel": _OF_SIEBEL, "callcenter": _OF_CALLCENTER}
    return {
        system: sorted(tuple(each.get(name) or "" for name in names) for each in town.held(system))
        for system, names in fields.items()
    }


def _settle(town: Town) -> None:
    """One more run brings all in step, and the next has nothing to do."""
    town.sync()
    before = town.held("siebel"), town.held("callcenter")
    town.sync()
    assert before == (town.held("siebel"), town.held("callcenter")), "the next run still writes"


@pytest.fixture
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Another town, in which nobody is ever killed."""
    town = Town(tmp_path_factory.mktemp("undisturbed"))
    town.configure(siebel=town.start("siebel"), callcenter=town.start("callcenter"))
    return town


def test_a_sync_killed_at_random_places_ends_as_an_undisturbed_one(town: Town, undisturbed: Town) -> None:
    """In turn while it reads, while it journals and while it writes; the simulators take their time meanwhile."""
    chance = random.Random(SEED)
    kills = 0
    try:
        for number in range(ROUNDS):
            for each in (town, undisturbed):
                _edits(each, number)
            beside = undisturbed.begin_sync()
            _slow(town, seconds=0.1)
            kills += _killed(town, _PLACES[number % len(_PLACES)], steps=chance.randint(1, _NEW - 2))
            _slow(town, seconds=0.0)
            town.sync()
            assert 0 == beside.wait(120)
        for each in (town, undisturbed):
            _settle(each)
        assert _content(undisturbed) == _content(town)
    finally:
        undisturbed.end()
    people = ROUNDS * _NEW
    assert [people, people] == [len(rows) for rows in _content(town).values()], "somebody is missing, or twice"
    assert ROUNDS == kills, "a run had ended before it was to be killed"


def _slow(town: Town, *, seconds: float) -> None:
    for system in ("siebel", "callcenter"):
        town.control(system, "knobs", {"delay": seconds})


def _killed(town: Town, progress: Callable[[Town], int], *, steps: int) -> bool:
    """Start a run and kill it ``steps`` further than now; whether it was still there."""
    goal = progress(town) + steps
    pause = threading.Event()
    process = town.begin_sync()
    while process.poll() is None:
        if progress(town) >= goal:
            process.kill()
            return int(process.wait(30)) < 0  # ended by the signal
        pause.wait(0.005)
    return False


def _rows(town: Town, table: str) -> int:
    """Rows in the store; none while there is no such table yet."""
    try:
        with closing(sqlite3.connect(f"{(town.at / 'bridge.db').as_uri()}?mode=ro", uri=True)) as store:
            return int(store.execute(f"select count(*) from {table}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _read(town: Town) -> int:
    return _rows(town, "source_records")


def _journaled(town: Town) -> int:
    return _rows(town, "intents")


def _written(town: Town) -> int:
    """Every write raises the number of a version, and nobody else writes meanwhile."""
    contacts = sum(int(each["ModId"]) + 1 for each in town.held("siebel"))
    return contacts + sum(int(each["version"]) for each in town.held("callcenter"))


_PLACES = (_written, _read, _journaled)
