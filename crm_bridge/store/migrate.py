"""Bringing a store to the present schema, with Alembic. Forwards only; a newer store is refused."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from crm_bridge.errors import ConfigMistake

HEAD = "0001"
SCRIPTS = Path(__file__).parent / "migrations"


class State(Enum):
    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


def version_of(connection: Connection) -> str | None:
    """The migration that the store is at; ``None`` for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def state_of(connection: Connection) -> State:
    """Whether the store has to be migrated.

    Raises:
        ConfigMistake: it was written by a newer crm-bridge.
    """
    version = version_of(connection)
    if version is None:
        return State.EMPTY
    if version == HEAD:
        return State.CURRENT
    if version > HEAD:
        raise ConfigMistake(
            f"the store has schema {version}, this crm-bridge knows {HEAD}: install the newer crm-bridge, "
            "or restore a backup"
        )
    return State.OLDER


def upgrade(connection: Connection) -> None:
    """Migrate to ``HEAD`` inside the caller's transaction: killed half-way, the store is as it was."""
    from alembic import command  # heavy, and needed only when there is something to do
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
