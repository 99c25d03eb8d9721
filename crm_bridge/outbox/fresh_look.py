"""Where a system cannot refuse a stale write, its records are read once more right before they are written. So are
those whose nested rows are written, where the record's version does not tell of changes of these.

Between our reading and our writing lies a whole run, in which its users go on working. What they changed since is not
written over: the write counts as stale, the record is read, both edits are merged, and the write is planned anew. What
remains open is the moment between this look and the write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from crm_bridge.connector import RawRecord, RecordSource, WriteMode
from crm_bridge.outbox.drafts import Draft
from crm_bridge.run_context.digest import NotJson, canonical_bytes
from crm_bridge.run_context.isolation import records_of
from crm_bridge.run_context.systems import Kind
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.units import split


def changed_meanwhile(connector: object, drafts: Sequence[Draft]) -> frozenset[str]:
    """Ids of the records that are not any more as the writes in ``drafts``, all of one kind, were planned against.

    Raises:
        As ``read`` of the connector.
    """
    kind = drafts[0].kind
    known = {each.record.record_id: each.record for each in drafts if each.record is not None and _needs_it(each)}
    if not known or not isinstance(connector, RecordSource):
        return frozenset()
    found = records_of(connector, kind.name, sorted(known))
    names = {kind.mapping.record_id(record): record for record in found}
    return frozenset(name for name, row in known.items() if name in names and _differs(kind, row, names[name]))


def _needs_it(draft: Draft) -> bool:
    said = draft.kind.capabilities
    if not draft.kind.read or not said.reads_back:
        return False
    noticed = said.conditional_writes or said.compares_versions
    return not noticed or (not said.versions_rows and _has_nested_rows(draft))


def _has_nested_rows(draft: Draft) -> bool:
    return any(isinstance(value, Mapping | list) for value in draft.fields.values())


def _differs(kind: Kind, known: SourceRecord, now: RawRecord) -> bool:
    """Whether anything changed that the write touches: of a whole record everything, else what the mapping knows."""
    if kind.capabilities.write_mode is WriteMode.REPLACE:
        try:
            return known.raw != canonical_bytes(now)
        except NotJson:
            return True
    reading = kind.mapping.read(now)
    return not reading.quarantined and split(orjson.loads(known.doc)) != split(reading.doc)
