"""The store in PostgreSQL: for several machines, and where backups and failover are a database's own.

One writer at a time, as with SQLite: each writing transaction takes an advisory lock first, so that what is decided
from the rows it reads holds when it commits. Readers see one snapshot and wait for nobody. The owner of the store holds
a session's advisory lock and counts the store's epoch on: a former owner that was paused or cut off, and comes back
when another one works, finds a later epoch and commits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Engine,
    LargeBinary,
    Table,
    create_engine,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from crm_bridge.connector import Secret
from crm_bridge.errors import BridgeError, ConfigMistake, Locked, StoreAway
from crm_bridge.store.database import Database, PrivateCopy
from crm_bridge.store.schema import metadata, ownership

LOCK_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 10
WRITER = 0x6372_6D62  # "crmb": the advisory lock of writers; one more: that of the owner
OWNER = WRITER + 1


class PostgresDatabase(Database):
    """A store in one schema of a PostgreSQL database."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._epoch: int | None = None

    @contextmanager
    def sandbox(self) -> Iterator[Database]:
        """See :meth:`Database.sandbox`: the tables are copied into temporary ones, which hide the real ones."""
        engine = create_engine(self._engine.url, poolclass=NullPool, connect_args=_connect_args(self._engine.url))
        with self._translated(), engine.connect() as connection:
            with connection.begin():
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                schema = connection.execute(select(func.current_schema())).scalar_one()
                quote = engine.dialect.identifier_preparer.quote
                for table in metadata.sorted_tables:
                    real, copy = f"{quote(schema)}.{quote(table.name)}", f"pg_temp.{quote(table.name)}"
                    connection.execute(text(f"CREATE TEMPORARY TABLE {quote(table.name)} (LIKE {real} INCLUDING ALL)"))
                    connection.execute(text(f"INSERT INTO {copy} SELECT * FROM {real}"))  # noqa: S608  # names of our own tables
            yield _Copy(engine, connection)

    @contextmanager
    def owned(self) -> Iterator[None]:
        if self._epoch is not None:
            yield
            return
        with self._translated(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
            if not session.execute(select(func.pg_try_advisory_lock(OWNER, _schema_number()))).scalar_one():
                raise Locked("another crm-bridge works on this store; try again when it has finished")
            self._epoch = self._count_on(session)
            try:
                yield
            finally:
                self._epoch = None
                _unlock(session)

    def _count_on(self, session: Connection) -> int:
        """The next epoch; 0 in a store that has no tables yet."""
        if not session.execute(select(func.to_regclass(ownership.name))).scalar_one():
            return 0
        counted = update(ownership).values(epoch=ownership.c.epoch + 1).returning(ownership.c.epoch)
        epoch = session.execute(counted).scalar_one_or_none()
        if epoch is None:
            epoch = session.execute(insert(ownership).values(epoch=1).returning(ownership.c.epoch)).scalar_one()
        return int(epoch)

    def _begun(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(WRITER, _schema_number())))
        if self._epoch and connection.execute(select(ownership.c.epoch)).scalar_one() != self._epoch:
            raise Locked("another crm-bridge took over this store meanwhile; nothing of this run is written any more")

    def insert_many(
        self, connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """See :meth:`Database.insert_many`: ``COPY``, in binary."""
        if not rows:
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101  # the engine of this class
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(name) for name in columns)
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types([_TYPES.get(type(table.c[name].type), "text") for name in columns])
            for row in rows:
                copy.write_row(row)

    def _reading_options(self) -> dict[str, Any]:
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def _translate(self, error: DBAPIError) -> BridgeError | None:
        if isinstance(error, OperationalError) and error.statement is None:
            return not_connected(str(error.orig))
        match error.orig:
            case errors.LockNotAvailable():
                return Locked(f"the store stayed locked for {LOCK_TIMEOUT_SECONDS} s by another writer")
            case errors.DiskFull() | errors.OutOfMemory():
                return StoreAway(
                    "the database server has no room left; nothing was half written, make room and run again"
                )
            case errors.InsufficientPrivilege():
                return ConfigMistake("our login may not do that; it needs to create and own tables in its schema")
        if isinstance(error, OperationalError) or error.connection_invalidated:
            return StoreAway("the database server does not answer; nothing was half written")
        return None


def not_connected(said: str) -> BridgeError:
    """A connection that was not made. Of a refused one libpq keeps the server's words and no code."""
    refused = _REFUSED.search(said)
    if refused:
        return ConfigMistake(
            f"the database server does not let us in ({refused[0]}): mend bridge.store, "
            "bridge.store_password_ref, or what the server allows"
        )
    return StoreAway("the database server does not answer; nothing was half written")


# In the words of a server that speaks English; one that speaks another language is taken to be away.
_REFUSED = re.compile(
    r"\w+ authentication failed|no password supplied|no pg_hba\.conf entry|is not permitted to log in"
    r"|permission denied for database|(?:role|database) \"[^\"]*\" does not exist"
    r"|certificate verify failed|root certificate file \S+ does not exist|does not match host name"
    r"|server does not support SSL"
)
_TYPES = {BigInteger: "int8", LargeBinary: "bytea"}


class _Copy(PrivateCopy, PostgresDatabase):
    """A private copy of such a store."""

    def __init__(self, engine: Engine, connection: Connection) -> None:
        super().__init__(engine)
        self._connection = connection


def _schema_number() -> Any:
    """Two bridges may share a database, each in its schema: a lock is one schema's."""
    return func.hashtext(func.current_schema())


def _unlock(session: Connection) -> None:
    """A session that broke has given its lock back by that."""
    try:
        session.execute(select(func.pg_advisory_unlock(OWNER, _schema_number())))
    except OperationalError:
        session.invalidate()


def _connect_args(url: URL) -> dict[str, Any]:
    """What we ask of each connection where ``url`` does not say otherwise."""
    ours = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "application_name": "crm-bridge"}
    options = [f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s", *url.normalized_query.get("options", ())]
    return {key: value for key, value in ours.items() if key not in url.query} | {"options": " ".join(options)}


def open_postgresql(url: URL, *, password: Secret | None) -> PostgresDatabase:
    """Open the database that ``url`` names, with the tables in the first schema of its ``search_path``."""
    if password is not None:
        url = url.set(password=password.reveal())
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=_connect_args(url)
    )
    return PostgresDatabase(engine)
