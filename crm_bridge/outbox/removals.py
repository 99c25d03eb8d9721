"""Planning the deletes of one client in one system, where a deletion elsewhere takes its records along."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from crm_bridge.hookspecs import PlannedField, PlannedWrite
from crm_bridge.outbox.drafts import ClientDrafts, Draft
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import Contribution

CANNOT = "cannot_delete"  # the code of the letter about a record that its connector cannot delete
WHOLE = "(the record)"  # stands where other writes name a field


def draft_removals(
    client: StoredClient, rows: Sequence[SourceRecord], system: System, gone: Contribution
) -> ClientDrafts:
    """A delete of each record of the client there, and nothing else; a letter where the connector cannot delete.

    Args:
        gone: the record whose deletion is carried on.
    """
    drafts: list[Draft] = []
    letters: list[Letter] = []
    for kind in system.targets():
        for row in rows:
            if (row.system, row.kind, row.gone_at) != (system.name, kind.name, None):
                continue
            if kind.capabilities.deletes:
                drafts.append(removal(client, kind, row, why=f"{gone.key} was deleted there"))
            else:
                letters.append(_impossible(client, kind, row, gone))
    return ClientDrafts(drafts, letters)


def removal(client: StoredClient, kind: Kind, row: SourceRecord, *, why: str) -> Draft:
    """The delete of one record."""
    header = kind.mapping.document.header
    raw = orjson.loads(row.raw)
    fields = {header.id.src[-1]: row.record_id}
    if header.concurrency is not None and row.version is not None:
        fields[header.concurrency] = row.version
    return Draft(
        planned=PlannedWrite(
            system=kind.system,
            kind=kind.name,
            operation="delete",
            record_id=row.record_id,
            client_id=client.id,
            fields=(PlannedField("", WHOLE, row.record_id, None, why),),
        ),
        kind=kind,
        record=row,
        fields=fields,
        full=raw,
        units={},
        echoes={},
    )


def _impossible(client: StoredClient, kind: Kind, row: SourceRecord, gone: Contribution) -> Letter:
    return Letter(
        stage="write",
        system=kind.system,
        kind=kind.name,
        record_id=row.record_id,
        code=CANNOT,
        message=f"{gone.key} was deleted, and its connector cannot delete records of {kind.system}",
        hint=f"delete the record in {kind.system} by hand, or discard this letter to leave it there",
        client_id=client.id,
    )
