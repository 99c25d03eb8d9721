"""XML from outside, parsed without trust: no DTD, no entities, nothing fetched, bounded depth and size.

libxml2 bounds depth (256) and single texts and attributes (10 MB). What it does not bound is how many elements there
are: so markup is counted as it comes in, and a record, or what stands around the records, may hold only so much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol
from xml.sax.saxutils import quoteattr

from lxml import etree

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.translation import UnreadableAnswer, translated

MOST_MARKUP = 400_000  # `<` and `=` in one record, or in a whole message that is read at once
MOST_ATTRIBUTES = 50_000  # `=` alone, likewise: an attribute takes several times what an element takes
_LARGEST_WHOLE = 8 * 1024 * 1024
_STEP = 256 * 1024
_MOST_SHELLS = 256  # records that were read and stand empty in the tree
_MOST_BYTES = 32 * 1024 * 1024  # in one record
_MOST_WSDL_BYTES = 32 * 1024 * 1024
_MOST_WSDL_MARKUP = 1_500_000
XINCLUDE = b"http://www.w3.org/2001/XInclude"
_SHELL = "crm-bridge-shell"
_SPACE = re.compile(rb"\s*")
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL | re.IGNORECASE
)


class Readable(Protocol):
    """A binary file, or an answer that is still coming in."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes; ``b""`` at the end."""


class Rows:
    """Elements of one tag, one after the other as each is complete; whoever has read one gives it back.

    Args:
        source: the bytes, or what they come from.
        tag: in lxml's form.
    """

    def __init__(self, source: bytes | Readable, *, tag: str, system: str) -> None:
        self._system = system
        self._guarded = _Guarded(BytesIO(source) if isinstance(source, bytes) else source, system=system)
        self._held = 0
        options = {**_OPTIONS, "remove_pis": False}
        self._walker = etree.iterparse(self._guarded, events=("end", "pi"), tag=tag, **options)

    def __iter__(self) -> Iterator[tuple[str, etree._Element]]:
        for event, element in self._walker:
            if event == "pi":
                raise _refused("a processing instruction or a DTD", system=self._system)
            yield event, element

    @property
    def root(self) -> etree._Element:
        """The document's root, once all was read."""
        root: etree._Element = self._walker.root
        return root

    @property
    def taken(self) -> int:
        """Bytes of the source that were read so far."""
        return self._guarded.taken

    def done(self, element: etree._Element) -> None:
        """``element`` was read: drop its content, and whatever stood before it in the document."""
        element.clear()
        self._guarded.forget()
        self._held += 1
        if self._held < _MOST_SHELLS and self._guarded.standing < MOST_MARKUP:
            return  # empty shells are small, and taking them out one by one costs more than they hold
        self._held = 0
        self._guarded.standing = 0
        above: etree._Element | None = element
        while above is not None:
            parent = above.getparent()
            if parent is not None and parent[0] is not above:
                del parent[: parent.index(above)]
            above = parent


class _Guarded:
    """A readable that refuses too much markup, or an inclusion."""

    def __init__(self, source: Readable, *, system: str) -> None:
        self._source = source
        self._system = system
        self._end = b""
        self._first = True
        self.taken = 0
        self.standing = 0  # markup since the tree was last emptied, for whoever does that
        self.forget()

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(size)
        if self._first:
            self._first = False
            refuse_dtd(part, system=self._system)
        attributes = part.count(b"=")
        markup = part.count(b"<") + attributes
        self._markup += markup
        self._attributes += attributes
        self.standing += markup
        self._size += len(part)
        self.taken += len(part)
        if self._markup > MOST_MARKUP or self._size > _MOST_BYTES:
            raise _refused(
                f"a record of more than {MOST_MARKUP} pieces of markup or {_MOST_BYTES >> 20} MB", system=self._system
            )
        if self._attributes > MOST_ATTRIBUTES:
            raise _refused(f"a record of more than {MOST_ATTRIBUTES} attributes", system=self._system)
        if XINCLUDE in self._end + part:
            raise _refused("an inclusion (XInclude)", system=self._system)
        self._end = part[-len(XINCLUDE) :]
        return part

    def forget(self) -> None:
        """What came so far was read and dropped."""
        self._markup = 0
        self._attributes = 0
        self._size = 0


def parser() -> etree.XMLParser:
    """A parser that reads nothing but the bytes it is given. ``huge_tree`` stays off: depth is bounded by libxml2."""
    return etree.XMLParser(**_OPTIONS)


def opening_parser() -> etree.XMLPullParser:
    """A parser that is fed piece by piece and tells what starts and ends, for the beginning of an answer."""
    return etree.XMLPullParser(events=("start", "end", "pi"), **{**_OPTIONS, "remove_pis": False})


def parse(body: bytes, *, system: str) -> etree._Element:
    """The root of ``body``.

    Raises:
        UnreadableAnswer: truncated, malformed or hostile.
    """
    refuse_dtd(body, system=system)
    attributes = body.count(b"=")
    if body.count(b"<") + attributes > MOST_MARKUP or attributes > MOST_ATTRIBUTES:
        raise _refused(
            f"more than {MOST_MARKUP} pieces of markup, or {MOST_ATTRIBUTES} attributes, in one message", system=system
        )
    if XINCLUDE in body:
        raise _refused("an inclusion (XInclude)", system=system)
    try:
        root = etree.fromstring(body, parser())
    except etree.LxmlError as error:
        raise translated(error, system=system, doing="reading XML") from None
    refuse_internal_dtd(root, system=system)
    return root


