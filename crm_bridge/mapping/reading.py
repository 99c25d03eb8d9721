"""Reading: each row of a document becomes one step, a closure over its bound columns; a record runs through all steps.

A step adds to the document under construction and to the list of problems, and never raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from crm_bridge.mapping.columns import BoundColumn, Transforms, raw_at
from crm_bridge.mapping.document import FieldRow
from crm_bridge.mapping.items import BoundListRow, Problems, problem_of
from crm_bridge.mapping.paths import Steps, look, put
from crm_bridge.mapping.transforms import as_text
from crm_bridge.mapping.values import BadValue, Problem

Step: TypeAlias = Callable[[Any, dict[str, Any], Problems], None]


def field_step(row: FieldRow, transforms: Transforms) -> tuple[Step, BoundColumn]:
    """The step of a row of `fields`."""
    bound = BoundColumn(row.column, transforms)
    pull, steps = bound.pull, bound.steps
    if not bound.readable:
        return _nothing, bound
    if row.column.transform == "split_name":
        return _merging(bound, row.if_absent), bound
    if row.if_absent:
        return _when_absent(bound, row.if_absent), bound
    if len(steps) == 1:
        only = steps[0]

        def step_flat(record: Any, doc: dict[str, Any], problems: Problems) -> None:
            try:
                value = pull(record)
            except BadValue as error:
                problems.append(problem_of(error, bound, record))
                return
            if value is not None:
                doc[only] = value  # type: ignore[index]  # the first step of a path is a name

        return step_flat, bound
    if len(steps) == 2 and type(steps[1]) is str:
        head, leaf = steps

        def step_pair(record: Any, doc: dict[str, Any], problems: Problems) -> None:
            try:
                value = pull(record)
            except BadValue as error:
                problems.append(problem_of(error, bound, record))
                return
            if value is not None:
                group = doc.get(head)  # type: ignore[arg-type]  # the first step of a path is a name
                if group is None:
                    doc[head] = {leaf: value}  # type: ignore[index]  # as above
                else:
                    group[leaf] = value

        return step_pair, bound

    def step_deep(record: Any, doc: dict[str, Any], problems: Problems) -> None:
        try:
            value = pull(record)
        except BadValue as error:
            problems.append(problem_of(error, bound, record))
            return
        if value is not None:
            put(doc, steps, value)

    return step_deep, bound


def _nothing(record: Any, doc: dict[str, Any], problems: Problems) -> None:
    """A row that is only written."""


def _merging(bound: BoundColumn, absent: tuple[Steps, ...]) -> Step:
    """A full name: its parts join those that other rows gave, and never replace one."""

    def step(record: Any, doc: dict[str, Any], problems: Problems) -> None:
        if absent and any(look(doc, path) is not None for path in absent):
            return
        try:
            parts = bound.pull(record)
        except BadValue as error:
            problems.append(problem_of(error, bound, record))
            return
        if parts:
            there = look(doc, bound.steps) or {}
            put(doc, bound.steps, {**parts, **there})

    return step


def _when_absent(bound: BoundColumn, absent: tuple[Steps, ...]) -> Step:
    def step(record: Any, doc: dict[str, Any], problems: Problems) -> None:
        if any(look(doc, path) is not None for path in absent) or look(doc, bound.steps) is not None:
            return
        try:
            value = bound.pull(record)
        except BadValue as error:
            problems.append(problem_of(error, bound, record))
            return
        if value is not None:
            put(doc, bound.steps, value)

    return step


def list_step(bound: BoundListRow) -> Step:
    """The step of a row of `lists`."""
    row, read_item, head = bound.row, bound.read_item, bound.row.head
    if row.direction == "write":
        return _nothing
    if row.each:
        return _nested_step(bound)
    if row.split is not None:
        return _split_step(bound)

    def step(record: Any, doc: dict[str, Any], problems: Problems) -> None:
        item = read_item(record, record, problems, "")
        if item is not None:
            items = doc.get(head)
            if items is None:
                doc[head] = [item]
            else:
                items.append(item)

    return step


def rows_at(record: Any, each: tuple[str, ...]) -> Any:
    """Nested rows: a list, ``None`` when there are none, or what stands there in its place."""
    value = record
    for name in each:
        if not isinstance(value, dict):
            return value if value not in (None, "") else None
        value = value.get(name)
    return value if value not in (None, "") else None


def _nested_step(bound: BoundListRow) -> Step:
    row, read_item, head, key, prefix = bound.row, bound.read_item, bound.row.head, bound.row.key, bound.field_prefix
    first, last = row.each[0], len(row.each) == 1

    def step(record: Any, doc: dict[str, Any], problems: Problems) -> None:
        if record.get(first) is None:
            return
        rows = record[first] if last else rows_at(record, row.each)
        if rows is None or rows == "":
            return
        if type(rows) is not list:
            message = "a list of rows is expected: correct the system, or the row's `each`"
            problems.append(Problem(row.label, prefix, "bad_shape", message, rows))
            return
        items = doc.get(head)
        for at, nested in enumerate(rows):
            if type(nested) is not dict:
                message = "a row with fields is expected: correct the system, or the row's `each`"
                problems.append(Problem(row.label, f"{prefix}[{at}]", "bad_shape", message, nested))
                continue
            item = read_item(nested, record, problems, f"{prefix}[{at}].")
            if item is None:
                continue
            own = nested.get(key)
            if type(item) is dict and (type(own) is str or type(own) is int) and own != "":
                try:
                    item["id"] = as_text(own)
                except BadValue as error:
                    problems.append(Problem(row.label, f"{prefix}[{at}].{key}", error.code, error.message, own))
                    continue
            if items is None:
                items = doc[head] = []
            items.append(item)

    return step


def _split_step(bound: BoundListRow) -> Step:
    row, read_item, head = bound.row, bound.read_item, bound.row.head
    assert row.column is not None and row.split is not None  # noqa: S101, PT018  # the parser saw to it
    src, split = row.column.src, row.split

    def step(record: Any, doc: dict[str, Any], problems: Problems) -> None:
        raw = raw_at(record, src)
        if raw is None or raw == "":
            return
        if type(raw) is not str:
            problems.append(
                Problem(row.label, ".".join(src), "bad_shape", "text is expected here: correct the system", raw)
            )
            return
        for text in raw.split(split):
            # control characters count as spaces for strip, and must not go unseen
            piece = text.strip() if text.isprintable() else text.strip(" \t\r\n\u00a0")
            if not piece:
                continue
            item = read_item(nest(src, piece), record, problems, "")
            if item is not None:
                doc.setdefault(head, []).append(item)

    return step


def nest(src: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A record that holds ``value`` at ``src`` and nothing else."""
    for name in reversed(src):
        value = {name: value}
    return value  # type: ignore[no-any-return]  # src has at least one name
