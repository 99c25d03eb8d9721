"""Opening the store that a configuration names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url

from crm_bridge.connector import Secret
from crm_bridge.errors import BridgeError, ConfigMistake, StoreAway
from crm_bridge.store.database import Database
from crm_bridge.store.migrate import State, state_of
from crm_bridge.store.sqlite import open_sqlite, open_without_room


def open_database(
    url: str, *, base_dir: Path, password: Secret | None = None, migrate_now: bool = True, scratch: bool = False
) -> Database:
    """Open, and bring to the present schema, the store at ``url``.

    Args:
        url: ``sqlite:///bridge.db`` (relative to ``base_dir``) or ``postgresql://user@host/database``.
        password: of the database user; ``None``: libpq finds it, or none is needed.
        scratch: nobody needs it after a power cut. A SQLite file is then not synced at every commit.

    Raises:
        ConfigMistake: an address that is not understood, or a store written by a newer crm-bridge.
        StoreAway: it does not answer.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        database: Database = open_sqlite(parsed, base_dir=base_dir, scratch=scratch)
    elif parsed.get_backend_name() == "postgresql":
        try:
            from crm_bridge.store.postgresql import open_postgresql  # an extra
        except ImportError as error:
            raise ConfigMistake("PostgreSQL needs a package more: install crm-bridge[postgresql]") from error
        database = open_postgresql(parsed, password=password)
    else:
        raise ConfigMistake(f"{parsed.get_backend_name()!r} is not supported; use sqlite:///FILE or postgresql://…")
    if migrate_now:
        try:
            database.migrate()
        except BaseException:
            database.close()
            raise
    return database


def open_to_look(url: str, *, base_dir: Path, password: Secret | None = None) -> Database:
    """:func:`open_database` for who only reads: a full disk keeps nobody from looking.

    Raises:
        ConfigMistake, StoreAway: as there.
    """
    try:
        return open_database(url, base_dir=base_dir, password=password)
    except StoreAway:
        parsed = make_url(url)
        database = open_without_room(parsed, base_dir=base_dir) if parsed.get_backend_name() == "sqlite" else None
        if database is None or not _is_ready(database):
            raise
        return database


def _is_ready(database: Database) -> bool:
    """Whether it can be read, and has the present schema; closed otherwise."""
    try:
        with database.reading() as connection:
            if state_of(connection) is State.CURRENT:
                return True
    except BridgeError:
        pass
    database.close()
    return False
