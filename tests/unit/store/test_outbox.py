"""The outbox: one row for each client and system, and how long it has been waiting."""

import pytest
from stores import new_store

from crm_bridge.store import outbox
from crm_bridge.store.opening import open_database

MONDAY, FRIDAY = "2026-10-19T10:00:00.000000Z", "2026-10-23T10:00:00.000000Z"


@pytest.fixture
def connection(tmp_path):
    database = open_database(new_store(tmp_path), base_dir=tmp_path)
    with database.transaction() as connection:
        yield connection
    database.close()


def due(connection, now=FRIDAY):
    return outbox.due(connection, "a", now=now, limit=10)


def test_a_client_that_waits_already_stays_one_row(connection):
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    outbox.enqueue(connection, [("a", "c-1")], at=FRIDAY)

    assert [("c-1", MONDAY)] == [(row.client_id, row.since) for row in due(connection)]


def test_a_postponed_row_waits_for_its_time(connection):
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    [row] = due(connection)
    outbox.sending(connection, [row.id])
    outbox.postpone(connection, row.id, until=FRIDAY, attempts=1, reason="away")

    assert ([], 1) == (due(connection, MONDAY), due(connection)[0].attempts)


def test_a_postponed_row_stays_postponed_when_its_client_changes_again(connection):
    """It is due at once: the change may be what the system was waiting for."""
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    [row] = due(connection)
    outbox.sending(connection, [row.id])
    outbox.postpone(connection, row.id, until=FRIDAY, attempts=1, reason="away")
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)

    assert 1 == len(due(connection, MONDAY))


@pytest.mark.parametrize("state", ["dead", "held", "unknown"])
def test_a_parked_row_begins_to_wait_anew_with_the_next_change(connection, state):
    """Else the first failure of the new change would be given up at once: "tried 1 times over 72 hours"."""
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    [row] = due(connection)
    outbox.sending(connection, [row.id])
    outbox.park(connection, row.id, state=state, reason="refused")
    assert [] == due(connection)

    outbox.enqueue(connection, [("a", "c-1")], at=FRIDAY)

    assert [FRIDAY] == [row.since for row in due(connection)]


def test_a_change_that_comes_while_a_write_is_under_way_is_delivered_too(connection):
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    [row] = due(connection)
    outbox.sending(connection, [row.id])
    assert [] == due(connection)

    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    outbox.delivered(connection, [row.id])

    assert ["c-1"] == [row.client_id for row in due(connection)]


def test_what_was_under_way_when_the_run_was_stopped_is_due_again(connection):
    outbox.enqueue(connection, [("a", "c-1")], at=MONDAY)
    outbox.sending(connection, [row.id for row in due(connection)])

    outbox.release_held(connection, "a", now=MONDAY)

    assert 1 == len(due(connection, MONDAY))
