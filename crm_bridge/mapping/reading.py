"""Reading: each row of a document becomes one step, a closure over its bound columns; a record runs through all steps.

A step adds to the document under construction and to the list of problems, and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from crm_bridge.mapping.columns import BoundColumn, Transforms, raw_at
from crm_bridge.mapping.document import FieldRow, ListRow
from crm_bridge.mapping.names import address_line
from crm_bridge.mapping.paths import Steps, look, put
from crm_bridge.mapping.values import BadValue, Problem

Problems: TypeAlias = list[Problem]
Step: TypeAlias = Callable[[Any, dict[str, Any], Problems], None]
# (record, the record around it, problems, field prefix) → item or None
ReadItem: TypeAlias = Callable[[Any, Any, Problems, str], Any]


def problem_of(error: BadValue, column: BoundColumn, record: Any, prefix: str = "") -> Problem:
    """A problem of a column. A code outside the value map follows the row's `unknown`; a refused name part only warns."""
    severity = column.severity if error.code == "unknown_code" else "quarantine"
    return Problem(column.label, prefix + column.name, error.code, error.message, column.raw(record), severity)


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


class BoundListRow:
    """A compiled :class:`ListRow`: its columns, and ``read_item`` for one item of it."""

    __slots__ = (
        "column",
        "field_prefix",
        "is_flag",
        "is_phone",
        "more",
        "more_groups",
        "part_groups",
        "parts",
        "read_item",
        "row",
        "value_steps",
    )

    def __init__(self, row: ListRow, transforms: Transforms) -> None:
        self.row = row
        self.column = BoundColumn(row.column, transforms) if row.column else None
        self.parts = tuple(BoundColumn(part, transforms) for part in row.parts)
        self.more = tuple(BoundColumn(part, transforms) for part in row.more)
        self.is_phone = row.column is not None and row.column.transform == "phone" and row.column.call is None
        self.is_flag = row.head == "consents" and row.column is not None and row.column.transform == "flag"
        self.value_steps: Steps = self.column.steps if self.column else ()
        self.part_groups = _fixed_groups(row, self.parts)
        self.more_groups = tuple(name for name in _fixed_groups(row, self.more) if name not in self.part_groups)
        self.field_prefix = ".".join(row.each)
        self.read_item = _pattern_reader(self) if row.pattern else _parts_reader(self) if self.parts else _value_reader(self)


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
                item["id"] = str(own)
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
            problems.append(Problem(row.label, ".".join(src), "bad_shape", "text is expected here: correct the system", raw))
            return
        for text in raw.split(split):
            if not text.strip():
                continue
            item = read_item(_nest(src, text.strip()), record, problems, "")
            if item is not None:
                doc.setdefault(head, []).append(item)

    return step


def _nest(src: tuple[str, ...], value: Any) -> dict[str, Any]:
    for name in reversed(src):
        value = {name: value}
    return value  # type: ignore[no-any-return]  # src has at least one name


