"""Metamorphic laws of the whole engine over a real store: what may differ changes nothing of what comes out.

``CRM_BRIDGE_STORIES=500`` tries more. Everyone is invented.
"""

import os
import tempfile
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_world import World, capable

STORIES = int(os.environ.get("CRM_BRIDGE_STORIES", "2"))
FIELDS = ("job_title", "gender", "dish", "email", "home_phone")
few = settings(max_examples=STORIES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
disjoint_edits = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(FIELDS), st.integers(0, 9)),
    min_size=2,
    max_size=4,
    unique_by=lambda edit: edit[1],
)


def value(field, choice, number):
    """The ``choice``-th value of a field; where matching looks at it, unlike those of all other clients."""
    match field:
        case "gender":
            return "FM"[choice % 2]
        case "email":
            return f"{choice}-{number}@example.com"
        case "home_phone":
            return f"+380505{choice}{number:05d}"
        case _:
            return f"{field} {choice}"


class Town:
    """Three systems that stay; each story brings clients of its own, who begin alike."""

    def __init__(self, folder):
        self.world = World(folder, store="sqlite:///bridge.db")
        self.numbers = count(1)

    def newcomer(self):
        """A client in all systems: its number and record ids."""
        number = next(self.numbers)
        name = "Коваль" + "".join("абвгдежзик"[int(digit)] for digit in str(number))
        return number, self.world.person(*"abc", number=number, last_name=name, job_title="pupil", dish="борщ")

    def edit(self, newcomer, edit):
        (number, ids), (system, field, choice) = newcomer, edit
        self.world[system].edit("person", ids[system], {field: value(field, choice, number)})

    def state(self, newcomer):
        """What all systems say of a client; of edits, which choice it was."""
        number, ids = newcomer
        choices = {field: {value(field, choice, number): choice for choice in range(9, -1, -1)} for field in FIELDS}
        said = {(name, field): self.world[name].person(ids[name]).get(field) for name in ids for field in FIELDS}
        return {(name, field): choices[field].get(raw, raw) for (name, field), raw in said.items()}

    def sync(self, bridge):
        self.world.now += timedelta(minutes=1)
        return bridge.sync(allow_large_change=True)


@few
@given(edits=disjoint_edits)
def test_disjoint_edits_commute_and_a_second_sync_writes_nothing(edits):
    """In one order, in the other, or in one batch: all systems say the same in the end, and stay so."""
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        forth, back, at_once = (town.newcomer() for _ in range(3))
        with town.world.bridge() as bridge:
            town.sync(bridge)
            for edit in edits:
                town.edit(at_once, edit)
            for one, other in zip(edits, reversed(edits), strict=True):
                town.edit(forth, one)
                town.edit(back, other)
                town.sync(bridge)

                assert 0 == town.sync(bridge).written
        told = town.state(forth)
        assert {(name, field): told["a", field] for name in "abc" for field in FIELDS} == told
        assert [told, told] == [town.state(back), town.state(at_once)]
        assert len(edits) == sum(isinstance(told["a", field], int) for field in FIELDS)


people = st.lists(
    st.tuples(
        *(st.sampled_from(["", *"abc", "ab", "ca", "bc", "abc"]) for _ in FIELDS), st.sampled_from(["ab", "abc", "ca"])
    ),
    min_size=1,
    max_size=4,
)


def told_by(folder, drawn, *, page_size=2, turned=False, prefix="m", systems="abc", idle=""):
    """Load ``drawn`` into new systems and sync: all records and cards, without ids and versions.

    Args:
        drawn: each client's fields, said by which systems; and in which systems the client is.
        turned: records were entered in the opposite order.
        prefix: of the records' ids.
        idle: a system more, with nobody in it.
    """
    folder.mkdir()
    capabilities = dict.fromkeys([*systems, *idle], capable(page_size=page_size))
    world = World(folder, systems=capabilities, create="b", store="sqlite:///bridge.db")
    for number in range(len(drawn), 0, -1) if turned else range(1, len(drawn) + 1):
        *said, there = drawn[number - 1]
        for name in there:
            fields = {
                field: value(field, "abc".index(name), number)
                for field, by in zip(FIELDS, said, strict=True)
                if name in by
            }
            world.person(name, number=number, last_name=f"Коваль{'абвгд'[number]}", id=f"{prefix}-{number}", **fields)
    world.settle()
    with world.bridge() as bridge:
        keys = [f"{name}.id={each['id']}" for name in systems for each in world[name].records("person")]
        clients = {bridge.lookup(identifier=key)[0]["id"] for key in keys}
        cards = [bridge.show(each)["client"] for each in clients]
    assert len(drawn) == len(cards)
    records = {name: sorted(map(_plain, world[name].records("person"))) for name in systems}
    return records, sorted(map(_plain, cards))


def _plain(record):
    return repr(sorted((name, said) for name, said in record.items() if name not in ("id", "version", "identifiers")))


@few
@given(drawn=people, page_size=st.sampled_from([1, 1000]), turned=st.booleans(), prefix=st.sampled_from(["m", "z9"]))
def test_page_size_order_of_entry_and_ids_change_nothing(drawn, page_size, turned, prefix):
    """Only who said it counts, not how it came or what the record is called."""
    with tempfile.TemporaryDirectory() as above:
        one = told_by(Path(above) / "one", drawn)

        other = told_by(Path(above) / "other", drawn, page_size=page_size, turned=turned, prefix=prefix)

    assert one == other


@few
@given(drawn=people)
def test_an_idle_system_more_changes_nothing(drawn):
    with tempfile.TemporaryDirectory() as above:
        assert told_by(Path(above) / "one", drawn) == told_by(Path(above) / "other", drawn, idle="d")
