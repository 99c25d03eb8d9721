"""People, bulk loads and late commits go on while the poll reads: nothing is missed, by the other side's own record."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import Phase, example, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from crm_bridge_siebel.cursor import Seen

DIALECTS = ("ui_data_adapter", "asi")
STRINGS = {"ui_data_adapter": {}, "asi": {"dialect": "asi"}}
CHILDREN = {"contact": ["ListOfChild", "ListOfConsent"]}


def content(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says beside Siebel's own fields."""
    return {"title": record.get("JobTitle", ""), "children": named(record)}


def named(record: dict[str, Any]) -> list[str]:
    rows = record.get("ListOfChild", {}).get("Child", ())
    return sorted(row["FirstName"] for row in rows)


@dataclass
class Known:
    """What a reader has been told, as the bridge keeps it: the last word of each record, and the cursor."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    cursor: str | None = None

    def poll(self, connector: Any, between: Any = None) -> int:
        """Read to the end; ``between``: what happens behind each page. Gives how many records came."""
        count = 0
        for page in connector.read_changes("contact", self.cursor):
            assert not page.broken
            for record in page.records:
                self.records[record["Id"]] = content(record)
                count += 1
            self.cursor = page.cursor if page.cursor is not None else self.cursor
            if between is not None:
                between()
        return count


@pytest.fixture(params=DIALECTS)
def opened(request, siebel) -> Any:
    """A connector in each dialect, with small pages, that looks at child rows at each poll."""
    siebel.simulator.stop()
    knobs = {"child_touches_parent": False, **STRINGS[request.param]}
    siebel.simulator.configure(**knobs)
    siebel.settings = siebel.simulator.start()
    return lambda **more: siebel.connector(
        **{"page_size": 7, "overlap_seconds": 60, "children": CHILDREN, "children_seconds": 0, **more}
    )


class Office:
    """Everybody who works in Siebel, by chance; what was committed last is the simulator's own record."""

    def __init__(self, siebel: Any, ids: list[str], seed: int) -> None:
        self.siebel = siebel
        self.ids = list(ids)
        self.chance = random.Random(seed)
        self.late: list[tuple[datetime, str, str]] = []
        self.busy: set[str] = set()
        self.number = 0

    def __call__(self) -> None:
        """A few seconds of work; more often than not several changes within one second."""
        for _ in range(self.chance.randint(0, 3)):
            self._one()
        self.siebel.clock.move(self.chance.choice([0, 0, 1, 20]))
        for due, row_id, name in [each for each in self.late if each[0] <= self.siebel.clock.now]:
            self.late.remove((due, row_id, name))
            self.busy.discard(row_id)
            self.siebel.simulator.commit(name)

    def finish(self) -> None:
        """Whoever still has a transaction open commits it."""
        for _, _, name in self.late:
            self.siebel.simulator.commit(name)
        self.late.clear()

    def _one(self) -> None:
        simulator = self.siebel.simulator
        self.number += 1
        row_id = self.chance.choice([each for each in self.ids if each not in self.busy])
        change = {"JobTitle": f"посада {self.number}"}
        match self.chance.randint(0, 5):
            case 0:
                simulator.edit("contact", row_id, change)
            case 1:
                simulator.bulk("contact", row_id, change)
            case 2:
                name = simulator.begin("contact", row_id, change)
                due = self.siebel.clock.now.timestamp() + self.chance.randint(0, 45)
                self.late.append((datetime.fromtimestamp(due, UTC), row_id, name))
                self.busy.add(row_id)
            case 3 | 4:
                held = self.siebel.held(row_id).get("ListOfChild", {}).get("Child", [])
                rows = [*held, {"FirstName": f"Дитина{self.number}"}][self.chance.randint(0, 1) :]
                simulator.edit("contact", row_id, {"ListOfChild": {"Child": rows}})
            case 5:
                self.ids += simulator.load("contact", [{"LastName": "Новий", "JobTitle": f"посада {self.number}"}])


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_missed_while_everybody_works(opened, siebel, seed):
    """Ties, late commits, bulk writes, child rows alone, new records: all arrive, whenever they were made."""
    connector = opened()
    office = Office(siebel, siebel.load(30), seed)
    known = Known()
    for _ in range(6):
        known.poll(connector, between=office)
        office()
    office.finish()
    siebel.clock.move(1)

    known.poll(connector)

    assert {row["Id"]: content(row) for row in siebel.simulator.records("contact")} == known.records
    assert 0 == known.poll(connector), "what was told is told again"


