"""Dead letters: one for each cause of each record, counted."""

from dataclasses import replace

import pytest
from sqlalchemy import event
from stores import ON_POSTGRESQL, new_store

from crm_bridge.store import causes, letters
from crm_bridge.store.letters import Letter
from crm_bridge.store.opening import open_database

AT = "2026-10-20T10:00:00.000000Z"


@pytest.fixture
def connection(tmp_path):
    database = open_database(new_store(tmp_path), base_dir=tmp_path)
    with database.transaction() as connection:
        yield connection
    database.close()


def letter(record_id="1", *, code="bad_date"):
    return Letter("map", "a", "person", record_id, code, "birth_date: not a date", path="birth_date")


def test_the_same_cause_of_the_same_record_stays_one_letter_with_a_count(connection):
    assert (1, 0) == tuple(letters.put(connection, [letter()], at=AT, run_id="r") for _ in range(2))
    assert [2] == [each["count"] for each in causes.page(connection, causes.EVERY, after=0, limit=9)]


def test_letters_are_grouped_by_cause_the_largest_first(connection):
    letters.put(connection, [letter("1"), letter("2"), letter("3", code="bad_phone")], at=AT, run_id="r")

    assert [("bad_date", 2), ("bad_phone", 1)] == [
        (each["code"], each["letters"]) for each in causes.groups(connection)
    ]


def test_a_closed_letter_is_opened_anew_by_the_same_cause(connection):
    letters.put(connection, [letter()], at=AT, run_id="r")
    letters.close_records(connection, "a", "person", ["1"], stages=("map",), at=AT)

    assert 1 == letters.put(connection, [letter()], at=AT, run_id="r")


def told(connection, *keys, system="a"):
    return letters.sharing(connection, system, keys)


def test_an_open_letter_is_found_by_any_of_its_keys_in_its_system_alone(connection):
    letters.put(connection, [replace(letter(), keys=("p:1", "e:a@example.com"))], at=AT, run_id="r")

    assert [("p:1", 1)] == told(connection, "p:1", "p:2")
    assert [] == told(connection, "p:1", system="b")


def test_a_letter_is_found_by_what_its_record_says_now_and_not_once_it_is_closed(connection):
    letters.put(connection, [replace(letter(), keys=("p:1",))], at=AT, run_id="r")
    letters.put(connection, [replace(letter(), keys=("p:2",))], at=AT, run_id="r")
    assert ([], [("p:2", 1)]) == (told(connection, "p:1"), told(connection, "p:2"))

    letters.close(connection, [1], state="discarded", by="Olha", reason="a test", at=AT)
    assert [] == told(connection, "p:2")


@pytest.mark.skipif(ON_POSTGRESQL, reason="it reads the plan of SQLite; PostgreSQL plans by its statistics")
def test_looking_for_keys_that_no_letter_has_never_touches_the_letters(connection):
    """However many are open: a join would go through all of them for every batch of creates."""
    letters.put(connection, [replace(letter(), keys=("p:1",))], at=AT, run_id="r")
    statements = []
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2:4]))
    told(connection, "p:2")

    [(sql, parameters)] = statements
    steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    assert "SEARCH letter_keys USING PRIMARY KEY (key=?)" in steps
    assert [] == [step for step in steps if "dead_letters" in step]


def test_of_a_page_only_its_own_open_letters_are_looked_up(connection):
    """However many letters the kind has: a first load of a bad source leaves a million."""
    letters.put(connection, [letter("1"), letter("1", code="bad_phone"), letter("2"), letter("3")], at=AT, run_id="r")
    letters.close(connection, [3], state="discarded", by="Anna", reason="a test row", at=AT)

    assert {"1"} == letters.open_records(connection, "a", "person", ["1", "2", "7"])
    assert set() == letters.open_records(connection, "b", "person", ["1", "2", "7"])
    assert set() == letters.open_records(connection, "a", "person", [])


@pytest.mark.skipif(ON_POSTGRESQL, reason="reads SQLite's plan")
def test_the_look_up_for_a_page_is_answered_by_an_index(connection):
    letters.put(connection, [letter("1")], at=AT, run_id="r")
    asked = []
    event.listen(connection, "before_cursor_execute", lambda c, cu, statement, p, co, m: asked.append((statement, p)))

    letters.open_records(connection, "a", "person", ["1"])

    plans = [
        row[-1]
        for statement, given in list(asked)
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
    ]
    assert [] == [line for line in plans if line.startswith("SCAN dead_letters")]
    assert any("dead_letters_open (state=? AND system=? AND kind=? AND record_id=?)" in line for line in plans)