def _fresh(item: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    """A maker of copies of the fixed values, deep where they are deep."""
    if not any(isinstance(value, dict | list) for value in item.values()):
        return dict(item).copy
    flat = {key: value for key, value in item.items() if not isinstance(value, dict | list)}
    deep = [(key, _fresh(value) if isinstance(value, dict) else value.copy) for key, value in item.items() if key not in flat]
    names = list(item)
    if len(deep) == 1 and names[-1] == deep[0][0]:
        key, make = deep[0]

        def one() -> dict[str, Any]:
            made = flat.copy()
            made[key] = make()
            return made

        return one

    def several() -> dict[str, Any]:
        made = flat.copy()
        for key, make in deep:
            made[key] = make()
        return made

    return several


def _value_reader(bound: BoundListRow) -> ReadItem:
    row, column, more = bound.row, bound.column, bound.more
    assert column is not None  # noqa: S101  # a row without parts has its own column
    pull, fresh, steps = column.pull, _fresh(row.item), bound.value_steps
    is_phone, is_flag, plain = bound.is_phone, bound.is_flag, row.plain
    leaf = steps[0] if len(steps) == 1 else None
    readable_more = tuple(each for each in more if each.readable)

    def read_item(record: Any, around: Any, problems: Problems, prefix: str) -> Any:
        try:
            value = pull(record)
        except BadValue as error:
            problems.append(problem_of(error, column, record, prefix))
            return None
        if value is None or value is False and is_flag:
            return None
        if plain:
            return value
        item = fresh()
        if is_phone:
            item["value"] = value[0]
            if value[1] is not None:
                item["ext"] = value[1]
        elif not is_flag:
            if leaf is not None:
                item[leaf] = value  # type: ignore[index]  # an item's first step is a name
            else:
                put(item, steps, value)
        if readable_more:
            _join_more(bound, readable_more, record, item, problems, prefix)
        return item

    return read_item


def _parts_reader(bound: BoundListRow) -> ReadItem:
    row, fresh = bound.row, _fresh(bound.row.item)
    parts = tuple((part, part.pull, part.steps, part.column.required) for part in bound.parts if part.readable)
    more = tuple(each for each in bound.more if each.readable)

    def read_item(record: Any, around: Any, problems: Problems, prefix: str) -> Any:
        found = None
        broken = False
        for part, pull, steps, _ in parts:
            try:
                value = pull(record)
            except BadValue as error:
                problem = problem_of(error, part, record, prefix)
                problems.append(problem)
                broken = broken or problem.severity == "quarantine"
                continue
            if value is not None:
                if found is None:
                    found = fresh()
                    for name in bound.part_groups:
                        del found[name]
                if part.column.transform == "phone" and part.column.call is None:
                    value = value[0]
                if len(steps) == 1:
                    found[steps[0]] = value  # type: ignore[index]  # an item's first step is a name
                else:
                    if steps[0] in bound.part_groups and steps[0] not in found:
                        found[steps[0]] = dict(row.item[steps[0]])  # type: ignore[index]  # as above
                    put(found, steps, value)
        if found is None or broken:
            return None
        for part, _, steps, required in parts:
            if required and look(found, steps) is None:
                problems.append(_missing(part, record, prefix))
                return None
        if row.is_address:
            found["value"] = address_line(found["address"])
        if more:
            _join_more(bound, more, record, found, problems, prefix)
        return found

    return read_item


def _pattern_reader(bound: BoundListRow) -> ReadItem:
    row = bound.row
    assert row.pattern is not None and row.column is not None  # noqa: S101, PT018  # the parser saw to it
    pattern, name, by_parts = re.compile(row.pattern), ".".join(row.column.src), _parts_reader(bound)
    src = row.column.src
    message = "a piece of this field is not of the row's pattern: correct it in the system that holds it"

    def read_item(record: Any, around: Any, problems: Problems, prefix: str) -> Any:
        text = raw_at(record, src)
        match = pattern.fullmatch(text)
        if match is None:
            problems.append(Problem(row.label, name, "bad_shape", message, text))
            return None
        groups = {group: value for group, value in match.groupdict().items() if value is not None}
        return by_parts(groups, around, problems, prefix) if not bound.more else _with_more(groups, around, problems, prefix)

    def _with_more(groups: dict[str, str], around: Any, problems: Problems, prefix: str) -> Any:
        return by_parts({**around, **groups}, around, problems, prefix)

    return read_item


def _join_more(
    bound: BoundListRow, more: tuple[BoundColumn, ...], record: Any, item: dict[str, Any], problems: Problems, prefix: str
) -> None:
    """Further fields of an item: each joins only where the object around it is there already."""
    filled = set()
    for each in more:
        steps = each.steps
        if len(steps) > 1 and look(item, steps[:-1]) is None:
            continue
        try:
            value = each.pull(record)
        except BadValue as error:
            problems.append(problem_of(error, each, record, prefix))
            continue
        if value is not None:
            if each.column.transform == "phone" and each.column.call is None:
                value = value[0]
            put(item, steps, value)
            filled.add(steps[0])
        elif each.column.required:
            problems.append(_missing(each, record, prefix))
    for name in bound.more_groups:
        if name not in filled and name in item and item[name] == bound.row.item[name]:
            del item[name]


def _fixed_groups(row: ListRow, columns: tuple[BoundColumn, ...]) -> tuple[str, ...]:
    """Fixed objects of the item that ``columns`` fill: such an object stands only with one of its fields."""
    filled = {column.steps[0] for column in columns if len(column.steps) > 1}
    return tuple(name for name in row.item if name in filled and isinstance(row.item[name], dict))


def _missing(column: BoundColumn, record: Any, prefix: str) -> Problem:
    message = "a value is needed here: enter it in the system that holds the record"
    return Problem(column.label, prefix + column.name, "required", message, column.raw(record))