def parse_or_none(content: bytes) -> etree._Element | None:
    """The root of a document that :func:`refuse_hostile_document` let through; ``None``: it is not well-formed."""
    try:
        return etree.fromstring(content, parser())
    except etree.XMLSyntaxError:
        return None


def rows(source: bytes | Readable, *, tag: str, system: str) -> Rows:
    """Elements ``tag`` of ``source`` one after the other; see :class:`Rows`."""
    return Rows(source, tag=tag, system=system)


def parse_plain(content: bytes, *, system: str) -> etree._Element | None:
    """The root of a plain document: XML 1.0 in UTF-8 without DTD, instructions and inclusions; ``None``: it is none."""
    if content.count(b"<?") > content.startswith(b"<?xml "):
        return None
    try:
        root = parse(content, system=system)
    except UnreadableAnswer:
        return None
    told = root.getroottree().docinfo
    return root if told.xml_version == "1.0" and (told.encoding or "").lower() == "utf-8" else None


@dataclass(frozen=True, slots=True)
class Shell:
    """What has to stand around children of an element so that they are parsed as if they stood there."""

    opening: bytes
    depth: int

    @staticmethod
    def of(element: etree._Element) -> Shell:
        """The same prefixes, and the same depth, which is bounded."""
        depth = 1 + sum(1 for _ in element.iterancestors())
        spaces = (
            f" xmlns{f':{prefix}' if prefix else ''}={quoteattr(space)}" for prefix, space in element.nsmap.items()
        )
        opening = f"<{_SHELL}{''.join(spaces)}>" + f"<{_SHELL}>" * (depth - 1)
        return Shell(opening.encode(), depth)

    def children(self, content: bytes, *, system: str) -> etree._Element | None:
        """The element that holds what ``content`` says; ``None``: it is not well-formed, or not plain."""
        if _SHELL.encode() in content:
            return None
        held = parse_plain(self.opening + content + f"</{_SHELL}>".encode() * self.depth, system=system)
        for _ in range(self.depth - 1):
            held = held[0] if held is not None else None
        return held


class _Behind:
    """A readable of which the beginning was read already."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._rest.read(size)
        cut = len(self._head) if size < 0 else size
        part, self._head = self._head[:cut], self._head[cut:]
        return part


def gathered(source: bytes | Readable) -> bytes | Readable:
    """All of ``source``, where it is not larger than most pages are."""
    if isinstance(source, bytes):
        return source
    parts: list[bytes] = []
    size = 0
    while size <= _LARGEST_WHOLE:
        part = source.read(_STEP)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    return _Behind(b"".join(parts), source)


def refuse_hostile_document(content: bytes, *, name: str, system: str) -> bytes:
    """``content`` of a WSDL or schema, which may be parsed.

    Raises:
        ConfigMistake: it has a DTD or an inclusion, or is larger than any WSDL.
    """
    try:
        refuse_dtd(content, system=system)
    except UnreadableAnswer:
        raise ConfigMistake(f"{system}: {name} has a DTD, or is in UTF-16, which is refused", path="wsdl") from None
    if XINCLUDE in content:
        raise ConfigMistake(f"{system}: {name} includes other files (XInclude), which is refused", path="wsdl")
    markup = content.count(b"<") + content.count(b"=")
    if len(content) > _MOST_WSDL_BYTES or markup > _MOST_WSDL_MARKUP:
        raise ConfigMistake(f"{system}: {name} is larger than any WSDL, and is refused", path="wsdl")
    return content


def _refused(what: str, *, system: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"an answer with {what} is refused", system=system)


def refuse_dtd(body: bytes, *, system: str) -> None:
    """SOAP 1.1 §3 forbids a DTD, and every entity attack needs one. Encodings that hide it are refused with it.

    Raises:
        UnreadableAnswer: there is one.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in body[:64] or _prolog_has_dtd(body):
        raise UnreadableAnswer("an answer with a DTD, or in UTF-16 or UTF-32, is refused", system=system)


def is_html(body: bytes, *, content_type: str) -> bool:
    """Whether this is a web page: a busy page or a log-in form in front of Siebel."""
    return "html" in content_type.lower() or _HTML.match(body[:2048]) is not None


def name_of(element: etree._Element) -> tuple[str, str]:
    """Namespace and local name. A prefix that nobody declared stays part of the name: lxml lets it pass."""
    space, closed, name = str(element.tag).rpartition("}")
    return (space[1:], name) if closed else ("", name)


def refuse_internal_dtd(root: etree._Element, *, system: str) -> None:
    """The same, as the parser found it.

    Raises:
        UnreadableAnswer: there is one.
    """
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableAnswer("an answer with a DTD is refused", system=system)


def _prolog_has_dtd(body: bytes) -> bool:
    """Whether a DTD stands before the root: a walk over the prolog, since a pattern could be made to backtrack."""
    at = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    while True:
        at = _SPACE.match(body, at).end()  # type: ignore[union-attr]  # it matches nothing at least
        for opening, closing in ((b"<?", b"?>"), (b"<!--", b"-->")):
            if body.startswith(opening, at):
                end = body.find(closing, at)
                if end < 0:
                    return False
                at = end + len(closing)
                break
        else:
            return body.startswith(b"<!", at)


_OPTIONS: dict[str, Any] = {  # Any: the stubs give each parser option a type of its own
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
