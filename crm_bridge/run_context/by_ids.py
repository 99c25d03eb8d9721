"""Records asked for by their ids: one that cannot be read costs itself, and not those beside it."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.connector import BrokenRecord, Page, RawRecord, RecordSource
from crm_bridge.errors import RejectRecord
from crm_bridge.run_context.isolation import records_of


def read_by_ids(source: RecordSource, kind: str, record_ids: Sequence[str]) -> Page:
    """These records as they are now, those that do not exist left out. Where one cannot be read, the others are found
    by halves, and it stands among the page's broken ones.

    Raises:
        As :func:`~.isolation.records_of`, but for :class:`RejectRecord`.
    """
    found: list[RawRecord] = []
    broken: list[BrokenRecord] = []
    pending = [list(record_ids)] if record_ids else []
    while pending:
        ids = pending.pop(0)
        try:
            found += records_of(source, kind, ids)
        except RejectRecord as error:
            if len(ids) > 1:
                pending[:0] = [ids[: len(ids) // 2], ids[len(ids) // 2 :]]
                continue
            position = f"{kind} {ids[0]}"
            broken.append(BrokenRecord(position, error.message, raw="", code=error.code, record_id=ids[0]))
    return Page(found, broken=broken)
