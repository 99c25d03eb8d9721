"""Writes that wait: which of them need to wait no longer, and what people are told of the others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from crm_bridge.connector import RecordSource
from crm_bridge.outbox.lanes import Lane, asked
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import System
from crm_bridge.runner.checkup import check_systems
from crm_bridge.store import outbox, pauses
from crm_bridge.store.database import Database
from crm_bridge.store.letters import Letter


def release(run: RunContext, system: System) -> Lane[None]:
    """Make due what is postponed for ``system``, if it answers. It was not away when the run read, and is not left
    alone: a time that it asked for is over."""
    at = run.now()
    with run.database.reading() as connection:
        waits = outbox.any_postponed(connection, system.name, at=at)
    if waits and (yield from asked(lambda: _answers(system))):
        with run.database.transaction() as connection:
            outbox.due_again(connection, system.name, at=at)


def resume(database: Database, system: str, *, at: str) -> dict[str, Any]:
    """A person wants ``system`` called by the next run, with all that is postponed there.

    Returns:
        ``system``, ``resumed`` (whether it was left alone), ``due`` (how many writes were postponed).
    """
    with database.transaction() as connection:
        resumed = pauses.lift(connection, system)
        return {"system": system, "resumed": resumed, "due": outbox.resume(connection, system, at=at)}


def _answers(system: System) -> bool:
    """It was read without a fault; or, where nothing is read, its check passes."""
    if isinstance(system.connector, RecordSource) and any(kind.read for kind in system.kinds.values()):
        return True
    return all(finding.answered for finding in check_systems([system]))


def count_waiting(run: RunContext) -> None:
    """Put what waits into the report."""
    with run.database.reading() as connection:
        run.report.waiting = [asdict(each) for each in outbox.waiting(connection, now=run.now())]


def postponed(run: RunContext, system: System) -> list[Letter]:
    """The postponed writes to ``system``, each with its cause, as a plan shows them."""
    with run.database.reading() as connection:
        rows = outbox.postponed(connection, system.name, now=run.now())
    return [
        Letter(
            stage="write",
            system=system.name,
            kind="client",
            record_id=client_id,
            code="postponed",
            message=f"postponed until {until[:19].replace('T', ' ')} UTC ({reason})",
            client_id=client_id,
        )
        for client_id, until, reason in rows
    ]
