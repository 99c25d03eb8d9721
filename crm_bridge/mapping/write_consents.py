"""Writing consents back: what holds now for a purpose and channel, never its history.

- The state is :func:`crm_bridge.model.current_consent`: newest dated, refusals win ties, a refused ``any`` covers all.
- A flag that means a refusal is raised by a refusal. It is lowered only where its row says ``unset: blank``: a consent
  given elsewhere does not undo what somebody entered in this system, and the absence of a refusal is no consent.
- A flag that means a consent is lowered by a refusal, always.
- Nested rows hold one state each: the row of that purpose and channel is updated, one is added where there is none,
  and none is ever deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crm_bridge.mapping.draft import Draft
from crm_bridge.mapping.items import BoundListRow
from crm_bridge.mapping.write_lists import base_rows, write_columns, write_nested
from crm_bridge.model import ConsentState, current_consent

_ALWAYS = datetime.max.replace(tzinfo=UTC)  # what holds in the end: no clock on this floor
_REFUSALS = frozenset({"denied", "withdrawn"})
Items = Sequence[Mapping[str, Any]]


def write_consents(draft: Draft, rows: tuple[BoundListRow, ...], before: Items, after: Items) -> None:
    """Write the consents of ``after`` where their state differs from that of ``before``, the base's."""
    covered = set()
    for bound in rows:
        if bound.row.each:
            continue
        key = bound.row.item.get("purpose"), bound.row.item.get("channel")
        covered.add(key)
        old, new = _state(before, key), _state(after, key)
        if bound.is_flag:
            _write_flag(draft, bound, old, new)
        elif new.decided_by is None:
            if old.decided_by is not None and bound.column is not None:
                draft.unset(bound.column)
        elif _said(old) != _said(new):
            item = {**new.decided_by, "status": new.status}
            write_columns(draft, bound, dict(old.decided_by) if old.decided_by else None, item)
    for bound in rows:
        if bound.row.each:
            _write_nested(draft, bound, before, after, covered)


def _write_flag(draft: Draft, bound: BoundListRow, old: ConsentState, new: ConsentState) -> None:
    column = bound.column
    assert column is not None  # noqa: S101  # a flag is a column
    means_refusal = bound.row.item.get("status") in _REFUSALS
    was, is_now = (old.status in _REFUSALS, new.status in _REFUSALS) if means_refusal else (old.granted, new.granted)
    if was == is_now:
        return
    if is_now:
        draft.put(column, True)
    elif column.column.unset == "blank" or (not means_refusal and new.status in _REFUSALS):
        draft.put(column, False)
    elif column.column.unset == "error":
        draft.missing(column)


def _write_nested(
    draft: Draft, bound: BoundListRow, before: Items, after: Items, covered: set[tuple[Any, Any]]
) -> None:
    there = base_rows(draft, bound)
    for key in dict.fromkeys((item.get("purpose"), item.get("channel")) for item in after):
        if key in covered:
            continue
        old, new = _state(before, key), _state(after, key)
        if new.decided_by is None or _said(old) == _said(new):
            continue
        item = {**new.decided_by, "purpose": key[0], "channel": key[1], "status": new.status}
        rows = [row for row in there if (row.item.get("purpose"), row.item.get("channel")) == key]
        newest = max(rows, key=lambda row: str(row.item.get("captured_at") or ""), default=None)
        write_nested(draft, bound, newest, item, label=f"consents[{key[0]}/{key[1]}]")


def _state(items: Items, key: tuple[Any, Any]) -> ConsentState:
    return current_consent(items, purpose=str(key[0]), channel=str(key[1]), at=_ALWAYS)


def _said(state: ConsentState) -> tuple[Any, ...]:
    return state.status, (state.decided_by or {}).get("captured_at")
