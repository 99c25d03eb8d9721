"""A write on its way: as it is journaled, and as the connector is given it."""

from __future__ import annotations

from dataclasses import dataclass

from crm_bridge.connector import RecordWrite
from crm_bridge.outbox.drafts import Draft
from crm_bridge.run_context.context import RunContext
from crm_bridge.store.echoes import echoes_to
from crm_bridge.store.journal import Intent
from crm_bridge.store.outbox import OutboxRow


@dataclass(frozen=True, slots=True)
class Parcel:
    """A write on its way: the outbox row it serves, its plan, its place in the journal."""

    row: OutboxRow
    draft: Draft
    intent: Intent


def intent_of(run: RunContext, draft: Draft) -> Intent:
    """The journal's row of a write: everything to send it again, and to settle it."""
    intent_id = run.new_id()
    return Intent(
        id=intent_id,
        system=draft.kind.system,
        kind=draft.kind.name,
        operation=draft.planned.operation,
        record_id=draft.planned.record_id,
        client_id=draft.planned.client_id,
        request={
            "key": draft.key or intent_id,
            "fields": draft.fields,
            "full": draft.full,
            "expected_version": draft.record.version if draft.record else None,
            "units": draft.units,
            "echoes": echoes_to(draft.echoes),
            "why": [[each.path, each.field, each.old, each.new, each.why] for each in draft.planned.fields],
            **({"entry": draft.entry} if draft.entry is not None else {}),
        },
        created_at=run.now(),
        run_id=run.run_id,
    )


def write_of(intent: Intent) -> RecordWrite:
    """The very write that was journaled."""
    return RecordWrite(
        kind=intent.kind,
        operation=intent.operation,
        record_id=intent.record_id,
        fields=intent.request["fields"],
        full=intent.request["full"],
        expected_version=intent.request["expected_version"],
        key=intent.request["key"],
    )
