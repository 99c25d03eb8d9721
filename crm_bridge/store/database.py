"""Opening the store: pragmas, migrations, the single owner, transactions.

SQLite runs with WAL, ``synchronous=FULL`` (an acknowledged commit survives a power cut) and ``BEGIN IMMEDIATE`` (a
writer waits at the start instead of failing in the middle).
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from crm_bridge.errors import ConfigMistake, Locked, RetryLater, StopRun
from crm_bridge.store import migrate

BUSY_TIMEOUT_MS = 30_000
CHECKPOINT_PAGES = 16_000  # the default of 1,000 slows a first load down; see docs/explanation/performance.md


class Database:
    """One open store. Thread-safe: each transaction takes its own connection."""

    def __init__(self, engine: Engine, *, lock_file: Path | None = None) -> None:
        self._engine = engine
        self._lock_file = lock_file
        self._lock: int | None = None
        self._insert_sql: dict[tuple[str, tuple[str, ...]], str] = {}

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing. Commits at the end, rolls back on any exception."""
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view, which never waits for a writer."""
        with self._translated(), self._engine.connect().execution_options(reading=True) as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def sandbox(self) -> Iterator[Database]:
        """A private copy as of now, in which everything works and nothing stays: for plans. Nobody waits for it.

        It lies in a temporary file without a name: closed or killed, nothing is left of it. SQLite chooses the
        directory (``SQLITE_TMPDIR``, else ``/var/tmp``), which needs room for the whole store.
        """
        with self._translated(), closing(sqlite3.connect("", check_same_thread=False)) as copy:
            with self._engine.connect().execution_options(reading=True) as connection:
                source = connection.connection.driver_connection
                if not isinstance(source, sqlite3.Connection):
                    raise TypeError("the store is not SQLite's")
                source.backup(copy)
            engine = create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
            with engine.connect() as connection:
                yield _Sandbox(engine, connection)

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the only process that writes.

        Raises:
            Locked: another one is.
        """
        if self._lock_file is None or self._lock is not None:
            yield
            return
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise Locked(
                f"another crm-bridge works on this store ({self._lock_file.name}); try again when it has finished"
            ) from error
        self._lock = handle
        try:
            yield
        finally:
            self._lock = None
            os.close(handle)

    def insert_many(
        self, connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert ``rows``, with values in the order of ``columns``, by the driver's ``executemany``: the hot path."""
        if rows:
            connection.exec_driver_sql(self._insert(table, columns), rows if isinstance(rows, list) else list(rows))

    def _insert(self, table: Table, columns: tuple[str, ...]) -> str:
        key = (table.name, columns)
        if key not in self._insert_sql:
            marks = ", ".join("?" for _ in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            self._insert_sql[key] = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608  # names come from our own tables
        return self._insert_sql[key]

    def next_number(self, connection: Connection, column: ColumnElement[int]) -> int:
        """One more than the greatest in ``column``. The single writer may count on from there by itself."""
        return int(connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()) + 1

    def schema_version(self) -> str | None:
        """The migration that this store is at."""
        with self.reading() as connection:
            return migrate.version_of(connection)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise _translate(error) from error
        except DatabaseError as error:
            if isinstance(error.orig, sqlite3.DatabaseError) and "malformed" in str(error.orig):
                raise StopRun("the store file is damaged; restore the last backup and keep the damaged file") from error
            raise


class _Sandbox(Database):
    """The same over one connection of its own: what is begun inside a transaction is part of it."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        super().__init__(engine)
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        begun = self._connection.in_transaction()
        with self._connection.begin_nested() if begun else self._connection.begin():
            yield self._connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with nullcontext() if self._connection.in_transaction() else self._connection.begin():
            yield self._connection

    @contextmanager
    def sandbox(self) -> Iterator[Database]:
        yield self

    def close(self) -> None:
        """Whoever made the copy closes it."""


def _translate(error: OperationalError) -> Exception:
    """SQLite's operational errors, by what to do next."""
    said = str(error.orig)
    if "locked" in said or "busy" in said:
        return Locked(f"the store stayed locked for {BUSY_TIMEOUT_MS // 1000} s; is another program holding it open?")
    if "full" in said:
        return RetryLater("the disk or the store is full; nothing was half written, make room and run again")
    if "unable to open" in said:
        return ConfigMistake("the store file cannot be opened; check the directory and its permissions")
    return RetryLater(f"the store cannot be used now ({said}); nothing was half written")


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """``column`` is one of ``values``: one parameter, however many they are."""
    listed = func.json_each(orjson.dumps(list(values)).decode()).table_valued("value")
    return column.in_(select(listed.c.value))


def open_database(url: str, *, base_dir: Path, migrate_now: bool = True) -> Database:
    """Open, and bring to the present schema, the store at ``url`` (``sqlite:///bridge.db``; relative to ``base_dir``).

    Raises:
        ConfigMistake: an address that is not understood, or a store written by a newer crm-bridge.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise ConfigMistake(f"bridge.store: {parsed.get_backend_name()!r} is not supported; use sqlite:///FILE")
    path = base_dir / parsed.database if parsed.database else None
    if path is None:
        raise ConfigMistake("bridge.store: name a file, such as sqlite:///bridge.db")
    _make_private(path)
    engine = create_engine(parsed.set(database=str(path)), connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    database = Database(engine, lock_file=path.with_name(path.name + ".lock"))
    if migrate_now:
        with database.reading() as connection:
            state = migrate.state_of(connection)
        if state is not migrate.State.CURRENT:
            with database.owned(), database.transaction() as connection:
                migrate.upgrade(connection)
    return database


def _make_private(path: Path) -> None:
    """The store holds personal data: nobody but its owner reads it. SQLite gives its side files the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigMistake(
            f"the store file {path.name} cannot be opened ({error.strerror}); check its directory and rights"
        ) from error


def _prepare(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by us, below
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"wal_autocheckpoint={CHECKPOINT_PAGES}",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def upsert(connection: Connection, table: Table, row: Mapping[str, Any], *, on: Sequence[str]) -> None:
    """Insert ``row``, or update the one with the same ``on`` columns."""
    changed = connection.execute(
        table.update().where(*(table.c[name] == row[name] for name in on)).values(**row)
    ).rowcount
    if not changed:
        connection.execute(insert(table).values(**row))


def integrity(connection: Connection) -> str:
    """``ok``, or what SQLite found wrong."""
    return str(connection.execute(text("PRAGMA quick_check")).scalar_one())
