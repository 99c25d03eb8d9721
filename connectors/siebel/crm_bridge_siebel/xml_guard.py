"""XML from outside, parsed without trust: no DTD, no entities, no external files, bounded depth, nothing fetched."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from lxml import etree

from crm_bridge_siebel.translation import UnreadableAnswer, translated

_SPACE = re.compile(rb"\s*")
_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL | re.IGNORECASE
)


def parser() -> etree.XMLParser:
    """A parser that reads nothing but the bytes it is given. ``huge_tree`` stays off: depth is bounded by libxml2."""
    return etree.XMLParser(**_OPTIONS)


def parse(body: bytes, *, system: str) -> etree._Element:
    """The root of ``body``.

    Raises:
        UnreadableAnswer: truncated, malformed or hostile.
    """
    refuse_dtd(body, system=system)
    try:
        root = etree.fromstring(body, parser())
    except etree.LxmlError as error:
        raise translated(error, system=system, doing="reading XML") from None
    refuse_internal_dtd(root, system=system)
    return root


def rows(body: bytes, *, tag: str) -> etree.iterparse[tuple[str, etree._Element]]:
    """Elements ``tag`` of ``body`` one after the other, as each is complete; the root is its ``root`` at the end."""
    return etree.iterparse(BytesIO(body), events=("end",), tag=tag, **_OPTIONS)


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
