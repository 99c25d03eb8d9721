"""Records that the bridge deleted and an undo brings back: made anew, from what they held when they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from crm_bridge.hookspecs import PlannedField, PlannedWrite
from crm_bridge.outbox.create_keys import PastCreates, create_key
from crm_bridge.outbox.drafts import ClientDrafts, Draft, repetition
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import Echo
from crm_bridge.sync.rules import PERSON
from crm_bridge.sync.units import split

FIELD = "restored"  # keys of the records; in the row of a person's word
WHY = "the delete is undone"


def undone_deletes(rows: Sequence[SourceRecord]) -> set[str]:
    """Keys of records that are to be there again, from all that people decided about one client."""
    found: set[str] = set()
    for row in rows:
        if row.system == PERSON and FIELD.encode() in row.raw:
            found.update(orjson.loads(row.raw).get(FIELD, ()))
    return found


def made_anew(row: SourceRecord, rows: Sequence[SourceRecord]) -> bool:
    """Whether the client has, or had, a later record in the place of ``row``: then that one counts."""
    return any((each.system, each.kind) == (row.system, row.kind) and each.pk > row.pk for each in rows)


def with_undone_deletes(
    client: StoredClient,
    rows: Sequence[SourceRecord],
    system: System,
    planned: ClientDrafts,
    *,
    created: Mapping[tuple[str, str], PastCreates],
) -> ClientDrafts:
    """``planned`` with creates of the records whose deletes an undo takes back, where the card makes none by itself."""
    restored = undone_deletes(rows)
    if not restored:
        return planned
    drafts = list(planned.drafts)
    for kind in system.targets():
        mine = [row for row in rows if (row.system, row.kind) == (system.name, kind.name)]
        if not kind.create or any(row.gone_at is None for row in mine):
            continue
        if any(draft.kind.name == kind.name and draft.record is None for draft in drafts):
            continue
        last = max((row for row in mine if row.key in restored), key=lambda row: row.pk, default=None)
        if last is not None and not made_anew(last, mine):
            drafts.append(_create(client, kind, last, created.get((client.id, kind.name), PastCreates())))
    return replace(planned, drafts=drafts)


def _create(client: StoredClient, kind: Kind, row: SourceRecord, past: PastCreates) -> Draft:
    """What the record held, as a new one; the words in it are those that the deleted one had."""
    if past.unproven is not None:
        return repetition(past.unproven, kind)
    key = create_key(client.id, system=kind.system, kind=kind.name, generation=past.generation)
    back = kind.mapping.write(None, row.effective_doc())
    units = split(kind.mapping.read(back.full).doc)
    return Draft(
        planned=PlannedWrite(
            system=kind.system,
            kind=kind.name,
            operation="create",
            record_id=None,
            client_id=client.id,
            fields=tuple(
                PlannedField(each.path, each.field, each.old, each.new, f"{row.key} ({WHY})") for each in back.changes
            ),
        ),
        kind=kind,
        record=None,
        fields=back.fields,
        full=back.full,
        units=units,
        echoes={unit: Echo(row.key, (), value) for unit, value in units.items()},
        key=key,
    )
