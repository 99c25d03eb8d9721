"""The mass-change guard: a run that would change too large a share of a system stops before anything is written."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from crm_bridge.errors import SafetyStop
from crm_bridge.outbox.batches import batches
from crm_bridge.outbox.entries import Selection
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import System
from crm_bridge.store.schema import outbox, source_records


@dataclass(frozen=True, slots=True)
class Guard:
    """``[guard]``: shares, in percent of the client records that a system holds, and the number of them below which
    nothing is said. Changes (updates and deletes) and creates have a limit each: a system cannot be changed by more
    than all of its records, but it can be flooded with any number of new ones."""

    max_change_percent: float = 20.0
    max_create_percent: float = 20.0
    min_records: int = 100


def check(run: RunContext, system: System, guard: Guard, *, only: Selection | None = None) -> None:
    """Count what would be written into ``system``, and compare with what it holds. Too much is put into the report.

    Args:
        only: of these alone; ``None``: of all that is due.

    Raises:
        SafetyStop: it is too much. Nothing was written.
    """
    with run.database.reading() as connection:
        known = _known(connection, system)
        due, held = _due(connection, system.name, now=run.now())
    creates_at_most = due * sum(kind.create for kind in system.targets())
    few = held <= known * guard.max_change_percent / 100 and creates_at_most <= known * guard.max_create_percent / 100
    if not known or known < guard.min_records or few:
        return
    made: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    for due_now in batches(run, system):
        for _, draft in (due_now if only is None else only.narrow(due_now)).drafts:
            made[draft.planned.operation] += 1
            if draft.planned.operation != "delete":
                fields.update(each.field for each in draft.planned.fields or ())
    updates, deletes, creates = made["update"], made["delete"], made["create"]
    done = f"changed, {deletes} of them deleted" if deletes else "changed"
    too_much = [
        f"{number} records would be {done}, {_percent(number, known)} % of the {known} there "
        f"(guard.{setting} is {limit:g})"
        for number, done, setting, limit in (
            (updates + deletes, done, "max_change_percent", guard.max_change_percent),
            (creates, "created", "max_create_percent", guard.max_create_percent),
        )
        if number > known * limit / 100
    ]
    if too_much:
        run.report.too_much[system.name] = {
            "known": known,
            "changed": updates,
            "deleted": deletes,
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


def _due(connection: Connection, system: str, *, now: str) -> tuple[int, int]:
    """How many clients are due to the system, and how many records they have there: more cannot be written."""
    clients = select(outbox.c.client_id).where(
        outbox.c.system == system, outbox.c.state == "due", outbox.c.next_attempt_at <= now
    )
    table = source_records
    held = select(func.count()).where(
        table.c.client_id.in_(clients), table.c.system == system, table.c.gone_at.is_(None)
    )
    due = connection.execute(select(func.count()).select_from(clients.subquery())).scalar_one()
    return int(due), int(connection.execute(held).scalar_one())


def _percent(number: int, known: int) -> int:
    """Rounded up: a limit of so much lets it through."""
    return math.ceil(100 * number / known)
