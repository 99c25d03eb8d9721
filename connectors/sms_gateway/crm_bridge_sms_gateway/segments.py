"""How many parts a text takes: GSM 03.38 when every character is in it, UCS-2 otherwise. Pure.

A part of a longer text holds less, by the header that joins the parts; a character is never split over two of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED = frozenset("€[]{}^~|\\\f")  # sent behind an escape: two places each


class Alphabet(Enum):
    """How the text travels, and how many places one part has: alone, and as one of several."""

    GSM7 = (160, 153)
    UCS2 = (70, 67)


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs. ``places`` are septets in GSM 03.38 and 16-bit units in UCS-2."""

    alphabet: Alphabet
    places: int
    parts: int


def count_segments(text: str) -> Segments:
    """Count, as the network bills it. An empty text takes one part."""
    if all(letter in GSM7 or letter in GSM7_EXTENDED for letter in text):
        alphabet, sizes = Alphabet.GSM7, [2 if letter in GSM7_EXTENDED else 1 for letter in text]
    else:
        alphabet, sizes = Alphabet.UCS2, [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    places = sum(sizes)
    alone, joined = alphabet.value
    return Segments(alphabet, places, 1 if places <= alone else _packed(sizes, room=joined))


def _packed(sizes: Iterable[int], *, room: int) -> int:
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts
