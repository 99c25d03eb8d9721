"""Opening the store, and what holds of every transaction."""

import stat
from contextlib import suppress

import pytest

from crm_bridge.errors import ConfigMistake, Locked
from crm_bridge.store import clients, runs
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.opening import open_database
from crm_bridge.store.runs import Cursor
from crm_bridge.store.sqlite import integrity

AT = "2026-10-20T10:00:00.000000Z"


@pytest.fixture
def database(tmp_path):
    database = open_database("sqlite:///bridge.db", base_dir=tmp_path)
    yield database
    database.close()


def cursor(database):
    with database.reading() as connection:
        return runs.cursor(connection, "a", "person").cursor


def test_a_new_store_has_the_present_schema_and_is_sound(database):
    with database.reading() as connection:
        assert "ok" == integrity(connection)
    assert database.schema_version()


def test_an_acknowledged_commit_survives_a_power_cut(synced_stores, database):
    """WAL with synchronous=FULL: with NORMAL, acknowledged commits were lost in half of the simulated power cuts."""
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }

    assert {"journal_mode": "wal", "synchronous": 2} == pragmas


@pytest.mark.parametrize("shared", ["plain", 'it\'s ?, %s, :name, "x" and -- \\', "Оксана\n", "", "a\0b", "1", None])
@pytest.mark.parametrize("several", [False, True])
def test_what_many_rows_share_is_stored_as_it_is(database, shared, several):
    """SQLite has such a value in its statement; whatever it is, each row holds it."""
    rows = [StoredClient(f"c-{at:03}", 7, b"{}", "then", "now", shared) for at in range(150)]
    if several:
        rows[149] = rows[149]._replace(version=8, card=b"{ }", replaced_by="another")
    with database.transaction() as connection:
        clients.insert_all(database, connection, rows)
    with database.reading() as connection:
        found = clients.get_all(connection, [row.id for row in rows])

    assert rows == [found[row.id] for row in rows]


def test_a_transaction_that_raises_leaves_nothing(database):
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:  # noqa: PT012  # the transaction is the subject
        runs.move_cursor(connection, "a", "person", Cursor("7"), at=AT)
        1 / 0  # noqa: B018  # raises

    assert cursor(database) is None


def test_in_a_sandbox_everything_works_and_nothing_stays(database):
    with database.sandbox() as sandbox:
        with sandbox.transaction() as connection:
            runs.move_cursor(connection, "a", "person", Cursor("7"), at=AT)
        inside = cursor(sandbox)

    assert ("7", None) == (inside, cursor(database))


def test_a_sandbox_keeps_nobody_waiting(database, tmp_path):
    """Others own the store and write while somebody plans; the plan goes on with what it saw."""
    with database.sandbox() as sandbox:
        with sandbox.transaction() as connection:
            runs.move_cursor(connection, "a", "person", Cursor("7"), at=AT)
        with database.owned(), database.transaction() as connection:
            runs.move_cursor(connection, "a", "person", Cursor("8"), at=AT)
        inside = cursor(sandbox)

    assert ("7", "8") == (inside, cursor(database))


@pytest.mark.parametrize("end", [None, KeyboardInterrupt, ZeroDivisionError])
def test_no_file_is_left_of_a_sandbox(database, tmp_path, end):
    """Nor is there one to be read by others while it is used: it is deleted as soon as it is open."""
    before = sorted(each.name for each in tmp_path.iterdir())

    with suppress(KeyboardInterrupt, ZeroDivisionError), database.sandbox() as sandbox:
        assert cursor(sandbox) is None
        during = sorted(each.name for each in tmp_path.iterdir())
        if end is not None:
            raise end

    assert (before, before) == (during, sorted(each.name for each in tmp_path.iterdir()))


def test_a_step_within_a_step_is_part_of_it(database):
    with database.sandbox() as sandbox:
        with pytest.raises(ZeroDivisionError), sandbox.transaction():  # noqa: PT012  # as above
            with sandbox.transaction() as inner:
                runs.move_cursor(inner, "a", "person", Cursor("7"), at=AT)
            assert "7" == cursor(sandbox)
            1 / 0  # noqa: B018  # raises

        assert cursor(sandbox) is None


def test_a_failed_step_in_a_sandbox_leaves_the_steps_before(database):
    with database.sandbox() as sandbox:
        with sandbox.transaction() as connection:
            runs.move_cursor(connection, "a", "person", Cursor("7"), at=AT)
        with pytest.raises(ZeroDivisionError), sandbox.transaction() as connection:  # noqa: PT012  # as above
            runs.move_cursor(connection, "a", "person", Cursor("8"), at=AT)
            1 / 0  # noqa: B018  # raises

        assert "7" == cursor(sandbox)


def test_a_store_has_one_owner_at_a_time(database, tmp_path):
    other = open_database("sqlite:///bridge.db", base_dir=tmp_path)
    with database.owned(), pytest.raises(Locked, match="another crm-bridge"), other.owned():
        pass
    with other.owned():
        pass
    other.close()


def test_the_store_is_its_owners_alone(database, tmp_path):
    assert 0 == stat.S_IMODE((tmp_path / "bridge.db").stat().st_mode) & 0o077


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://"])
def test_an_address_that_is_not_a_file_is_a_mistake_of_the_configuration(tmp_path, url):
    with pytest.raises(ConfigMistake):
        open_database(url, base_dir=tmp_path)
