"""A sync that finds nothing to do asks the store for what it needs, and reads no table of records from end to end."""

import pytest
from memory_world import World
from sqlalchemy import Engine, event
from stores import ON_POSTGRESQL

LARGE = ("source_records", "clients", "match_keys", "links", "history")


def is_dear(step, statement):
    """Whether a step of SQLite's plan goes through a large table, or counts a system's part of it."""
    if not any(table in step.split() for table in LARGE):
        return False
    greatest = "max(source_records.seq)" in statement and "USING" not in step
    return step.startswith("SCAN") or greatest or "count(" in statement


@pytest.mark.skipif(ON_POSTGRESQL, reason="it reads the plan of SQLite; PostgreSQL plans by its statistics")
def test_a_sync_without_changes_reads_no_large_table_from_end_to_end(tmp_path):
    """Or else its cost grows with the number of clients, whatever the systems filter by."""
    world = World(tmp_path)
    for number in range(1, 4):
        world.person("a", "b", number=number, last_name=f"Коваль{number}")
    world.settle()

    asked, dear = [], set()

    def explain(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT"):
            asked.append(statement)
            steps = [row[3] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            dear.update(statement for step in steps if is_dear(step, statement))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        world.sync()
    finally:
        event.remove(Engine, "before_cursor_execute", explain)

    assert len(asked) > 10
    assert set() == dear
