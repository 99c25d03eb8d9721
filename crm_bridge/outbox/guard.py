"""The mass-change guard: a run that would change too large a share of a system stops before it writes there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from crm_bridge.errors import SafetyStop
from crm_bridge.outbox.deliver import batches
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import System
from crm_bridge.store import journal
from crm_bridge.store.schema import source_records


@dataclass(frozen=True, slots=True)
class Guard:
    """``[guard]``: the share, in percent, and the number of known records below which nothing is said."""

    max_change_percent: float = 20.0
    min_records: int = 100


def check(run: RunContext, system: System, guard: Guard) -> None:
    """Count what would be written into ``system``, and compare with what it holds.

    Raises:
        SafetyStop: it is too much. Nothing was written.
    """
    with run.database.reading() as connection:
        known = int(
            connection.execute(
                select(func.count())
                .select_from(source_records)
                .where(source_records.c.system == system.name, source_records.c.entity == "client")
            ).scalar_one()
        )
        due = journal.depth(connection).get((system.name, "due"), 0)
    limit = known * guard.max_change_percent / 100
    if known < guard.min_records or due <= limit:
        return
    writes = sum(len(batch.drafts) for batch in batches(run, system))
    if writes > limit:
        raise SafetyStop(
            f"{writes} of {known} records would change, more than the {guard.max_change_percent:g} % of [guard]; "
            "look at `crm-bridge plan`, then run `crm-bridge sync --allow-large-change`, "
            "or raise guard.max_change_percent",
            system=system.name,
        )
