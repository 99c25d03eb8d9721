"""Names of any script folded to one rough ASCII spelling: Шевченко and Shevchenko, Сергій and Сергей meet.

The fold loses on purpose: г, ґ, х and Latin g, h, kh fall together, so do и, і, ї, й, ы, y and j, and щ and ш. It
serves comparison and index keys only; people are always shown what the source wrote. Written for Ukrainian, Russian,
Kazakh and their usual Latin spellings; other Latin letters lose their accents. Letters of other scripts (王, 김, か)
are spelt by their Unicode numbers, so that a name of one of them is no initial. Everything is compared folded, because
the string functions of some databases count bytes and see a Cyrillic letter as two.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FOLD_VERSION = 2
"""Grows with every change of the fold: keys made by another version are not comparable, and are made anew."""

_LETTERS = dict(zip("абвгґғдезийкқлмнңоөпрстуұүфхһыіїәўёєэ", "abvgggdeziikklmnnooprstuuufggiiiaueee", strict=True))
_LETTERS |= {"ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia"}
_LETTERS |= {"ł": "l", "ß": "ss", "ø": "o", "æ": "e", "œ": "e", "đ": "d", "ð": "d", "þ": "t", "ı": "i"}
_LETTERS |= dict.fromkeys("ьъ'`\"", "")
_LETTERS |= dict.fromkeys("\u2019\u2018\u02bc\u02b9\u2032\u00b4\u201c\u201d", "")  # the apostrophes that keyboards make
_TABLE = str.maketrans(_LETTERS)
_APOSTROPHES = str.maketrans(dict.fromkeys("'`\"", ""))

# In order: longer spellings first. Capitals are stand-ins that later rules leave alone.
_SPELLINGS = (
    ("shch", "S"),
    ("tsch", "C"),
    ("sch", "S"),
    ("sh", "S"),
    ("zh", "Z"),
    ("kh", "g"),
    ("tch", "C"),
    ("ch", "C"),
    ("cz", "C"),
    ("ts", "C"),
    ("tz", "C"),
    ("ck", "k"),
    ("ph", "f"),
    ("th", "t"),
    ("x", "ks"),
    ("q", "k"),
    ("c", "k"),
    ("w", "v"),
    ("h", "g"),
    ("y", "i"),
    ("j", "i"),
    ("ie", "e"),
    ("io", "e"),
)
_DOUBLED = re.compile(r"([^0-9])\1+")
_BETWEEN = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=65_536)
def fold_words(text: str) -> tuple[str, ...]:
    """The folded words of a name: lower-case ASCII letters and digits; hyphens and all other signs divide words."""
    text = text.casefold()
    if text.isascii():
        text = text.translate(_APOSTROPHES)
    else:
        text = unicodedata.normalize("NFC", text).translate(_TABLE)
        if not text.isascii():  # accented Latin: drop the accents, then whatever no table knows
            text = "".join(map(_in_ascii, unicodedata.normalize("NFKD", text).translate(_TABLE)))
    for spelling, letters in _SPELLINGS:
        if spelling in text:
            text = text.replace(spelling, letters)
    return tuple(word for word in _BETWEEN.split(_DOUBLED.sub(r"\1", text.lower())) if word)


def _in_ascii(sign: str) -> str:
    """A sign that no table knows: of a letter of another script its number, in digits, which may stand doubled."""
    number, category = ord(sign), unicodedata.category(sign)
    if number < 0x80:
        return sign
    if category[0] in "PZ":
        return " "
    other_script = 0x370 <= number < 0x400 or number >= 0x530  # neither Latin nor Cyrillic
    return f"u{number}" if other_script and category[0] in "LMN" else ""


def fold(text: str) -> str:
    """The folded words in one string, one space between them."""
    return " ".join(fold_words(text))
