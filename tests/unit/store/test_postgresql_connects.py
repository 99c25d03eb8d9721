"""What a PostgreSQL server says when it lets us in or not, by what to do next."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from stores import bare_database, execute, server, url_of

from crm_bridge.errors import BridgeError, ConfigMistake, StoreAway
from crm_bridge.store.opening import open_database
from crm_bridge.store.postgresql import not_connected


def opening(url: str) -> BridgeError:
    with pytest.raises(BridgeError) as caught:
        open_database(url, base_dir=Path()).close()
    return caught.value


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (lambda: url_of("nowhere"), 'database "nowhere" does not exist'),
        (lambda: bare_database().replace("postgres@", "nobody@"), 'role "nobody" does not exist'),
    ],
    ids=["database", "role"],
)
def test_a_server_that_does_not_let_us_in_is_a_mistake_of_the_configuration(url, told):
    """Not an outage: trying again would never end."""
    error = opening(url())

    assert isinstance(error, ConfigMistake)
    assert told in error.message


def test_a_login_that_may_not_make_tables_is_told_so():
    """The public schema is nobody's but its owner's."""
    url = bare_database()
    execute("DROP ROLE IF EXISTS weak")
    execute("CREATE ROLE weak LOGIN")

    error = opening(url.replace("postgres@", "weak@"))

    assert isinstance(error, ConfigMistake)
    assert "needs to create and own tables" in error.message


def test_a_server_that_is_not_there_is_away(tmp_path):
    """No socket, nobody behind it."""
    server()

    assert isinstance(opening(f"postgresql://postgres@/nowhere?host={tmp_path}"), StoreAway)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('FATAL:  password authentication failed for user "b"', ConfigMistake),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.7", user "b", database "b", no encryption', ConfigMistake),
        ("SSL error: certificate verify failed", ConfigMistake),
        ("FATAL:  sorry, too many clients already", StoreAway),
        ("FATAL:  the database system is starting up", StoreAway),
        ("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?", StoreAway),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_is_told_from_an_outage_by_the_servers_words(said, kind):
    """libpq keeps no code of a connection that was not made."""
    assert kind is type(not_connected(f'connection failed: connection to server at "db", port 5432 failed: {said}'))


def test_what_the_address_asks_of_a_connection_is_done():
    """Beside what we ask ourselves: a schema of its own for each of two bridges in one database."""
    url = bare_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA north")

    database = open_database(f"{url}&options=-csearch_path%3Dnorth&application_name=mine", base_dir=Path())

    with database.reading() as connection:
        asked = (
            "SELECT current_setting('application_name'), current_setting('lock_timeout'), to_regclass('north.clients')"
        )
        assert ("mine", "30s", "clients") == tuple(connection.exec_driver_sql(asked).one())
    with database.sandbox() as copy, copy.reading() as connection:
        assert "north" == connection.exec_driver_sql("SELECT current_schema()").scalar_one()
    database.close()


def test_the_how_to_quotes_what_is_said():
    """What a user searches the page for is what the command printed."""
    page = (Path(__file__).resolve().parents[3] / "docs/how-to/use-postgresql.md").read_text(encoding="utf-8")

    for said in ("FATAL:  sorry, too many clients already", 'FATAL:  database "b" does not exist'):
        assert f"`{not_connected(said).message.partition(';')[0].partition(' (')[0]}" in page
