"""Answers in UTF-16, brought to UTF-8 as they come in, so that every guard sees the characters that the parser sees.

XML 1.0 §4.3.3: a document in UTF-16 begins with a byte order mark; some leave it out and only declare the encoding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from crm_bridge_siebel.translation import OtherAnswer, UnreadableAnswer

_BEGINNINGS = ((b"\xff\xfe\x00\x00", ""), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UNMARKED = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))
_DECLARED = re.compile(r"""(\A<\?xml[^<>]*?\sencoding\s*=\s*)(["'])([A-Za-z0-9._-]+)\2""")
_SEEN = 64  # bytes in which a zero betrays an encoding that is not read byte by byte


def in_utf8(head: bytes, pieces: Iterator[bytes], *, system: str) -> Iterator[bytes] | None:
    """``pieces`` in UTF-8, where they are in UTF-16; ``None``: they can be read as they are.

    Args:
        head: their beginning, which stays among them.

    Raises:
        OtherAnswer: they are in UTF-32, or in none at all.
    """
    found = next((name for mark, name in (*_BEGINNINGS, *_UNMARKED) if head.startswith(mark)), None)
    if found:
        return _brought(pieces, found, system=system)
    if found is not None or b"\x00" in head[:_SEEN]:
        raise OtherAnswer(
            "the answer is in UTF-32 or in no encoding at all, which is not read: let the service answer in UTF-8",
            system=system,
        )
    return None


def _brought(pieces: Iterator[bytes], encoding: str, *, system: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    text, is_first = "", True
    while True:
        piece = next(pieces, b"")
        try:
            text += decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            raise UnreadableAnswer("the answer is not the UTF-16 that it begins with", system=system) from None
        if is_first and piece and ">" not in text and len(text) < _SEEN * 4:
            continue  # its declaration is not there yet
        if is_first:
            text, is_first = _declared_anew(text.removeprefix("\ufeff"), system=system), False
        if text:
            yield text.encode()
        if not piece:
            return
        text = ""


def _declared_anew(text: str, *, system: str) -> str:
    """``text`` with a declaration that says UTF-8, where it had said UTF-16."""
    found = _DECLARED.match(text)
    if found is None:
        return text
    if not found[3].lower().startswith("utf-16"):
        raise OtherAnswer(
            f"the answer is in UTF-16 and declares {found[3]}: let the service answer in UTF-8", system=system
        )
    return f"{found[1]}{found[2]}UTF-8{found[2]}{text[found.end() :]}"
