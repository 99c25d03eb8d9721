"""Many values in one statement, on a PostgreSQL that has no statistics of the table yet, as in a first load."""

from pathlib import Path

from sqlalchemy import text
from stores import new_database

from crm_bridge.store import records
from crm_bridge.store.opening import open_database

ROWS, ASKED = 20_000, 5_000


def test_the_keys_of_a_page_are_found_at_once_while_a_first_load_fills_the_table():
    """The list was parsed anew for each row of the table: seconds a page, and more with each page."""
    database = open_database(new_database(), base_dir=Path())
    with database.transaction() as connection:
        records.put_keys(database, connection, [(f"phone:+38050{number:07d}", number) for number in range(ROWS)])
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '3s'"))

        found = records.pks_by_key(connection, [f"phone:+38050{number:07d}" for number in range(0, 2 * ASKED, 2)])

    assert len(found) == ASKED
    database.close()
