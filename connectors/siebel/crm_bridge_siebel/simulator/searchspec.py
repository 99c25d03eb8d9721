"""A part of Siebel's search specifications: AND, OR, brackets, comparisons, LIKE, IS NULL. The rest is refused.

Comparison with an empty field is never true, as in SQL. Dates compare as dates, ``LIKE`` knows ``*`` and ``?``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

from crm_bridge_siebel.simulator.catalogue import Kind
from crm_bridge_siebel.simulator.manner import PLAIN, Manner, sought
from crm_bridge_siebel.simulator.refusals import RefusalError

Row: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Row], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<field>\[[^\]]+\])|(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<op><>|<=|>=|=|<|>)|(?P<bracket>[()])|(?P<word>~?[A-Za-z]+))"""
)
_BEHIND_ALL_IDS = "\U0010ffff"
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """``[field] op value``; ``op`` may also be LIKE, ~LIKE, IS NULL, IS NOT NULL. ``value`` is comparable already."""

    field: str
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Junction:
    """``parts`` joined by AND or OR."""

    op: str
    parts: tuple[Node, ...]


Node: TypeAlias = Comparison | Junction


def parsed(
    text: str,
    kind: Kind,
    *,
    manner: Manner = PLAIN,
    qualified: bool = False,
    tag_of: Callable[[str], str] | None = None,
) -> Node:
    """The tree of a search specification.

    Args:
        manner: how the call writes its values.
        qualified: names stand behind their component, as in ``[Contact.LastName]``.
        tag_of: the tag of a name where names are not tags; refuses one that there is not.

    Raises:
        RefusalError: it says something that this simulator does not know.
    """
    return _Parser(text, kind, manner=manner, qualified=qualified, tag_of=tag_of).whole()


def comparison(name: str, op: str, text: str, *, kind: Kind, manner: Manner) -> Comparison:
    """``[name] op text`` with the text made comparable.

    Raises:
        RefusalError: the text is no value of the field.
    """
    if op in {"LIKE", "~LIKE"}:
        return Comparison(field=name, op=op, value=text)
    if name in kind.dates:
        convert = sought(name, kind, manner)
        return Comparison(field=name, op=op, value=sortable(convert(text) if convert else text))
    if name in kind.numbers:
        return Comparison(field=name, op=op, value=_number(text))
    convert = sought(name, kind, manner)
    return Comparison(field=name, op=op, value=convert(text) if convert else text)


def all_of(nodes: list[Node]) -> Node | None:
    """Rows that fulfil every one of ``nodes``; ``None``: all rows."""
    if not nodes:
        return None
    return reduce(lambda one, two: Junction(op="AND", parts=(one, two)), nodes)


def predicate(node: Node, kind: Kind) -> Predicate:
    """``node`` as a function of a row."""
    if isinstance(node, Junction):
        parts = [predicate(part, kind) for part in node.parts]
        if len(parts) == 2:
            one, two = parts
            return (lambda row: one(row) and two(row)) if node.op == "AND" else (lambda row: one(row) or two(row))
        test = all if node.op == "AND" else any
        return lambda row: test(part(row) for part in parts)
    name = node.field
    if node.op == "IS NULL":
        return lambda row: not row.get(name)
    if node.op == "IS NOT NULL":
        return lambda row: bool(row.get(name))
    if node.op in {"LIKE", "~LIKE"}:
        match = re.compile(_pattern(node.value), re.IGNORECASE if node.op == "~LIKE" else 0).fullmatch
        return lambda row: bool(row.get(name)) and match(row[name]) is not None
    compare, wanted = _COMPARE[node.op], node.value
    convert = converter(name, kind)
    if convert is None:
        return lambda row: bool(row.get(name)) and compare(row[name], wanted)
    return lambda row: bool(row.get(name)) and compare(convert(row[name]), wanted)


def equals(node: Node, field: str) -> frozenset[Any] | None:
    """The values of ``field`` outside of which ``node`` is never true; ``None``: it does not limit them."""
    if isinstance(node, Comparison):
        return frozenset({node.value}) if node.field == field and node.op == "=" else None
    limits = [equals(part, field) for part in node.parts]
    known = [limit for limit in limits if limit is not None]
    if node.op == "AND":
        return frozenset.intersection(*known) if known else None
    return frozenset.union(*known) if len(known) == len(limits) else None


