"""More rows than Siebel gives to one query (SBL-DAT-00500), where ExecutionMode is not published."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.by_key import pages_by_id
from crm_bridge_siebel.changes import ChangeReader
from crm_bridge_siebel.conditions import AllOf, Compare, moment
from crm_bridge_siebel.faults import Fault, FaultClass, SiebelFaultError
from crm_bridge_siebel.narrowing import Narrowing, middle_of
from crm_bridge_siebel.query import Position
from crm_bridge_siebel.records import Answer

NOW = datetime(2026, 10, 20, tzinfo=UTC)


def holds(row, condition):
    match condition:
        case None:
            return True
        case Compare(name, operator, value, is_moment):
            a, b = (moment(row[name]), moment(value)) if is_moment else (row[name], value)
            return {"=": a == b, ">": a > b, ">=": a >= b, "<": a < b, "<=": a <= b}[operator]
        case AllOf(parts):
            return all(holds(row, part) for part in parts)
        case _:
            return any(holds(row, part) for part in condition.parts)


@dataclass
class Database:
    """Siebel's, as far as a query goes: it refuses one that finds more than ``limit`` rows, whatever its page."""

    rows: list
    limit: int
    asked: int = 0
    refused: int = 0
    sizes: list = field(default_factory=list)

    def __call__(self, query):
        self.asked += 1
        found = [row for row in self.rows if holds(row, query.searchspec)]
        if len(found) > self.limit:
            self.refused += 1
            raise SiebelFaultError(Fault(codes=("SBL-DAT-00500",), kind=FaultClass.TOO_MANY_ROWS))
        found.sort(
            key=lambda row: [moment(row[name]) if name == "Updated" else row[name] for name in query.sort],
            reverse=query.descending,
        )
        page = found[: query.page_size]
        last = Position(page[-1]["Updated"], page[-1]["Id"]) if page else None
        return Answer(tuple(dict(row) for row in page), (), len(found) <= query.page_size, last)


def rows(count, *, tie=False):
    return [
        {
            "Id": f"1-{number:05d}",
            "ModId": "0",
            "Updated": "10/20/2026 08:00:00"
            if tie
            else f"{1 + number % 12:02d}/15/{2000 + number % 26} 08:00:{number % 60:02d}",
        }
        for number in range(count)
    ]


def narrowing(database):
    return Narrowing(database, clock=lambda: NOW, where="contact", system="siebel")


@pytest.mark.parametrize("tie", [False, True])
def test_every_change_is_read_in_windows_that_fit(tie):
    """By halves of time; within a single second, by halves of the ids."""
    database = Database(rows(300, tie=tie), limit=40)
    reader = ChangeReader(
        narrowing(database), page_size=25, overlap_seconds=60, system="siebel", where="contact", zone="UTC"
    )

    pages = list(reader.pages(None))

    found = [record["Id"] for page in pages for record in page.records]
    assert sorted(row["Id"] for row in database.rows) == sorted(found)
    assert database.asked < 400, "the windows that fitted are kept for the next page"


def test_every_key_is_listed_in_windows_that_fit():
    """A list of keys knows no times: it is halved by ids."""
    database = Database(rows(300), limit=40)

    answers = pages_by_id(narrowing(database), None, page_size=25, where="contact", system="siebel")

    assert [row["Id"] for row in database.rows] == [row["Id"] for answer in answers for row in answer.records]


def test_a_second_drain_begins_at_the_beginning():
    """The windows kept of the first one are no bounds of the next."""
    database = Database(rows(100), limit=40)
    ask = narrowing(database)
    for _ in range(2):
        answers = pages_by_id(ask, None, page_size=25, where="contact", system="siebel")
        assert 100 == sum(len(answer.records) for answer in answers)


def test_it_ends_where_no_window_is_small_enough():
    """Then nothing but ExecutionMode helps, and that is said."""
    twins = [{"Id": "1-A", "ModId": "0", "Updated": "10/20/2026 08:00:00"}] * 3

    with pytest.raises(ConfigMistake, match="ExecutionMode"):
        list(pages_by_id(narrowing(Database(twins, limit=2)), None, page_size=25, where="contact", system="siebel"))


@pytest.mark.parametrize(("low", "high"), [(None, None), ("1-4X7Q", None), (None, "1-4X7Q"), ("1-4X7Q", "1-4X7R")])
def test_the_middle_of_two_ids_lies_between_them(low, high):
    """Else halving would not end."""
    middle = middle_of(low, high)

    assert (low or "") < middle
    assert high is None or middle < high


def test_a_service_without_execution_mode_is_read_whole(siebel, drain):
    """Over the wire."""
    siebel.load(30)
    siebel.simulator.configure(row_limit=8)
    wsdl = Path(str(files("crm_bridge_siebel"))) / "wsdl" / "contact_asi.wsdl"
    plain = siebel.folder / "contact.wsdl"
    text = wsdl.read_text(encoding="utf-8").replace('name="ExecutionMode"', 'name="SomethingElse"')
    plain.write_text(text, encoding="utf-8")
    connector = siebel.connector(wsdl={"contact": "contact.wsdl"}, page_size=4)

    pages, _ = drain(connector)

    assert 30 == len({record["Id"] for page in pages for record in page.records})
    assert [] == [finding for finding in connector.check() if "SBL-DAT-00500" in finding]
