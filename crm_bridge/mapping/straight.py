"""The straight way through a document: one Python function, written out from its rows, for records without a problem.

Nearly every record is such a one, and a closure or two a field are most of what reading it costs. The function knows
the usual forms and gives up, with ``None``, at whatever is out of the ordinary: a code that is not in its map, a list
where text should be, a field that is needed and missing. Such a record is read anew, row by row
(:mod:`crm_bridge.mapping.reading`), where what is wrong gets its words; nothing here makes a problem. A reading that
the function does give is the one that the rows give: a test holds the two together.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from crm_bridge.mapping.columns import BoundColumn
from crm_bridge.mapping.completeness import Whole, missing_in
from crm_bridge.mapping.document import Header
from crm_bridge.mapping.items import BoundListRow
from crm_bridge.mapping.names import address_line
from crm_bridge.mapping.paths import Steps, look, put
from crm_bridge.mapping.reading import Step, list_step
from crm_bridge.mapping.values import BadValue, Reading
from crm_bridge.model.formats import is_blank

# (record) → its reading, or None: to be read row by row
StraightReader: TypeAlias = Callable[[dict[str, Any]], Reading | None]

UNUSUAL = "return None"


class FieldSteps(NamedTuple):
    """A row of ``fields``. ``special``: it does more than to put the value of its column at its path."""

    step: Step
    bound: BoundColumn
    special: bool


def straight_reader(
    header: Header,
    *,
    own_id: BoundColumn,
    changed_at: BoundColumn | None,
    first: Sequence[FieldSteps],
    lists: Sequence[BoundListRow],
    last: Sequence[FieldSteps],
    required: Sequence[BoundColumn],
    wholes: tuple[Whole, ...],
    client_of: Callable[[Any, list[Any]], Any] | None,
) -> StraightReader:
    """Write and compile the function.

    Args:
        first, lists, last: the rows, in the order in which they are read.
        client_of: takes the reference to its client off a record; may add problems to the list that it is given.
    """
    text = _Text()
    reading, bad_value = text.bind("Reading", Reading), text.bind("BadValue", BadValue)
    with text.block("def read(record):"):
        with text.block("try:"):
            text.line("get, problems = record.get, []")
            text.line(f"record_id = {text.bind('identify', own_id.pull)}(record)")
            text.give_up_if(f"record_id is None or {text.bind('is_blank', is_blank)}(record_id)")
            text.line("doc = {}" if header.entity == "claim" else f"doc = {{'kind': {header.entity!r}}}")
            source, doc = _Source(text, "record", "get"), _Target(text, "doc", (row.bound for row in (*first, *last)))
            for row in first:
                _write_field(source, doc, row)
            for head in dict.fromkeys(row.row.head for row in lists):
                _write_list(source, head, [row for row in lists if row.row.head == head])
            for row in last:
                _write_field(source, doc, row)
            doc.check(required, wholes, record="record")
            _write_version(text, header.concurrency)
            text.line("changed_at = client = None")
            if changed_at is not None:
                with source.value_of(changed_at):
                    text.line("changed_at = value")
            if client_of is not None:
                text.line(f"client = {text.bind('client_of', client_of)}(record, problems)")
            text.give_up_if("problems")
            text.line(f"return {reading}(record_id, version, changed_at, doc, client)")
        with text.block(f"except {bad_value}:"):
            text.line(UNUSUAL)
    return text.compiled("read", file=f"<mapping {header.name}>")  # type: ignore[no-any-return]  # as it was written


class _Text:
    """The lines of a function, and the objects that they name.

    What stands in a document gets into the text as a literal by ``repr`` or not at all: no name of a field can be more
    than a string there.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._bound: dict[str, Any] = {}
        self._variables = 0

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def give_up_if(self, condition: str) -> None:
        with self.block(f"if {condition}:"):
            self.line(UNUSUAL)

    def variable(self, name: str) -> str:
        """A name that nothing else has."""
        self._variables += 1
        return f"{name}_{self._variables}"

    def bind(self, name: str, value: Any) -> str:
        """A name of ``value``."""
        bound = self.variable(name)
        self._bound[bound] = value
        return bound

    def compiled(self, name: str, *, file: str) -> Any:
        names = dict(self._bound)
        exec(compile("\n".join(self._lines), file, "exec"), names)  # noqa: S102  # as dataclasses get their methods
        return names[name]


