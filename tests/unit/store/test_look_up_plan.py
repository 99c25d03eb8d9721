"""Many values in one statement, on SQLite: looked up one by one in the index, never by reading the table."""

from crm_bridge.store import records
from crm_bridge.store.database import looked_up
from crm_bridge.store.opening import open_database
from crm_bridge.store.schema import match_keys


def test_the_keys_of_a_page_are_looked_up_in_the_index(tmp_path):
    """Also before SQLite knows how many rows there are: from the other side, each page would cost as much as all."""
    database = open_database("sqlite:///bridge.db", base_dir=tmp_path)
    with database.transaction() as connection:
        records.put_keys(database, connection, [("p:505550101", 1), ("p:505550101", 2), ("p:505550102", 3)])
        column = match_keys.c.key
        query = looked_up(connection, column, ["p:505550101", "p:505550109"], column, match_keys.c.record_pk)
        said = str(query.compile(connection))
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", ("[]",))]
        found = records.pks_by_key(connection, ["p:505550101", "p:505550109"])

    assert ["SEARCH match_keys USING PRIMARY KEY (key=?)"] == [step for step in steps if "match_keys" in step]
    assert {"p:505550101": [1, 2]} == found
    database.close()
