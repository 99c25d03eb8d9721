"""Items of canonical lists: each row of `lists`, compiled to a function that reads one item of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from crm_bridge.mapping.columns import BoundColumn, Transforms, raw_at
from crm_bridge.mapping.completeness import Whole, missing_in, wholes_of
from crm_bridge.mapping.document import ListRow
from crm_bridge.mapping.fitting import Misfits, misfits_of, remedy_of
from crm_bridge.mapping.names import address_line
from crm_bridge.mapping.paths import Steps, look, put
from crm_bridge.mapping.patterns import LONGEST
from crm_bridge.mapping.values import BadValue, Problem

Problems: TypeAlias = list[Problem]
# (record, the record around it, problems, field prefix) → item or None
ReadItem: TypeAlias = Callable[[Any, Any, Problems, str], Any]


def problem_of(error: BadValue, column: BoundColumn, record: Any, prefix: str = "") -> Problem:
    """A problem of a column. A code outside the value map follows the row's `unknown`."""
    severity = column.severity if error.code == "unknown_code" else "quarantine"
    return Problem(column.label, prefix + column.name, error.code, error.message, column.raw(record), severity)


class BoundListRow:
    """A compiled :class:`ListRow`: its columns, and ``read_item`` for one item of it."""

    __slots__ = (
        "column",
        "field_prefix",
        "is_flag",
        "is_phone",
        "misfits",
        "more",
        "more_groups",
        "part_groups",
        "parts",
        "read_item",
        "row",
        "value_steps",
        "wholes",
    )

    def __init__(self, row: ListRow, transforms: Transforms, *, entity: str) -> None:
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
        read_item = _pattern_reader(self) if row.pattern else _parts_reader(self) if self.parts else _value_reader(self)
        self.wholes = _wholes(self, entity)
        self.misfits = misfits_of(row, entity=entity)
        read_item = _whole_reader(read_item, self.wholes) if self.wholes else read_item
        self.read_item = _fitting_reader(self, read_item, self.misfits) if self.misfits is not None else read_item


def _fresh(item: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    """A maker of copies of the fixed values, deep where they are deep."""
    if not any(isinstance(value, dict | list) for value in item.values()):
        return dict(item).copy
    flat = {key: value for key, value in item.items() if not isinstance(value, dict | list)}
    deep = [
        (key, _fresh(value) if isinstance(value, dict) else value.copy)
        for key, value in item.items()
        if key not in flat
    ]
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

    def read_item(record: Any, _: Any, problems: Problems, prefix: str) -> Any:
        try:
            value = pull(record)
        except BadValue as error:
            problems.append(problem_of(error, column, record, prefix))
            return None
        if value is None or (value is False and is_flag):
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


def _wholes(bound: BoundListRow, entity: str) -> tuple[Whole, ...]:
    """Values of an item that its columns can fill in part. What is fixed, or never missing, needs no looking at."""
    row = bound.row
    if row.plain:
        return ()
    given = {*row.item, *(str(part.steps[0]) for part in bound.parts if part.column.required)}
    if bound.column is not None and not bound.parts:
        given |= {"value"} if bound.is_phone else {"status"} if bound.is_flag else {str(bound.value_steps[0])}
    if row.is_address:
        given.add("value")
    columns = [*((bound.column,) if bound.column and not bound.parts else ()), *bound.parts, *bound.more]
    return wholes_of(columns, entity=entity, head=row.head, label=row.label, given=given)


def _whole_reader(read_item: ReadItem, wholes: tuple[Whole, ...]) -> ReadItem:
    """``read_item``, with an item quarantined that lacks what the model needs."""

    simple = all(not whole.steps for whole in wholes)
    needed = {name for whole in wholes for name, _, _ in whole.needed}

    def read_whole(record: Any, around: Any, problems: Problems, prefix: str) -> Any:
        before = len(problems)
        item = read_item(record, around, problems, prefix)
        if type(item) is dict and not (simple and item.keys() >= needed):
            problems += missing_in(item, wholes, record=record, problems=problems[before:], prefix=prefix)
        return item

    return read_whole


def _fitting_reader(bound: BoundListRow, read_item: ReadItem, misfits: Misfits) -> ReadItem:
    """``read_item``, with an item quarantined whose fields do not fit each other."""
    row = bound.row
    columns = [each for each in (bound.column, *bound.parts, *bound.more) if each is not None]

    def read_fitting(record: Any, around: Any, problems: Problems, prefix: str) -> Any:
        before = len(problems)
        item = read_item(record, around, problems, prefix)
        if item is None or len(problems) > before:
            return item
        found = misfits(item)
        for each in found:
            column = next((one for one in columns if one.column.path == each.path), columns[0])
            message = f"not of the model's form ({each.message}): {remedy_of(row, each.path)}"
            path = f"{row.label}.{each.path}"
            problems.append(Problem(path, prefix + column.name, "bad_value", message, each.value))
        return None if found else item

    return read_fitting


def _parts_reader(bound: BoundListRow) -> ReadItem:
    row, fresh, groups = bound.row, _fresh(bound.row.item), bound.part_groups
    parts = tuple((part, part.pull, part.steps, len(part.steps)) for part in bound.parts if part.readable)
    phones = {part for part, *_ in parts if part.column.transform == "phone" and part.column.call is None}
    required = tuple(part for part, *_ in parts if part.column.required)
    more = tuple(each for each in bound.more if each.readable)

    def read_item(record: Any, _: Any, problems: Problems, prefix: str) -> Any:
        found = None
        broken = False
        for part, pull, steps, depth in parts:
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
                    for name in groups:
                        del found[name]
                if phones and part in phones:
                    value = value[0]
                head: Any = steps[0]  # an item's first step is a name
                if depth == 1:
                    found[head] = value
                    continue
                if head not in found:
                    found[head] = dict(row.item[head]) if head in groups else [] if type(steps[1]) is int else {}
                if depth == 2 and type(steps[1]) is str:
                    found[head][steps[1]] = value
                else:
                    put(found, steps, value)
        if found is None or broken:
            return None
        for part in required:
            if look(found, part.steps) is None:
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
    too_long = f"a piece of this field has more than {LONGEST} characters, so the row's pattern is not tried on it: "
    too_long += "shorten it where it was entered, or correct the row's `split`"

    def read_item(record: Any, around: Any, problems: Problems, prefix: str) -> Any:
        text = raw_at(record, src)
        if len(text) > LONGEST:
            problems.append(Problem(row.label, name, "too_long", too_long, text))
            return None
        match = pattern.fullmatch(text)
        if match is None:
            problems.append(Problem(row.label, name, "bad_shape", message, text))
            return None
        groups = {group: value for group, value in match.groupdict().items() if value is not None}
        return (
            by_parts(groups, around, problems, prefix)
            if not bound.more
            else _with_more(groups, around, problems, prefix)
        )

    def _with_more(groups: dict[str, str], around: Any, problems: Problems, prefix: str) -> Any:
        return by_parts({**around, **groups}, around, problems, prefix)

    return read_item


def _join_more(
    bound: BoundListRow,
    more: tuple[BoundColumn, ...],
    record: Any,
    item: dict[str, Any],
    problems: Problems,
    prefix: str,
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