class _Source:
    """A record, or a nested row: lines that take values off it. Objects around a value are looked for once."""

    def __init__(self, text: _Text, record: str, get: str) -> None:
        self.text, self.record, self._get = text, record, get
        self._around: dict[tuple[str, ...], str] = {}

    def fetch(self, src: tuple[str, ...], *, into: str) -> None:
        """``into`` = what stands at ``src``, or ``None``."""
        get = self._get
        for depth, name in enumerate(src[:-1], 1):
            around = self._around.get(src[:depth])
            if around is None:
                around = self._around[src[:depth]] = self.text.variable("around")
                self.text.line(f"{around} = {get}({name!r})")
                with self.text.block(f"if {around} is None or {around} == '':"):
                    self.text.line(f"{around} = {{}}")
                self.text.give_up_if(f"type({around}) is not dict")
            get = f"{around}.get"
        self.text.line(f"{into} = {get}({src[-1]!r})")

    @contextmanager
    def value_of(self, bound: BoundColumn) -> Iterator[None]:
        """A block in which ``value`` is the canonical value of ``bound``; it is passed over where there is none."""
        text = self.text
        self.fetch(bound.column.src, into="value")
        if bound.plain:
            with text.block("if value is not None:"):
                limit = f" or len(value) > {bound.plain}" if bound.plain < sys.maxsize else ""
                text.give_up_if(f"type(value) is not str{limit} or not value.isprintable()")
                text.line("value = value.strip()")
                with text.block("if value:"):
                    yield
            return
        with text.block("if value is not None and value != '':"):
            if bound.known is not None:
                kind, known = bound.known
                text.line(f"value = {text.bind('known', known)}.get(value) if type(value) is {kind.__name__} else None")
                text.give_up_if("value is None")
                yield
            else:
                text.line(f"value = {text.bind('take', bound.read)}(value)")
                with text.block("if value is not None:"):
                    yield


class _Target:
    """A document, or an item of a list: lines that put values into it. Objects within it are kept in variables."""

    def __init__(
        self, text: _Text, name: str, columns: Iterable[BoundColumn], *, fixed: Mapping[str, Any] | None = None
    ) -> None:
        self.text, self.name, self._fixed = text, name, fixed or {}
        self._paths = [bound.steps for bound in columns]
        self._groups: dict[str, str] = {}

    def begin(self, steps: Steps) -> None:
        """Stands before the block of a value that goes to ``steps``."""
        head = str(steps[0])
        if len(steps) > 1 and type(steps[1]) is str and head not in self._groups:
            self._groups[head] = self.text.variable("group")
            self.text.line(f"{self._groups[head]} = None")

    def place(self, steps: Steps, value: str) -> None:
        """``value`` at ``steps``."""
        head = str(steps[0])
        group = self._groups.get(head)
        if len(steps) == 1:
            self.text.line(f"{self.name}[{head!r}] = {value}")
        elif group is None:
            self._put(self.name, steps, steps, value)
        else:
            with self.text.block(f"if {group} is None:"):
                self.text.line(f"{group} = {self.name}[{head!r}] = {_literal(self._fixed.get(head, {}))}")
            if len(steps) == 2:
                self.text.line(f"{group}[{steps[1]!r}] = {value}")
            else:
                self._put(group, steps[1:], steps, value)

    def _put(self, target: str, rest: Steps, steps: Steps, value: str) -> None:
        alone = len(rest) == 2 and type(rest[1]) is int and [each[:-1] for each in self._paths].count(steps[:-1]) == 1
        if alone:
            self.text.line(f"{target}[{rest[0]!r}] = [{value}]")
        else:
            self.text.line(f"{self.text.bind('put', put)}({target}, {rest!r}, {value})")

    def changed(self, head: str) -> None:
        """Other lines may have put another object at ``head``."""
        if head in self._groups:
            self.text.line(f"{self._groups[head]} = {self.name}.get({head!r})")

    def check(self, required: Iterable[BoundColumn], wholes: Iterable[Whole], *, record: str) -> None:
        """What is needed has to be there."""
        text, name = self.text, self.name
        for bound in required:
            text.give_up_if(
                f"{bound.steps[0]!r} not in {name}"
                if len(bound.steps) == 1
                else f"{text.bind('look', look)}({name}, {bound.steps!r}) is None"
            )
        for whole in wholes:
            needed = {needed for needed, _, _ in whole.needed}
            if not whole.steps:
                text.give_up_if(" or ".join(f"{each!r} not in {name}" for each in sorted(needed)))
            elif len(whole.steps) > 1 or not needed <= set(self._fixed.get(str(whole.steps[0]), ())):
                missing = f"{text.bind('missing_in', missing_in)}({name}, {text.bind('wholes', (whole,))}"
                text.give_up_if(f"{missing}, record={record}, problems=())")


