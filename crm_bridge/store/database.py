"""An open store: transactions, consistent views, private copies, the single owner. Nobody asks which database it is.

Two kinds follow the same promises: :mod:`crm_bridge.store.sqlite` and :mod:`crm_bridge.store.postgresql`. Statements
are SQLAlchemy Core's; what the two spell differently stands here (:func:`among`, :func:`looked_up`,
:func:`inserting`) and nowhere else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, Text

from crm_bridge.errors import BridgeError
from crm_bridge.store import migrate


class Database(ABC):
    """One open store. Thread-safe: each transaction takes its own connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing. Commits at the end, rolls back on any exception. One writer at a time; others wait.

        Raises:
            StoreAway: the store cannot be used now, and nothing was half written.
            Locked: another writer did not finish.
        """
        with self._translated(), self._engine.begin() as connection:
            self._begun(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view, which never waits for a writer."""
        with self._translated(), self._engine.connect().execution_options(**self._reading_options()) as connection:
            yield connection
            connection.rollback()

    @abstractmethod
    def sandbox(self) -> AbstractContextManager[Database]:
        """A private copy as of now, in which everything works and nothing stays: for plans. Nobody waits for it."""

    @abstractmethod
    def owned(self) -> AbstractContextManager[None]:
        """Be the only process that works on the store.

        Raises:
            Locked: another one does.
        """

    @abstractmethod
    def insert_many(
        self, connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert ``rows``, with values in the order of ``columns``, the fastest way there is: the hot path."""

    def next_number(self, connection: Connection, column: ColumnElement[int]) -> int:
        """One more than the greatest in ``column``. The single writer may count on from there by itself."""
        return int(connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()) + 1

    def schema_version(self) -> str | None:
        """The migration that this store is at."""
        with self.reading() as connection:
            return migrate.version_of(connection)

    def migrate(self) -> None:
        """Bring the store to the present schema.

        Raises:
            ConfigMistake: it was written by a newer crm-bridge.
            Locked: another process works on a store that has to be migrated.
        """
        with self.reading() as connection:
            state = migrate.state_of(connection)
        if state is not migrate.State.CURRENT:
            with self.owned(), self.transaction() as connection:
                if migrate.state_of(connection) is not migrate.State.CURRENT:  # nobody else did it meanwhile
                    migrate.upgrade(connection)

    def close(self) -> None:
        self._engine.dispose()

    @abstractmethod
    def _begun(self, connection: Connection) -> None:
        """What a writing transaction does first."""

    @abstractmethod
    def _reading_options(self) -> dict[str, Any]:
        """Execution options of a consistent view."""

    @abstractmethod
    def _translate(self, error: DBAPIError) -> BridgeError | None:
        """The database's error by what to do next; ``None``: it is our mistake, and shows itself."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            ours = self._translate(error)
            if ours is None:
                raise
            raise ours from error


class PrivateCopy:
    """Mixed into a :class:`Database` over one connection of its own: what begins inside a transaction is part of it."""

    _connection: Connection

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
    def sandbox(self) -> Iterator[Any]:
        yield self

    @contextmanager
    def owned(self) -> Iterator[None]:
        yield

    def close(self) -> None:
        """Whoever made the copy closes it."""


def _listed(values: Sequence[Any]) -> BindParameter[str]:
    """Many values in one parameter, as JSON: the driver of PostgreSQL takes ten times as long to write an array."""
    return bindparam(None, orjson.dumps(list(values)).decode(), type_=Text())


class _Among(FunctionElement[Any]):
    type = NullType()  # as a Boolean, SQLite would be asked whether it `= 1`, which no index answers
    name = "among"
    inherit_cache = True


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, listed = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608  # a column of our own tables, and a parameter


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, listed = element.clauses
    kind = compiler.dialect.type_compiler_instance.process(column.type)
    values = f"json_array_elements_text(CAST({compiler.process(listed, **kw)} AS json))"
    # As a condition, `= ANY(…)`, the list would be parsed and gone through for each row of a table that is read from
    # end to end, as PostgreSQL does with one that it has no statistics of: a first load took minutes.
    return f"{compiler.process(column, **kw)} IN (SELECT CAST(value AS {kind}) FROM {values})"  # noqa: S608  # a column of our own tables, and a parameter


def among(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """``column`` is one of ``values``: one parameter, however many they are."""
    return _Among(column, _listed(values))


def looked_up(connection: Connection, column: Column[Any], values: Sequence[Any], *columns: Column[Any]) -> Select[Any]:
    """``columns`` of the rows whose ``column``, with which an index begins, is one of ``values``: thousands at a time.

    A value that is given twice gives its rows twice. Of values behind an ``IN``, SQLite first makes a sorted table,
    which takes more time than looking them up.
    """
    if connection.dialect.name == "postgresql":
        return select(*columns).where(among(column, values))
    listed = func.json_each(_listed(values)).table_valued("value")
    return select(*columns).select_from(listed.join(column.table, column == listed.c.value))


def inserting(connection: Connection, table: Table) -> postgresql.Insert:
    """An insert that can say what happens ``on_conflict``; both databases spell it alike, and differ in the class."""
    kind = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return kind(table).execution_options(preserve_rowcount=True)  # type: ignore[return-value]  # the same methods, without a common base


def upsert(connection: Connection, table: Table, row: Mapping[str, Any], *, on: Sequence[str]) -> None:
    """Insert ``row``, or update the one with the same ``on`` columns."""
    changed = connection.execute(
        table.update().where(*(table.c[name] == row[name] for name in on)).values(**row)
    ).rowcount
    if not changed:
        connection.execute(insert(table).values(**row))
