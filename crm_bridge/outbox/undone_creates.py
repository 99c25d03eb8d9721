"""Records that the bridge made and an undo takes back: deleted as long as nobody touched them, and not made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from crm_bridge.outbox.drafts import ClientDrafts
from crm_bridge.outbox.removals import removal
from crm_bridge.run_context.systems import System
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.rules import PERSON

FIELD = "removed"  # record key → digest of the record as we made it; in the row of a person's word


def undone_creates(rows: Sequence[SourceRecord]) -> dict[str, str]:
    """Record key → digest, from all that people decided about one client."""
    found: dict[str, str] = {}
    for row in rows:
        if row.system == PERSON and FIELD.encode() in row.raw:
            found.update(orjson.loads(row.raw).get(FIELD, {}))
    return found


def without_undone_creates(
    client: StoredClient, rows: Sequence[SourceRecord], system: System, planned: ClientDrafts
) -> ClientDrafts:
    """``planned`` with deletes of the records that an undo takes back, and without creates that would repeat them."""
    undone = undone_creates(rows)
    if not undone:
        return planned
    drafts = list(planned.drafts)
    for kind in system.targets():
        for row in rows:
            if (row.system, row.kind) != (system.name, kind.name) or row.key not in undone:
                continue
            if row.gone_at is not None:
                drafts = [each for each in drafts if each.kind.name != kind.name or each.record is not None]
            elif row.digest.hex() == undone[row.key]:
                drafts = [each for each in drafts if each.record is None or each.record.pk != row.pk]
                drafts.append(removal(client, kind, row, why="the create is undone"))
    return replace(planned, drafts=drafts)