def at_least(node: Node, field: str) -> Any:
    """A value of ``field`` below which ``node`` is never true; ``None``: there is none. For finding where to begin."""
    if isinstance(node, Comparison):
        return node.value if node.field == field and node.op in {"=", ">", ">="} else None
    limits = [at_least(part, field) for part in node.parts]
    known = [limit for limit in limits if limit is not None]
    if node.op == "AND":
        return max(known) if known else None
    return min(known) if known and len(known) == len(limits) else None


def first_change(node: Node) -> tuple[str, str] | None:
    """A place in the order of (Updated, Id) before which ``node`` is never true; ``None``: there is none.

    Reading by key asks for what lies behind such a place, also when a whole bulk load shares one second.
    """
    if isinstance(node, Comparison):
        if node.field != "Updated" or node.op not in {"=", ">", ">="}:
            return None
        return (node.value, _BEHIND_ALL_IDS if node.op == ">" else "")
    limits = [first_change(part) for part in node.parts]
    known = [limit for limit in limits if limit is not None]
    if node.op == "OR":
        return min(known) if len(known) == len(limits) else None
    seconds, ids = equals(node, "Updated"), at_least(node, "Id")
    if seconds is not None and len(seconds) == 1 and ids is not None:
        known.append((next(iter(seconds)), ids))
    return max(known) if known else None


def converter(field: str, kind: Kind) -> Callable[[str], Any] | None:
    """How a field's text becomes comparable; ``None``: as it stands."""
    if field in kind.dates:
        return sortable
    return _number if field in kind.numbers else None


def sortable(text: str) -> str:
    """``MM/DD/YYYY[ HH:MM:SS]`` as text that sorts by time."""
    return f"{text[6:10]}{text[0:2]}{text[3:5]}{text[11:] or '00:00:00'}"


def _pattern(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


class _Parser:
    def __init__(
        self, text: str, kind: Kind, *, manner: Manner, qualified: bool, tag_of: Callable[[str], str] | None
    ) -> None:
        self._tag_of = tag_of
        self._kind = kind
        self._manner = manner
        self._qualified = qualified
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> Node:
        node = self._junction("OR")
        if self._at < len(self._tokens):
            raise _unknown(self._tokens[self._at][1])
        return node

    def _junction(self, word: str) -> Node:
        part: Callable[[], Node] = (lambda: self._junction("AND")) if word == "OR" else self._single
        parts = [part()]
        while self._accept("word", word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Junction(op=word, parts=tuple(parts))

    def _single(self) -> Node:
        if self._accept("bracket", "("):
            node = self._junction("OR")
            if not self._accept("bracket", ")"):
                raise _unknown("a bracket that is not closed")
            return node
        name = self._name(self._take("field")[1:-1])
        if self._accept("word", "IS"):
            negated = self._accept("word", "NOT")
            if not self._accept("word", "NULL"):
                raise _unknown("IS without NULL")
            return Comparison(field=name, op="IS NOT NULL" if negated else "IS NULL")
        for word in ("LIKE", "~LIKE"):
            if self._accept("word", word):
                return Comparison(field=name, op=word, value=_unquoted(self._take("text")))
        return comparison(name, self._take("op"), self._value(), kind=self._kind, manner=self._manner)

    def _name(self, written: str) -> str:
        """The field's tag. Qualified names may also be the field's own, with spaces: which one it is, is our guess."""
        if self._tag_of is not None:
            return self._tag_of(written)
        component, dot, name = written.partition(".")
        known = dot == "." and component == self._kind.component if self._qualified else dot == ""
        tag = name.replace(" ", "") if self._qualified else written
        if not known or tag not in self._kind.searchable:
            raise RefusalError(
                "SBL-DAT-00398", f"Field '{written}' does not exist in definition for '{self._kind.component}'"
            )
        return tag

    def _value(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        if token[0] not in {"text", "number"}:
            raise _unknown(token[1] or "an end without a value")
        self._at += 1
        return _unquoted(token[1]) if token[0] == "text" else token[1]

    def _accept(self, sort: str, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == sort:
            found = self._tokens[self._at][1]
            if found == text or (sort == "word" and found.upper() == text):
                self._at += 1
                return True
        return False

    def _take(self, sort: str) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != sort:
            raise _unknown(self._tokens[self._at][1] if self._at < len(self._tokens) else "an early end")
        self._at += 1
        return self._tokens[self._at - 1][1]


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _unknown(text[at:].strip()[:20])
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        at = found.end()
    return tokens


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _unknown(what: str) -> RefusalError:
    return RefusalError("SBL-EAI-04316", f"This simulator does not know the search specification's: {what}")
