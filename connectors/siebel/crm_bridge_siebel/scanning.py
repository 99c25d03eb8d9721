"""Rows read from the characters of a page, without a tree: several times as fast as from any parser's elements.

It reads what Siebel writes: UTF-8, elements, text and references. What it cannot prove by that to be well-formed it
gives up on (:class:`OutOfTheOrdinaryError`), and a parser reads those rows, or the whole page, instead. Only the rows
are read here: the rest of the page, with one empty row in their place, is parsed in any case, which judges it and says
which prefix stands for what.

The proof: ``<`` and ``>`` take turns and nothing stands between that XML 1.0 forbids, each tag is understood, and each
one that was opened is closed in its turn. A comment, a CDATA section, an instruction or the declaration of a prefix is
no such tag. All patterns are possessive: none can be made to backtrack.

Which elements a row has, and in which order, is learned from the rows, for speed alone: what one row taught is how the
next is likely to be, and what is not as it was taught is read step by step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from crm_bridge_siebel.cutting import REFERENCE, Cut, OutOfTheOrdinaryError, chunks, decoded, referred
from crm_bridge_siebel.fitting import fitting
from crm_bridge_siebel.shapes import ROW_ID, Component

_MOST_WORDS = 5_000
_LONGEST_TAG = 1_000
_DEEPEST = 64  # levels below an element that the WSDL does not name
_MOST_LESSONS = 8
_LONGEST_LESSON = 1_000  # elements

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*+"
_TAG = re.compile(r"<([^<>]*+)>[^<]*+")
_LEAF = re.compile(r"<([^<>/ ]++)(?:(/)>|>[^<]*+</\1>)")
_START = re.compile(rf"""(?:({_NAME}):)?({_NAME})((?: (?:{_NAME}:)?{_NAME}=(?:"[^"&\t\n]*+"|'[^'&\t\n]*+'))*+) ?(/?)""")
_ATTRIBUTE = re.compile(rf""" (?:({_NAME}):)?({_NAME})=(?:"([^"]*+)"|'([^']*+)')""")
_MORE = frozenset({"false", "0"})

Record = dict[str, Any]
ReadRows = Callable[[bytes], Iterable[tuple[Record, Sequence[str]]]]
"""Records of some rows, each with the containers whose child rows are not all there."""


class Scanner:
    """Reads rows of ``component`` in pages where each prefix stands for the namespace that ``prefixes`` gives it.

    Args:
        otherwise: reads rows that are out of the ordinary, whole ones and some at a time. A piece that it finds
            well-formed ends where a row does, since markup is read from left to right; all others it refuses.
    """

    def __init__(self, component: Component, *, prefixes: Mapping[str | None, str], otherwise: ReadRows) -> None:
        self._rows = _Rows(component, prefixes)
        self._otherwise = otherwise

    def read(self, cut: Cut) -> tuple[list[Record], list[tuple[Record, str]]]:
        """The records of a page, and those (record, container) whose child rows did not all fit into it.

        Raises:
            OutOfTheOrdinaryError: it has to be parsed.
        """
        records: list[Record] = []
        partial: list[tuple[Record, str]] = []
        for chunk in chunks(cut):
            try:
                some: Iterable[tuple[Record, Sequence[str]]] = self._scanned(chunk)
            except OutOfTheOrdinaryError:
                some = self._otherwise(chunk)
            for record, missing in some:
                if not record.get(ROW_ID):
                    raise OutOfTheOrdinaryError
                records.append(record)
                partial += [(record, tag) for tag in missing]
        return records, partial

    def _scanned(self, chunk: bytes) -> list[tuple[Record, list[str]]]:
        text = decoded(chunk)
        at = text.index("<")
        found: list[tuple[Record, list[str]]] = []
        while at < len(text):
            missing: list[str] = []
            record, at = self._rows.read(text, at, missing)
            found.append((record, missing))
        return found


class _Word(NamedTuple):
    """What a start tag means within one component.

    Attributes:
        closing: the tag that ends it, without its brackets; ``None``: it ends itself.
        field: the name that a record carries it under.
        rows: reads what it holds, if it is a container.
        more: not all of a container's rows are there.
        qname: its whole name.
        part: reads the element itself, if it is a component without a container; ``many``: there may be several.
    """

    closing: str | None
    field: str | None
    rows: _Rows | None
    more: bool
    qname: str
    part: _Rows | None = None
    many: bool = False

    @property
    def is_leaf(self) -> bool:
        """Whether it may be read as text: a field, or an element that nobody knows."""
        return self.rows is None and self.part is None


class _Rows(dict[str, _Word]):
    """Reads the rows of one component. As a mapping it tells what each start tag means there, learning as it goes."""

    def __init__(self, component: Component, prefixes: Mapping[str | None, str], *, container: str = "") -> None:
        super().__init__()
        self.container = container
        self.tag = component.tag
        self._qname = component.qname
        self._prefixes = prefixes
        self._tags = [component.tags.get(name, name) for name in component.fields]
        self._fields = {component.field_qname(name): name for name in component.fields}
        self._lists = {child.qname: _Rows(child.component, prefixes, container=child.tag) for child in component.lists}
        self._parts = {part.qname: _Rows(part, prefixes) for part in (*component.parts, *component.rows)}
        self._many = frozenset(part.qname for part in component.rows)
        self._fit = fitting(component)
        self._row: _Row | None = None
        self._order: tuple[str, ...] = ()
        self._lessons = 0

    def read(self, text: str, at: int, missing: list[str]) -> tuple[Record, int]:
        """The row whose start tag is at ``at``, and where the tag behind it stands.

        Adds the containers whose rows are not all there to ``missing``.
        """
        begun, row = at, self._row
        if row is None or (first := row.match(text, at)) is None:
            self._row = row = self._unlearned(text, at)
            first = row.match(text, at)
            if first is None:
                raise OutOfTheOrdinaryError
        groups = first.groups()
        attributes, ended = groups[0], groups[-1]
        if attributes and self[row.opening + attributes].closing is None:
            raise OutOfTheOrdinaryError
        record: Record = {name: value for name, value in zip(row.names, groups[1:-1], strict=True) if value is not None}
        at = first.end()
        met: list[str] = []
        while not ended:
            tag, behind = _tag(text, at)
            if tag == row.ending:
                at = behind
                break
            closing, field, rows, more, _, part, many = self[tag]
            if field is not None:
                if field in record:
                    raise OutOfTheOrdinaryError
                met.append(tag)
                record[field] = ""
                if closing is not None:
                    record[field] = text[at + len(tag) + 2 : behind]
                    behind = _ended(text, behind, closing)
                at = behind
            elif rows is not None:
                if rows.container in record:
                    raise OutOfTheOrdinaryError
                record[rows.container], at = rows.all(text, behind, closing)
                if more:
                    missing.append(rows.container)
            elif part is not None:
                at = part.one_of(record, text, at, many=many)
            else:
                met.append(tag)
                at = self._behind(text, behind, closing)
        if met and self._lessons < _MOST_LESSONS and len(met) <= _LONGEST_LESSON:
            self._learn(row, met[0], seen=_LEAF.findall(text, begun, at))
        if text.find("&", begun, at) >= 0:
            for name, value in record.items():
                if isinstance(value, str) and "&" in value:
                    record[name] = REFERENCE.sub(referred, value)
        self._fit(record)
        return record, at

    def one_of(self, record: Record, text: str, at: int, *, many: bool) -> int:
        """Read the row at ``at`` into ``record``, and give where the tag behind it stands."""
        missing: list[str] = []
        row, at = self.read(text, at, missing)
        if missing or (not many and self.tag in record):
            raise OutOfTheOrdinaryError
        if many:
            record.setdefault(self.tag, []).append(row)
        else:
            record[self.tag] = row
        return at

    def all(self, text: str, at: int, ending: str | None) -> tuple[Record, int]:
        """What a container holds whose content begins at ``at``, and where the tag behind it stands."""
        found: list[Record] = []
        missing: list[str] = []
        if ending is not None:
            while not text.startswith(ending, at + 1):
                row, at = self.read(text, at, missing)
                found.append(row)
            at = _ended(text, at, ending)
        if missing:
            raise OutOfTheOrdinaryError
        return {self.tag: found}, at

    def _behind(self, text: str, at: int, ending: str | None) -> int:
        """Where the tag stands that follows an element nobody knows, whose content begins at ``at``."""
        endings = [ending] if ending is not None else []
        while endings:
            tag, at = _tag(text, at)
            if tag == endings[-1]:
                endings.pop()
                continue
            inner = self[tag].closing
            if inner is not None:
                endings.append(inner)
            if len(endings) > _DEEPEST:
                raise OutOfTheOrdinaryError
        return at

    def _unlearned(self, text: str, at: int) -> _Row:
        """How rows like the one at ``at`` begin."""
        word = self[_tag(text, at)[0]]
        if word.qname != self._qname or word.closing is None:
            raise OutOfTheOrdinaryError
        opening = word.closing[1:]
        prefix = opening[: -len(self.tag)]
        self._order = tuple(prefix + tag for tag in self._tags)
        return _Row(opening, {}, short=frozenset())

    def _learn(self, row: _Row, first: str, *, seen: list[tuple[str, str]]) -> None:
        """Expect the elements that were ``seen`` in a row; ``first`` is the first that ``row`` did not expect."""
        self._lessons += 1
        leaves = [tag for tag in dict(seen) if self[tag].is_leaf and self[tag].qname != self._qname]
        if first in row.tags:  # it was expected, but in another place
            order = [*dict.fromkeys((*leaves, *self._order))]
        else:
            order = list(self._order)
            for before, tag in pairwise(["", *leaves]):
                if tag not in order:
                    order.insert(order.index(before) + 1 if before else 0, tag)
        self._order = tuple(order)
        is_last = self._lessons == _MOST_LESSONS
        expected = row.tags.union(order if is_last else leaves)
        short = expected if is_last else row.short.union(tag for tag, slash in seen if slash)
        self._row = _Row(row.opening, {tag: self[tag].field for tag in order if tag in expected}, short=short)

    def __missing__(self, tag: str) -> _Word:
        """The meaning of a start tag, by its whole name and its attributes."""
        parts = _START.fullmatch(tag) if len(tag) <= _LONGEST_TAG else None
        if parts is None:
            raise OutOfTheOrdinaryError
        prefix, name, rest, empty = parts.groups()
        attributes: dict[str, str] = {}
        for within, attribute, *values in _ATTRIBUTE.findall(rest):
            if attribute == "xmlns" or attribute in attributes or (within and within not in self._prefixes):
                raise OutOfTheOrdinaryError
            attributes[attribute] = "" if within else "".join(values)
        namespace = self._prefixes.get(prefix)
        if prefix and namespace is None:
            raise OutOfTheOrdinaryError
        qname = f"{{{namespace}}}{name}" if namespace else name
        word = _Word(
            closing=None if empty else f"/{prefix}:{name}" if prefix else f"/{name}",
            field=self._fields.get(qname),
            rows=self._lists.get(qname),
            more=attributes.get("lastpage") in _MORE,
            qname=qname,
            part=self._parts.get(qname),
            many=qname in self._many,
        )
        if len(self) < _MOST_WORDS:
            self[tag] = word
        return word


class _Row:
    """A pattern for rows that are spelled in one way: the start tag, elements of text alone, the end if that follows.

    Each of the elements may be there or not.

    Args:
        opening: the row's tag.
        fields: the tags of the elements in their order, and the name that a record carries each under, if it does.
        short: those of them that may be closed by their start tag.
    """

    def __init__(self, opening: str, fields: Mapping[str, str | None], *, short: frozenset[str]) -> None:
        self.opening = opening
        self.ending = f"/{opening}"
        self.tags = frozenset(fields)
        self.short = short
        self.names: list[str] = []
        pattern = [f"<{re.escape(opening)}( [^<>]*+)?+>[^<]*+"]
        for tag, name in fields.items():
            value, empty = ("([^<]*+)", "()") if name else ("[^<]*+", "")
            whole = f">{value}</{re.escape(tag)}>"
            pattern.append(f"(?><{re.escape(tag)}{f'(?>{whole}|{empty}/>)' if tag in short else whole}[^<]*+|)")
            self.names += [name] * (1 + (tag in short)) if name else []
        pattern.append(f"(?>(</{re.escape(opening)}>)[^<]*+|)")
        self.match = re.compile("".join(pattern)).match


def _tag(text: str, at: int) -> tuple[str, int]:
    """The tag at ``at``, without its brackets, and where the one behind it stands."""
    found = _TAG.match(text, at)
    if found is None:
        raise OutOfTheOrdinaryError
    return found[1], found.end()


def _ended(text: str, at: int, ending: str) -> int:
    """Where the tag stands that follows ``ending``, which has to be at ``at``."""
    tag, behind = _tag(text, at)
    if tag != ending:
        raise OutOfTheOrdinaryError
    return behind
