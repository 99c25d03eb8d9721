"""A page's rows, cut out of it and made into text some at a time, where every character of them is an ordinary one.

The first half of the proof of :mod:`crm_bridge_siebel.scanning`: ``<`` and ``>`` take turns, and nothing stands between
that XML 1.0 forbids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crm_bridge_siebel.xml_guard import MOST_MARKUP, XINCLUDE

_CHUNK = 64 * 1024  # bytes that are read at once: they stay in the processor's cache
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_ORDINARY = bytes(code for code in range(256) if code not in b"<>" + _CONTROLS)
REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class OutOfTheOrdinaryError(Exception):
    """The page holds something that has to be looked at closely."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A page, its rows cut out.

    Attributes:
        rest: the page with one empty row in place of all.
        rows: from the first row's ``<`` to the last one's ``>``.
        closing: the end tag of a row.
    """

    rest: bytes
    rows: bytes
    closing: bytes


def cut(page: bytes, *, tag: str) -> Cut | None:
    """``page`` and its rows; ``None``: there are none, or they are spelled in an unusual way.

    Whether these are rows is for the parser to say: it has to find the empty one in its place.
    """
    first = re.search(rb"<((?:[A-Za-z_][A-Za-z0-9_.-]*+:)?" + re.escape(tag.encode()) + rb")[ >]", page)
    if first is None:
        return None
    closing = b"</" + first[1] + b">"
    start, last = first.start(), page.rfind(closing)
    if last < start:
        return None
    end = last + len(closing)
    return Cut(rest=page[:start] + b"<" + first[1] + b"/>" + page[end:], rows=page[start:end], closing=closing)


def chunks(cut: Cut) -> Iterator[bytes]:
    """The rows, some at a time."""
    start, size = 0, len(cut.rows)
    while start < size:
        end = cut.rows.find(cut.closing, start + _CHUNK)
        end = size if end < 0 else end + len(cut.closing)
        yield cut.rows[start:end]
        start = end


def decoded(chunk: bytes) -> str:
    """The text of ``chunk``, which holds no character and no reference that XML 1.0 forbids."""
    marks = chunk.translate(None, _ORDINARY)
    tags = len(marks) // 2
    if marks != b"<>" * tags or tags > MOST_MARKUP or XINCLUDE in chunk:
        raise OutOfTheOrdinaryError
    try:
        text = chunk.decode()
    except UnicodeDecodeError:
        raise OutOfTheOrdinaryError from None
    if "\ufffe" in text or "\uffff" in text:
        raise OutOfTheOrdinaryError
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # XML 1.0 §2.11
    if "&" in text and text.count("&") != REFERENCE.subn(referred, text)[1]:
        raise OutOfTheOrdinaryError
    return text


def referred(reference: re.Match[str]) -> str:
    name, decimal, hexadecimal = reference.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000:
        return chr(code)
    raise OutOfTheOrdinaryError