@pytest.mark.parametrize(("before", "after"), [("Europe/Kyiv", "UTC"), ("UTC", "Europe/Kyiv"), ("UTC", "Asia/Tokyo")])
def test_a_changed_zone_of_the_integration_user_hides_nothing(opened, siebel, before, after):
    """An administrator corrects the user's profile between two polls: the watermark stands for another hour."""
    siebel.simulator.configure(time_zone=before)
    connector, known = opened(), Known()
    first, *_ = siebel.load(20)
    known.poll(connector)
    siebel.clock.move(600)
    siebel.simulator.configure(time_zone=after)
    siebel.simulator.edit("contact", first, {"JobTitle": "лікарка"})

    known.poll(connector)

    assert "лікарка" == known.records[first]["title"]


@pytest.mark.parametrize("declared", ["UTC", "Europe/Kyiv"])
def test_the_hour_that_comes_twice_is_read_twice(opened, siebel, declared):
    """On the night when clocks go back, local times run over the same hour again, in more rows than fit a page."""
    siebel.simulator.configure(time_zone="Europe/Kyiv")
    siebel.clock.now = datetime(2026, 10, 25, 0, 5, tzinfo=UTC)  # 03:05, for the first time
    connector, known = opened(user_time_zone=declared), Known()
    ids = siebel.load(10)
    for minutes in range(0, 120, 8):
        known.poll(connector)
        for row_id in ids:
            siebel.simulator.edit("contact", row_id, {"JobTitle": f"посада {minutes}"})
            siebel.clock.move(48)

    known.poll(connector)

    assert {"посада 112"} == {record["title"] for record in known.records.values()}


def test_a_deleted_child_row_alone_is_found(opened, siebel):
    """Nothing is newer than before: only the fingerprint tells."""
    (row_id, *_) = siebel.load(5, ListOfChild={"Child": [{"FirstName": "Марко"}, {"FirstName": "Олена"}]})
    connector, known = opened(), Known()
    known.poll(connector)
    held = siebel.held(row_id)["ListOfChild"]["Child"]
    siebel.simulator.edit("contact", row_id, {"ListOfChild": {"Child": held[1:]}})

    known.poll(connector)

    assert ["Олена"] == known.records[row_id]["children"]


def test_child_rows_are_looked_at_no_more_often_than_wished(opened, siebel):
    """Between two looks a change of child rows alone waits."""
    (row_id,) = siebel.load(1)
    connector, known = opened(children_seconds=900), Known()
    known.poll(connector)
    siebel.simulator.edit("contact", row_id, {"ListOfChild": {"Child": [{"FirstName": "Марко"}]}})

    assert 0 == known.poll(connector)


def test_a_late_commit_behind_a_long_first_drain_is_found(siebel):
    """The drain goes on for an hour after the transaction began: the next poll looks back to where the drain began."""
    ids = siebel.load(20)
    siebel.clock.move(10)
    begun = siebel.simulator.begin("contact", ids[0], {"JobTitle": "лікарка"})
    connector, known = siebel.connector(page_size=5, overlap_seconds=60), Known()

    def meanwhile() -> None:
        siebel.clock.move(30)
        if len(known.records) < 40:
            siebel.simulator.load("contact", [{"LastName": "Новий"}] * 5)

    known.poll(connector, between=meanwhile)
    siebel.simulator.commit(begun)

    known.poll(connector)

    assert "лікарка" == known.records[ids[0]]["title"]


def test_a_strange_container_is_a_mistake_in_the_configuration(siebel):
    """A misspelt name would look at nothing, silently."""
    connector = siebel.connector(children={"contact": ["ListOfChildren"]})

    with pytest.raises(Exception, match="ListOfChildren"):
        next(iter(connector.read_changes("contact", None)))


_ALONE = st.tuples(
    st.sampled_from(["edit", "bulk", "begin", "commit", "child", "poll", "page"]),
    st.integers(0, 5),
    st.sampled_from([0, 0, 1, 20]),
)


@st.composite
def _behind_the_watermark(draw: Any) -> list[tuple[str, int, int]]:
    """What a reader finds hard: a transaction that ends behind a poll, or an edit within the second that was read."""
    late, other = draw(st.permutations(range(6)))[:2]
    soon, later = st.sampled_from([0, 1]), st.sampled_from([0, 1, 20])
    if draw(st.booleans()):
        return [("edit", late, 0), ("poll", 0, 0), (draw(st.sampled_from(["edit", "bulk"])), late, draw(soon))]
    return [
        ("poll", 0, draw(soon)),
        ("begin", late, 1),
        ("edit", other, draw(soon)),
        *[("poll", 0, 0)] * draw(st.integers(1, 2)),
        ("commit", late, draw(later)),
        ("edit", other, draw(soon)),
    ]


_WORK = st.lists(_ALONE.map(lambda step: [step]) | _behind_the_watermark(), min_size=3, max_size=20).map(
    lambda parts: [step for part in parts for step in part]
)


