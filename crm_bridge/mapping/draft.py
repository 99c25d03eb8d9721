"""A write-back in the making: what was set so far, over a base record that is never touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge.mapping.columns import BoundColumn, raw_at
from crm_bridge.mapping.document import MappingDocument
from crm_bridge.mapping.reading import rows_at
from crm_bridge.mapping.values import BadValue, FieldChange, Problem, WriteBack

UNKNOWN = object()  # a raw value that could not be read: equal to nothing
OPERATION = "@operation"


class NestedRow:
    """One nested row of the draft: ``index`` in the base (``None``: new), and what changes in it."""

    __slots__ = ("fields", "index", "key", "operation")

    def __init__(self, operation: str, index: int | None, key: tuple[str, Any] | None) -> None:
        self.operation = operation
        self.index = index
        self.key = key
        self.fields: dict[str, Any] = {}


class Draft:
    """Collects fields, changes and problems, and closes into a :class:`WriteBack`."""

    def __init__(
        self, document: MappingDocument, base: Mapping[str, Any] | None, *, not_kept: Mapping[str, Any]
    ) -> None:
        self.header = document.header
        self.blank = document.header.blank
        self.is_new = base is None
        self.base: dict[str, Any] = dict(base) if base is not None else {}
        self.not_kept = not_kept
        self.changes: list[FieldChange] = []
        self.problems: list[Problem] = []
        self._flat: dict[tuple[str, ...], Any] = {}
        self._nested: dict[tuple[str, ...], list[NestedRow]] = {}

    def set(self, column: BoundColumn, raw: Any, *, label: str | None = None) -> None:
        """Set a field of the record itself; nothing when it holds that already."""
        old = self.base_raw(column)
        if same(old, raw):
            return
        self._flat[column.column.src] = raw
        self.changes.append(FieldChange(label or column.label, column.name, old, raw))

    def base_raw(self, column: BoundColumn) -> Any:
        """The field as it stands in the base."""
        return raw_at(self.base, column.column.src)

    def express(
        self, column: BoundColumn, value: Any, *, label: str | None = None, place: str = ""
    ) -> tuple[bool, Any]:
        """(True, raw value), or (False, None) with the problem noted."""
        try:
            return True, column.push(value)
        except BadValue as error:
            self.problem(column, error, value, label=label, place=place)
            return False, None

    def problem(
        self, column: BoundColumn, error: BadValue, value: Any, *, label: str | None = None, place: str = ""
    ) -> None:
        """Note that ``value`` cannot be written."""
        severity = column.severity if error.code == "unknown_code" else "quarantine"
        if error.code == "not_expressible":
            severity = "warn"
        self.problems.append(
            Problem(label or column.label, place + column.name, error.code, error.message, value, severity)
        )

    def put(self, column: BoundColumn, value: Any, *, label: str | None = None) -> None:
        """Express ``value`` and set it."""
        fine, raw = self.express(column, value, label=label)
        if fine:
            self.set(column, raw, label=label)

    def unset(self, column: BoundColumn, *, blank: bool = False) -> None:
        """The client has no value for this field: follow the row's ``unset`` (``blank``: the row has decided)."""
        policy = "blank" if blank and column.column.unset != "error" else column.column.unset
        if policy == "keep" or self.base_raw(column) in (None, ""):
            return
        if policy == "error" or column.column.required:
            self.missing(column)
        else:
            self.set(column, self.blank)

    def missing(self, column: BoundColumn) -> None:
        """The client has no value where the system needs one."""
        message = (
            "the client has no value here, and the field may not be empty: enter it in a system that holds the client"
        )
        self.problems.append(Problem(column.label, column.name, "required", message))

    def nested(self, each: tuple[str, ...], row: NestedRow, changes: list[FieldChange]) -> None:
        """Add a nested row, or join it to what another row of the document says about the same nested row."""
        rows = self._nested.setdefault(each, [])
        self.changes += changes
        for there in rows:
            if row.index is not None and there.index == row.index:
                there.fields.update(row.fields)
                return
        rows.append(row)

    def close(self, identity: BoundColumn) -> WriteBack:
        """The finished write-back."""
        problems = tuple(self.problems)
        stopping = {problem.field for problem in problems if problem.severity == "quarantine"}
        if stopping:
            waiting = sorted({change.field for change in self.changes} - stopping)
            return WriteBack({}, (), self.base, problems, tuple(waiting))
        if not (self._flat or self._nested):
            return WriteBack({}, (), self.base, problems)
        full = self.base
        fields: dict[str, Any] = {}
        if not self.is_new:
            _place(fields, identity.column.src, identity.raw(full))
            name = self.header.concurrency
            if name is not None and full.get(name) is not None:
                fields[name] = full[name]
        for src, raw in self._flat.items():
            full = _placed(full, src, raw)
        for src in self._flat:  # a nested object goes whole: few systems merge objects
            fields[src[0]] = full[src[0]]
        for each, rows in self._nested.items():
            base_rows = rows_at(full, each)
            _place(fields, each, [_as_sent(row) for row in rows])
            full = _placed(full, each, _overlaid(base_rows if isinstance(base_rows, list) else [], rows))
        return WriteBack(fields, tuple(self.changes), full, problems)


def same(old: Any, new: Any) -> bool:
    """Whether a field holds ``new`` already. Absent and empty are the same; ``1`` and ``True`` are not."""
    if old in (None, "") and new in (None, ""):
        return True
    return type(old) is type(new) and bool(old == new)


def _as_sent(row: NestedRow) -> dict[str, Any]:
    key = {row.key[0]: row.key[1]} if row.key else {}
    return {OPERATION: row.operation, **key, **row.fields}


def _overlaid(base: list[Any], rows: list[NestedRow]) -> list[Any]:
    by_index = {row.index: row for row in rows if row.index is not None}
    found = []
    for at, old in enumerate(base):
        row = by_index.get(at)
        if row is None:
            found.append(old)
        elif row.operation != "delete":
            found.append({**old, **row.fields})
    return found + [row.fields for row in rows if row.index is None]


def _place(record: dict[str, Any], src: tuple[str, ...], value: Any) -> None:
    for name in src[:-1]:
        record = record.setdefault(name, {})
    record[src[-1]] = value


def _placed(record: dict[str, Any], src: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of ``record`` with ``value`` at ``src``; only the objects on the way are copied."""
    if len(src) == 1:
        return {**record, src[0]: value}
    inner = record.get(src[0])
    return {**record, src[0]: _placed(inner if isinstance(inner, dict) else {}, src[1:], value)}
