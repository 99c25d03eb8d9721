"""What a handset shows of a ``sendsms`` query, mistakes of the sender included, as Kannel's guide tells it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from crm_bridge_sms_gateway.segments import GSM7, GSM7_EXTENDED


def raw_query(query: bytes) -> Mapping[str, bytes]:
    """Names and undecoded values: only ``charset`` tells how the text is to be read."""
    pairs = (part.partition(b"=") for part in query.split(b"&") if part)
    return {name.decode("ascii", "replace"): unquote_to_bytes(value.replace(b"+", b" ")) for name, _, value in pairs}


def shown_text(text: bytes, *, coding: str, charset: str) -> str:
    """The text on the screen: seven bits know no Cyrillic, and sixteen are taken as UTF-16 unless a charset is said."""
    if coding == "2":
        return text.decode(charset or "utf-16-be", "replace")
    letters = text.decode(charset or "utf-8", "replace")
    return "".join(letter if letter in GSM7 or letter in GSM7_EXTENDED else "?" for letter in letters)
