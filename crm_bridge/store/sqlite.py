"""The store in one SQLite file: pragmas, the lock file of the single owner, errors.

SQLite runs with WAL, ``synchronous=FULL`` (an acknowledged commit survives a power cut) and ``BEGIN IMMEDIATE`` (a
writer waits at the start instead of failing in the middle).
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from crm_bridge.errors import BridgeError, ConfigMistake, Locked, StopRun, StoreAway
from crm_bridge.store.database import Database, PrivateCopy

BUSY_TIMEOUT = 30.0  # seconds; `?timeout=` of the address says another time
PAGE_SIZE = 8_192  # of a new file; in the default of 4,096 two records of a client find room, with a fifth of it empty
CHECKPOINT_BYTES = 64_000_000  # the default, a sixteenth, slows a first load down; docs/explanation/performance.md
MANY_ROWS, MANY_COLUMNS = 100, 6  # from here on it pays to look for values that all rows share

PRAGMAS = (
    f"page_size={PAGE_SIZE}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-65536",
    "temp_store=MEMORY",
)


class SqliteDatabase(Database):
    """A store in one file."""

    def __init__(self, engine: Engine, *, lock_file: Path | None = None, timeout: float = BUSY_TIMEOUT) -> None:
        super().__init__(engine)
        self._timeout = timeout
        self._lock_file = lock_file
        self._lock: int | None = None

    @contextmanager
    def sandbox(self) -> Iterator[Database]:
        """See :meth:`Database.sandbox`. It lies in a temporary file without a name: closed or killed, nothing is left.

        SQLite chooses the directory (``SQLITE_TMPDIR``, else ``/var/tmp``), which needs room for the whole store.
        """
        with self._translated(), closing(sqlite3.connect("", check_same_thread=False)) as copy:
            with self._engine.connect().execution_options(reading=True) as connection:
                source = connection.connection.driver_connection
                assert isinstance(source, sqlite3.Connection)  # noqa: S101  # the engine of this class
                source.backup(copy)
            engine = create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
            with engine.connect() as connection:
                yield _Copy(engine, connection)

    @contextmanager
    def owned(self) -> Iterator[None]:
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
        """See :meth:`Database.insert_many`: the driver's ``executemany``.

        A value that all rows share, such as the system of a page's records or the end that none of them has, stands in
        the statement: the driver takes a third of a microsecond to hand one over, for each row anew.
        """
        if not rows:
            return
        values = ["?"] * len(columns)
        if len(rows) >= MANY_ROWS and len(columns) >= MANY_COLUMNS:
            by_column = list(zip(*rows, strict=True))
            shared = [at for at, column in enumerate(by_column[1:], 1) if _is_shared(column)]  # one is left to be bound
            for at, quoted in zip(shared, _quoted(connection, [by_column[at][0] for at in shared]), strict=True):
                values[at] = quoted
            rows = list(zip(*(by_column[at] for at in range(len(columns)) if at not in shared), strict=True))
        names = ", ".join(f'"{name}"' for name in columns)
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join(values)})'  # noqa: S608  # names of our own tables, and what SQLite quoted
        connection.exec_driver_sql(statement, rows if isinstance(rows, list) else list(rows))

    def _begun(self, connection: Connection) -> None:
        """Nothing: ``BEGIN IMMEDIATE`` has waited for the other writer."""

    def _reading_options(self) -> dict[str, Any]:
        return {"reading": True}

    def _translate(self, error: DBAPIError) -> BridgeError | None:
        said = str(error.orig)
        if isinstance(error.orig, sqlite3.OperationalError):
            if "locked" in said or "busy" in said:
                return Locked(f"the store stayed locked for {self._timeout:g} s; is another program holding it open?")
            if "full" in said:
                return StoreAway("the disk or the store is full; nothing was half written, make room and run again")
            if "disk I/O error" in said:  # so SQLite says too when a full disk lets it not even begin
                return StoreAway(
                    "the disk fails, or has no room left; nothing was half written, make room and run again"
                )
            if "unable to open" in said:
                return ConfigMistake("the store file cannot be opened; check the directory and its permissions")
            return StoreAway(f"the store cannot be used now ({said}); nothing was half written")
        if isinstance(error.orig, sqlite3.DatabaseError) and "malformed" in said:
            return StopRun("the store file is damaged; restore the last backup and keep the damaged file")
        return None


def _is_shared(column: Sequence[Any]) -> bool:
    """Whether all rows have one value in this column, and a plain one: text with a NUL cannot be quoted."""
    value = column[0]
    if not (value is None or type(value) is int or (type(value) is str and "\0" not in value)):
        return False
    return bool(value == column[-1]) and column.count(value) == len(column)


def _quoted(connection: Connection, values: Sequence[Any]) -> Sequence[str]:
    """``values`` as SQLite itself writes them in a statement."""
    if not values:
        return ()
    marks = ", ".join(["quote(?)"] * len(values))
    return tuple(connection.exec_driver_sql(f"SELECT {marks}", tuple(values)).one())


class _Copy(PrivateCopy, SqliteDatabase):
    """A private copy of such a store."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        super().__init__(engine)
        self._connection = connection


def open_sqlite(url: URL, *, base_dir: Path, scratch: bool = False) -> SqliteDatabase:
    """Open the file that ``url`` names, made when it is not there; relative to ``base_dir``.

    ``scratch``: a killed process loses nothing, a power cut may damage the file.
    """
    if not url.database:
        raise ConfigMistake("name a file, such as sqlite:///bridge.db")
    path = base_dir / url.database
    _make_private(path)
    timeout = _timeout(url)
    engine = create_engine(url.set(database=str(path), query={}), connect_args={"timeout": timeout})
    event.listen(engine, "connect", _prepare)
    if scratch:
        event.listen(engine, "connect", _leave_unsynced)
    event.listen(engine, "begin", _begin)
    return SqliteDatabase(engine, lock_file=path.with_name(path.name + ".lock"), timeout=timeout)


def open_without_room(url: URL, *, base_dir: Path) -> SqliteDatabase:
    """Open the file that ``url`` names for reading alone, where its disk has no room for the files that SQLite lays
    beside it. Nobody else may work on it meanwhile: what they share is one of those files."""
    path = base_dir / str(url.database)
    address = url.set(database=str(path), query={})
    engine = create_engine(address, connect_args={"timeout": 1.0}, poolclass=StaticPool)
    event.listen(engine, "connect", _prepare_alone)
    event.listen(engine, "begin", _begin)
    return SqliteDatabase(engine, timeout=1.0)


def _timeout(url: URL) -> float:
    """How many seconds a writer waits for another program."""
    if set(url.query) - {"timeout"}:
        raise ConfigMistake("a SQLite address takes nothing but ?timeout=SECONDS")
    try:
        return float(str(url.query.get("timeout", BUSY_TIMEOUT)))
    except ValueError:
        raise ConfigMistake("?timeout= of the SQLite address must be a number of seconds") from None


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
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    (size,) = connection.execute("PRAGMA page_size").fetchone()  # a file keeps the one that it was made with
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_BYTES // size}")


def _prepare_alone(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")  # the index of the WAL then lies in memory
    connection.execute("PRAGMA query_only=ON")


def _leave_unsynced(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def integrity(connection: Connection) -> str:
    """``ok``, or what SQLite found wrong."""
    return str(connection.execute(text("PRAGMA quick_check")).scalar_one())