def _literal(value: Any) -> str:
    """A value of the document as Python: what is made each time that the line is run."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)


def _write_version(text: _Text, field: str | None) -> None:
    text.line("version = None")
    if field is None:
        return
    text.line(f"token = get({field!r})")
    _write_token(text, "token", into="version")
    text.line("elif token is not None:")
    text.line(f"    {UNUSUAL}")


def _write_token(text: _Text, name: str, *, into: str) -> None:
    """What is in ``name`` goes ``into`` as text: text that is not empty, or a whole number. The ``if`` stays open."""
    with text.block(f"if type({name}) is str:"):
        text.give_up_if(f"not {name}.isprintable()")
        with text.block(f"if {name}:"):
            text.line(f"{into} = {name}")
    with text.block(f"elif type({name}) is int:"):
        text.line(f"{into} = str({name})")


def _write_field(source: _Source, doc: _Target, row: FieldSteps) -> None:
    steps = row.bound.steps
    if row.special:
        source.text.line(f"{source.text.bind('step', row.step)}(record, doc, problems)")
        doc.changed(str(steps[0]))
        return
    doc.begin(steps)
    with source.value_of(row.bound):
        doc.place(steps, "value")


def _write_list(source: _Source, head: str, rows: Sequence[BoundListRow]) -> None:
    """All items of one list, in ``items``."""
    text = source.text
    text.line("items = []")
    for bound in rows:
        if bound.row.direction == "write":
            continue
        if bound.row.split is not None:
            text.line("own = {}")
            text.line(f"{text.bind('step', list_step(bound))}(record, own, problems)")
            text.line(f"items += own.get({head!r}, ())")
        elif bound.row.each:
            source.fetch(bound.row.each, into="rows")
            with text.block("if type(rows) is list:"), text.block("for nested in rows:"):
                text.give_up_if("type(nested) is not dict")
                _write_item(_Source(text, "nested", "nested.get"), bound)
            with text.block("elif rows is not None and rows != '':"):
                text.line(UNUSUAL)
        else:
            _write_item(source, bound)
    with text.block("if items:"):
        text.line(f"doc[{head!r}] = items")


def _write_item(source: _Source, bound: BoundListRow) -> None:
    """One item of ``items``, or none."""
    text, row = source.text, bound.row
    if bound.parts and not bound.more:
        text.line("item = None")
        _write_parts(source, bound)
    elif bound.column is not None and not bound.more:
        text.line("item = None")
        with source.value_of(bound.column):
            _write_value(text, bound)
    else:
        text.line(f"item = {text.bind('read_item', bound.read_item)}({source.record}, record, problems, '')")
    with text.block("if item is not None:"):
        if bound.misfits is not None:
            text.give_up_if(f"{text.bind('misfits', bound.misfits)}(item)")
        if row.each and not row.plain:
            text.line(f"own_id = nested.get({row.key!r})")
            _write_token(text, "own_id", into="item['id']")
        text.line("items.append(item)")


def _write_value(text: _Text, bound: BoundListRow) -> None:
    """The item of a row that has one column, within the block of its value."""
    if bound.row.plain:
        text.line("item = value")
        return
    if bound.is_flag:
        text.line(f"item = {_literal(bound.row.item)} if value else None")
        return
    text.line(f"item = {_literal(bound.row.item)}")
    if bound.is_phone:
        text.line("item['value'] = value[0]")
        with text.block("if value[1] is not None:"):
            text.line("item['ext'] = value[1]")
    elif len(bound.value_steps) == 1:
        text.line(f"item[{bound.value_steps[0]!r}] = value")
    else:
        text.line(f"{text.bind('put', put)}(item, {bound.value_steps!r}, value)")
    _Target(text, "item", ()).check((), bound.wholes, record="record")


def _write_parts(source: _Source, bound: BoundListRow) -> None:
    """The item of a row that has parts."""
    text, row = source.text, bound.row
    parts = [part for part in bound.parts if part.readable]
    item = _Target(text, "item", parts, fixed=row.item)
    made = _literal({name: value for name, value in row.item.items() if name not in bound.part_groups})
    for part in parts:
        item.begin(part.steps)
        with source.value_of(part):
            with text.block("if item is None:"):
                text.line(f"item = {made}")
            is_phone = part.column.transform == "phone" and part.column.call is None
            item.place(part.steps, "value[0]" if is_phone else "value")
    required = [part for part in parts if part.column.required]
    if row.is_address or required or bound.wholes:
        with text.block("if item is not None:"):
            text.line(
                f"item['value'] = {text.bind('address_line', address_line)}(item['address'])"
                if row.is_address
                else "pass"
            )
            item.check(required, bound.wholes, record=source.record)
