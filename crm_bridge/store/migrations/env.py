"""Alembic's entry: it runs inside the connection and transaction that ``migrate.upgrade`` hands in."""

from __future__ import annotations

from alembic import context

from crm_bridge.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
