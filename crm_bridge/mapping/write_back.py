"""Write-back: the difference between what a record says and what the client's document says, in the record's own words.

Every comparison is between canonical values: those read from the base, and those of the document. So a document that
was read from a record writes nothing to it, whatever the record's spelling, and what could not be read is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.mapping.columns import BoundColumn
from crm_bridge.mapping.document import MappingDocument
from crm_bridge.mapping.draft import Draft
from crm_bridge.mapping.items import BoundListRow
from crm_bridge.mapping.paths import look
from crm_bridge.mapping.values import Reading, WriteBack
from crm_bridge.mapping.write_consents import write_consents
from crm_bridge.mapping.write_lists import write_items


class Writer:
    """Writes documents back into records of one mapping."""

    def __init__(
        self,
        document: MappingDocument,
        fields: tuple[BoundColumn, ...],
        lists: tuple[BoundListRow, ...],
        identity: BoundColumn,
    ) -> None:
        self._document = document
        self._identity = identity
        self._fields = tuple(bound for bound in fields if bound.writable)
        self._lists: dict[str, tuple[BoundListRow, ...]] = {}
        for row in lists:
            if row.row.direction != "read" and row.row.pattern is None:
                self._lists[row.row.head] = (*self._lists.get(row.row.head, ()), row)
        self.heads = frozenset({str(bound.steps[0]) for bound in self._fields} | set(self._lists))

    def write(
        self,
        base_raw: Mapping[str, Any] | None,
        base: Reading | None,
        doc: Mapping[str, Any],
        *,
        not_kept: Mapping[str, Any],
    ) -> WriteBack:
        """See :meth:`CompiledMapping.write`."""
        said: Mapping[str, Any] = base.doc if base is not None else {}
        if base is not None and base_raw is not None:
            if said == doc:
                return WriteBack({}, (), dict(base_raw))
            if base.quarantined:  # what cannot be read cannot be compared
                stopping = tuple(problem for problem in base.problems if problem.severity == "quarantine")
                return WriteBack({}, (), dict(base_raw), stopping)
        draft = Draft(self._document, base_raw, not_kept=not_kept)
        for bound in self._fields:
            _write_field(draft, bound, said, doc)
        for head, rows in self._lists.items():
            before, after = said.get(head) or [], doc.get(head) or []
            if before == after:
                continue
            if head == "consents":
                write_consents(draft, rows, before, after)
            else:
                write_items(draft, rows, after)
        return draft.close(self._identity)


def _write_field(draft: Draft, bound: BoundColumn, said: Mapping[str, Any], doc: Mapping[str, Any]) -> None:
    old, new = look(said, bound.steps), look(doc, bound.steps)
    if bound.column.transform == "split_name" and bound.column.call is None:
        order = bound.column.options["order"]
        old, new = _name_parts(old, order), _name_parts(new, order)
    if new is None and draft.is_new and bound.column.required:
        draft.missing(bound)
    if old == new:
        return
    if new is None:
        draft.unset(bound, blank=_unit_of(bound.steps) in draft.not_kept)
    else:
        draft.put(bound, new)


def _unit_of(steps: tuple[Any, ...]) -> str:
    """The unit that a field belongs to, as :mod:`crm_bridge.sync.units` names it."""
    return ".".join(map(str, steps[:2])) if steps[0] == "preferences" else str(steps[0])


def _name_parts(name: Any, order: tuple[str, ...]) -> dict[str, Any] | None:
    """The parts of a name that one field can hold; the whole text only where there are no parts."""
    if not isinstance(name, dict):
        return None
    return {part: name[part] for part in order if name.get(part)} or (
        {"text": name["text"]} if name.get("text") else None
    )
