"""Dead letters: one for each cause of each record, counted."""

import pytest

from crm_bridge.store import letters
from crm_bridge.store.database import open_database
from crm_bridge.store.letters import Letter

AT = "2026-10-20T10:00:00.000000Z"


@pytest.fixture
def connection(tmp_path):
    database = open_database("sqlite:///bridge.db", base_dir=tmp_path)
    with database.transaction() as connection:
        yield connection
    database.close()


def letter(record_id="1", *, code="bad_date"):
    return Letter("map", "a", "person", record_id, code, "birth_date: not a date", path="birth_date")


def test_the_same_cause_of_the_same_record_stays_one_letter_with_a_count(connection):
    assert (1, 0) == tuple(letters.put(connection, [letter()], at=AT, run_id="r") for _ in range(2))
    assert [2] == [each["count"] for each in letters.listing(connection)]


def test_letters_are_grouped_by_cause_the_largest_first(connection):
    letters.put(connection, [letter("1"), letter("2"), letter("3", code="bad_phone")], at=AT, run_id="r")

    assert [("bad_date", 2), ("bad_phone", 1)] == [
        (each["code"], each["letters"]) for each in letters.groups(connection)
    ]


def test_a_closed_letter_is_opened_anew_by_the_same_cause(connection):
    letters.put(connection, [letter()], at=AT, run_id="r")
    letters.close_records(connection, "a", "person", ["1"], stages=("map",), at=AT)

    assert 1 == letters.put(connection, [letter()], at=AT, run_id="r")
