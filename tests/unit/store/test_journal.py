"""The journal of writes: which of them nobody has settled, asked for without reading the others."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from stores import ON_POSTGRESQL, new_store

from crm_bridge.store import journal
from crm_bridge.store.journal import Intent
from crm_bridge.store.opening import open_database

AT = "2026-10-19T10:00:00.000000Z"
WRITES = (
    ("create-b", "b", "person", "create", "open"),
    ("create-a", "a", "person", "create", "unknown"),
    ("create-second", "a", "second", "create", "open"),
    ("done", "a", "person", "create", "accepted"),
    ("update", "a", "person", "update", "open"),
)


@pytest.fixture
def connection(tmp_path):
    database = open_database(new_store(tmp_path), base_dir=tmp_path)
    with database.transaction() as connection:
        rows = [
            Intent(name, system, kind, operation, None, f"client of {name}", {"full": name}, f"{AT}{number}")
            for number, (name, system, kind, operation, _) in enumerate(WRITES)
        ]
        journal.record(connection, rows)
        settled = [(name, state, "") for name, *_, state in WRITES if state != "open"]
        journal.settle(connection, settled, at=AT)
        yield connection
    database.close()


@pytest.mark.parametrize(
    ("of", "names"),
    [
        ({}, ["create-b", "create-a", "create-second"]),
        ({"system": "a"}, ["create-a", "create-second"]),
        ({"system": "a", "kind": "person"}, ["create-a"]),
    ],
)
def test_creates_that_nobody_has_settled_are_read_alone(connection, monkeypatch, of, names):
    """Whatever else is on its way: its requests are large, and this is asked for every page and batch."""
    read = []
    loads = journal.orjson.loads
    monkeypatch.setattr(journal.orjson, "loads", lambda text: read.append(loads(text)) or read[-1])

    found = journal.open_creates(connection, **of)

    assert names == [each.id for each in found]
    assert [{"full": name} for name in names] == read


def test_systems_cut_off_in_a_create_are_named_without_what_was_sent(connection):
    assert {"a", "b"} == journal.cut_off_in_creates(connection)


@pytest.mark.skipif(ON_POSTGRESQL, reason="it reads the plan of SQLite; PostgreSQL plans by its statistics")
def test_the_journal_is_not_read_from_end_to_end(connection):
    """It holds every write that was ever made."""
    steps = []

    def explain(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT"):
            steps.extend(row[3] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(connection.engine, "before_cursor_execute", explain)
    journal.open_creates(connection)
    journal.open_creates(connection, system="a", kind="person")
    journal.cut_off_in_creates(connection)
    event.remove(connection.engine, "before_cursor_execute", explain)

    assert [] == [step for step in steps if step.startswith("SCAN")]
    assert 3 == sum("intents_state" in step for step in steps)
