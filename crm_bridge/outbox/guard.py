"""The mass-change guard: a run that would change too large a share of a system stops before anything is written."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from crm_bridge.errors import SafetyStop
from crm_bridge.outbox.deliver import batches
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import System
from crm_bridge.store import journal
from crm_bridge.store.schema import source_records


@dataclass(frozen=True, slots=True)
class Guard:
    """``[guard]``: shares, in percent of the client records that a system holds, and the number of them below which
    nothing is said. Changes (updates and deletes) and creates have a limit each: a system cannot be changed by more
    than all of its records, but it can be flooded with any number of new ones."""

    max_change_percent: float = 20.0
    max_create_percent: float = 20.0
    min_records: int = 100


def check(run: RunContext, system: System, guard: Guard) -> None:
    """Count what would be written into ``system``, and compare with what it holds. Too much is put into the report.

    Raises:
        SafetyStop: it is too much. Nothing was written.
    """
    with run.database.reading() as connection:
        known = _known(connection, system)
        due = journal.depth(connection).get((system.name, "due"), 0)
    lowest = min(guard.max_change_percent, guard.max_create_percent)
    if not known or known < guard.min_records or due <= known * lowest / 100:
        return
    drafts = [draft for batch in batches(run, system) for _, draft in batch.drafts]
    creates = sum(draft.planned.operation == "create" for draft in drafts)
    changes = len(drafts) - creates
    too_much = [
        f"{number} records would be {done}, {_percent(number, known)} % of the {known} there "
        f"(guard.{setting} is {limit:g})"
        for number, done, setting, limit in (
            (changes, "changed", "max_change_percent", guard.max_change_percent),
            (creates, "created", "max_create_percent", guard.max_create_percent),
        )
        if number > known * limit / 100
    ]
    if too_much:
        fields = Counter(each.field for draft in drafts for each in draft.planned.fields or ())
        run.report.too_much[system.name] = {
            "known": known,
            "changed": changes,
            "created": creates,
            "fields": dict(sorted(fields.items(), key=lambda item: (-item[1], item[0]))),
        }
        raise SafetyStop(f"{' and '.join(too_much)}; nothing was written", system=system.name)


def _known(connection: Connection, system: System) -> int:
    table = source_records
    query = select(func.count()).where(
        table.c.system == system.name, table.c.entity == "client", table.c.gone_at.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def _percent(number: int, known: int) -> int:
    """Rounded up: a limit of so much lets it through."""
    return math.ceil(100 * number / known)
