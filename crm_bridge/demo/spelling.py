"""How the same name and number look in different systems: transliteration, slips of the keyboard, phone formats."""

from __future__ import annotations

import re
from random import Random

_COMMON = {
    "а": "a", "б": "b", "в": "v", "д": "d", "ж": "zh", "з": "z", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
    "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "ц": "ts", "ч": "ch", "ш": "sh", "ь": "", "’": "",
}  # fmt: skip
_UKRAINIAN = _COMMON | {
    "г": "h", "ґ": "g", "е": "e", "є": "ie", "и": "y", "і": "i", "ї": "i", "й": "i", "х": "kh", "щ": "shch",
    "ю": "iu", "я": "ia",
}  # fmt: skip
_UKRAINIAN_INITIAL = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
_RUSSIAN = _COMMON | {
    "г": "g", "е": "e", "ё": "e", "и": "i", "й": "i", "х": "kh", "щ": "shch", "ъ": "ie", "ы": "y", "э": "e",
    "ю": "iu", "я": "ia",
}  # fmt: skip
_NEIGHBOURS = {"о": "а", "е": "и", "и": "і", "а": "о", "і": "и", "н": "м", "a": "s", "e": "r", "o": "i"}
_SEPARATORS = re.compile(r"[\s().\-/]")


def latin(text: str, *, language: str) -> str:
    """``text`` in Latin letters as a passport writes it: Ukrainian after the Cabinet's resolution 55 of 2010, others
    after ICAO Doc 9303. Latin input comes back as it is."""
    table = _UKRAINIAN if language == "uk" else _RUSSIAN
    out: list[str] = []
    for position, letter in enumerate(text):
        low = letter.lower()
        starts_word = position == 0 or not (text[position - 1].isalpha() or text[position - 1] == "’")
        if language == "uk" and low == "г" and position and text[position - 1].lower() == "з":
            new = "gh"  # so that зг is not read as ж
        elif language == "uk" and starts_word and low in _UKRAINIAN_INITIAL:
            new = _UKRAINIAN_INITIAL[low]
        else:
            new = table.get(low, low)
        out.append(new.capitalize() if letter.isupper() else new)
    return "".join(out)


def with_slip(text: str, *, rng: Random) -> str:
    """``text`` with one slip of a hurried typist behind its first letter; words shorter than five letters stay."""
    if len(text) < 5:
        return text
    position = rng.randrange(2, len(text) - 1)
    before, letter, after = text[:position], text[position], text[position + 1 :]
    kind = rng.choice(("swap", "double", "drop", "neighbour"))
    if kind == "swap" and letter != after[0]:
        return before + after[0] + letter + after[1:]
    if kind == "double":
        return before + letter + letter + after
    if kind == "neighbour" and letter in _NEIGHBOURS:
        return before + _NEIGHBOURS[letter] + after
    return before + after


def digits(phone: str) -> str:
    """A number without its plus and separators, as SMS gateways write it; what is no number stays for the bridge to
    find."""
    bare = _SEPARATORS.sub("", phone.strip().removeprefix("+"))
    return bare if bare.isdecimal() else phone


def national(phone: str) -> str:
    """A Ukrainian number as it is said at home: ``(050) 555 01 01``. Numbers of other countries keep E.164."""
    if not phone.startswith("+380"):
        return phone
    rest = phone.removeprefix("+38")
    return f"({rest[:3]}) {rest[3:6]} {rest[6:8]} {rest[8:]}"


def dashed(phone: str) -> str:
    """A Ukrainian number as typed into a form: ``050 555-01-01``. Numbers of other countries keep E.164."""
    if not phone.startswith("+380"):
        return phone
    rest = phone.removeprefix("+38")
    return f"{rest[:3]} {rest[3:6]}-{rest[6:8]}-{rest[8:]}"