# A late commit, behind polls after which nothing is looked at again for its own sake.
_LATE = [
    *[("poll", 0, 1), ("edit", 1, 1), ("poll", 0, 1)],
    *[("begin", 0, 1), ("edit", 1, 1), ("poll", 0, 0), ("commit", 0, 20), ("edit", 2, 20)],
]


def _missed(connector: Any, siebel: Any, work: list[tuple[str, int, int]]) -> dict[str, Any]:
    """What a reader has not been told at the end of this work, in which no transaction lasts for a minute."""
    ids, known = siebel.load(6), Known()
    begun: dict[str, tuple[str, datetime]] = {}
    pages = iter(connector.read_changes("contact", None))

    def commit(row_id: str) -> None:
        siebel.simulator.commit(begun.pop(row_id)[0])

    for number, (what, which, seconds) in enumerate([*work, ("poll", 0, 0)]):
        row_id, change = ids[which], {"JobTitle": f"посада {number}"}
        if what in {"edit", "bulk", "child"} and row_id not in begun:
            rows = {"ListOfChild": {"Child": [{"FirstName": f"Дитина{number}"}]}}
            act = siebel.simulator.bulk if what == "bulk" else siebel.simulator.edit
            act("contact", row_id, rows if what == "child" else change)
        elif what == "begin" and row_id not in begun:
            begun[row_id] = (siebel.simulator.begin("contact", row_id, change), siebel.clock.now)
        elif what == "commit" and row_id in begun:
            commit(row_id)
        elif what in {"page", "poll"}:  # one page, then others go on working; or all that there are
            for page in pages:
                known.records |= {record["Id"]: content(record) for record in page.records}
                known.cursor = page.cursor or known.cursor
                if what == "page":
                    break
            else:
                pages = iter(connector.read_changes("contact", known.cursor))
        siebel.clock.move(seconds)
        for row_id, (_, at) in list(begun.items()):
            if (siebel.clock.now - at).total_seconds() > 40:
                commit(row_id)
    for row_id in list(begun):
        commit(row_id)
    siebel.clock.move(1)
    known.poll(connector)
    known.poll(connector)
    held = {row["Id"]: content(row) for row in siebel.simulator.records("contact")}
    return {row_id: said for row_id, said in held.items() if known.records.get(row_id) != said}


def _fresh(siebel: Any) -> None:
    for row in siebel.simulator.records("contact"):
        siebel.simulator.remove("contact", row["Id"])


@pytest.mark.parametrize("zone", ["UTC", "Europe/Kyiv"])
def test_no_order_of_work_hides_a_change(siebel, zone):
    """Ties, late commits, child rows alone, half-drained polls, as Hypothesis orders them, round a change of clocks."""
    siebel.simulator.configure(time_zone=zone, child_touches_parent=False)
    connector = siebel.connector(
        page_size=2, overlap_seconds=60, children=CHILDREN, children_seconds=0, user_time_zone=zone
    )

    @settings(max_examples=25, deadline=None, database=None)
    @given(work=_WORK)
    @example(work=_LATE)
    def holds(work: list[tuple[str, int, int]]) -> None:
        _fresh(siebel)
        siebel.clock.now = datetime(2026, 10, 25, 0, 58, 50, tzinfo=UTC)
        assert _missed(connector, siebel, work) == {}

    holds()


def test_this_would_be_noticed_without_the_overlap(siebel):
    """The proof that the check can fail: a reader that does not look back misses a late commit."""
    blind = siebel.connector(page_size=2, overlap_seconds=0, children={})
    missed = _missed(blind, siebel, _LATE)
    _fresh(siebel)
    seeing = siebel.connector(page_size=2, overlap_seconds=60, children={})

    assert 1 == len(missed)
    assert _missed(seeing, siebel, _LATE) == {}


def _found(siebel: Any, *, overlap_seconds: int) -> bool:
    """Whether the random search, without an example to begin with, finds work that this reader misses something of."""

    connector = siebel.connector(page_size=2, overlap_seconds=overlap_seconds, children=CHILDREN, children_seconds=0)

    def missed(work: list[tuple[str, int, int]]) -> bool:
        _fresh(siebel)
        siebel.clock.now = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)
        return bool(_missed(connector, siebel, work))

    try:
        find(_WORK, missed, settings=settings(max_examples=50, deadline=None, database=None, phases=[Phase.generate]))
    except NoSuchExample:
        return False
    return True


def test_the_search_alone_finds_a_reader_that_does_not_look_back(siebel):
    """A mutation: no overlap."""
    assert _found(siebel, overlap_seconds=0)


def test_the_search_alone_finds_a_reader_that_takes_no_notice_of_versions(siebel, monkeypatch):
    """A mutation: what has the Id and the second of a record that was given counts as given."""
    monkeypatch.setattr(
        Seen, "knows", lambda self, updated, row_id, _version: row_id in self.by_second.get(updated, {})
    )

    assert _found(siebel, overlap_seconds=60)
