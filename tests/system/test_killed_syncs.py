"""`crm-bridge sync` killed with -9 at random moments: in the end all is as after undisturbed runs, and nobody is twice.

Five rounds by default. The long form: ``CRM_BRIDGE_KILLS=30 pytest tests/system/test_killed_syncs.py`` (`just kills`).
"""

from __future__ import annotations

import os
import random
import subprocess
from typing import Any

import pytest
from town import Town, contact, phone

ROUNDS = int(os.environ.get("CRM_BRIDGE_KILLS", "5"))
SEED = int(os.environ.get("CRM_BRIDGE_SEED", str(ROUNDS)))
_NEW = 12
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
    for place, each in enumerate(sorted(town.held("callcenter"), key=lambda each: str(each["mobile_phone"]))[:8]):
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


def test_a_sync_killed_at_random_moments_ends_as_an_undisturbed_one(town: Town, undisturbed: Town) -> None:
    """Also with simulators that take their time, so that writes are under way when it ends."""
    chance = random.Random(SEED)
    kills = 0
    try:
        for system in ("siebel", "callcenter"):
            town.control(system, "knobs", {"delay": 0.02})
        for number in range(ROUNDS):
            for each in (town, undisturbed):
                _edits(each, number)
            undisturbed.sync()
            kills += _killed(town, after=chance.uniform(0.6, 4.0))
            town.sync()
        for each in (town, undisturbed):
            _settle(each)
        assert _content(undisturbed) == _content(town)
    finally:
        undisturbed.end()
    people = ROUNDS * _NEW
    assert [people, people] == [len(rows) for rows in _content(town).values()], "somebody is missing, or twice"
    assert kills * 2 >= ROUNDS, "most runs had ended before they were to be killed: nothing was tested"


def _killed(town: Town, *, after: float) -> bool:
    """Start a run and kill it ``after`` seconds; whether it was still there."""
    process = town.begin_sync()
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(30)
        return True
    return False
