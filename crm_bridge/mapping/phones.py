"""Telephone numbers to E.164, exactly or not at all.

Mobile numbers of UA, RU and KZ and landlines of UA in their usual spellings are read by a table, all others by
``phonenumbers``, which takes some hundred times as long. Both give
the same answer (a test holds them together). A number that is not valid in the numbering plan is refused: nothing is
completed or corrected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import phonenumbers

from crm_bridge.mapping.document import NO_REGION
from crm_bridge.mapping.values import BadValue

_EXT = re.compile(r"(?:[;,]?\s*(?:ext|доб|вн|extension|внутр)\.?\s*[=:]?\s*|\s*[xх#]\s*)(\d{1,7})\s*$", re.IGNORECASE)
_DROP = str.maketrans("", "", " -().\u00a0\u2009\u2010\u2011\u2013/\t")
_ALLOWED = re.compile(r"\+?[0-9]{4,17}")
_UA = re.compile(r"(?:39|50|6[36-8]|7[37]|9[1-9]|3[1-8]|4[13-8]|5[1-7]|6[12459])[0-9]{7}")
_RU = re.compile(r"9[0-9]{9}")
_KZ = re.compile(r"70[0-25-8][0-9]{7}|77[15-8][0-9]{7}")
_INVALID = "not a valid phone number: correct it in the system that holds it"
_LONGEST = 100  # characters of a number with all its brackets, blanks and extension
_NO_REGION = (
    "no country code, and no region whose national form it could be: name `region` under `defaults:` of the mapping, "
    "or in [bridge] of the configuration; or correct it in the system that holds it"
)
MEMORY = 65_536  # spellings remembered a region; numbers repeat in every run


@lru_cache(maxsize=64)
def phone_reader(region: str) -> Callable[[str], tuple[str, str | None]]:
    """A reader of phones whose national form is that of ``region`` (ISO 3166-1 alpha-2).

    The reader returns (E.164, extension) and raises :class:`BadValue` ``bad_phone``.
    """

    def read(text: str) -> tuple[str, str | None]:
        if text.startswith("+380") and len(text) == 13 and _UA.fullmatch(text, 4):
            return text, None  # as most systems send it, and as the slow way below would read it
        return read_slowly(text)

    @lru_cache(maxsize=MEMORY)
    def read_slowly(text: str) -> tuple[str, str | None]:
        if len(text) > _LONGEST:  # what looks for an extension takes its time over long blanks
            raise BadValue("bad_phone", _INVALID)
        extension = None
        match = _EXT.search(text)
        if match:
            extension, text = match[1], text[: match.start()]
        digits = text.translate(_DROP)
        if digits.startswith("tel:"):
            digits = digits[4:]
        if not _ALLOWED.fullmatch(digits):
            raise BadValue("bad_phone", _INVALID)
        if region == NO_REGION and digits[0] != "+":
            raise BadValue("bad_phone", _NO_REGION)
        return _usual(digits, region) or _by_numbering_plan(digits, region), extension

    return read


def international(digits: str) -> str:
    """``380505550101`` → ``+380505550101``: for systems that leave the plus out."""
    return digits if digits.startswith(("+", "0")) else "+" + digits


def _usual(digits: str, region: str) -> str | None:
    """The spellings that make up nearly all traffic: mobile, international or national of the region."""
    if digits.startswith("+380"):
        return digits if len(digits) == 13 and _UA.fullmatch(digits, 4) else None
    if digits.startswith("+7"):
        return digits if len(digits) == 12 and (_RU.fullmatch(digits, 2) or _KZ.fullmatch(digits, 2)) else None
    if region == "UA":
        if len(digits) == 10 and digits[0] == "0" and _UA.fullmatch(digits, 1):
            return "+38" + digits
        if len(digits) == 12 and digits.startswith("380") and _UA.fullmatch(digits, 3):
            return "+" + digits
        return None
    if region not in ("RU", "KZ") or len(digits) != 11 or digits[0] not in "78":
        return None
    russian = region == "RU" or digits[0] == "8"  # without a plus, Kazakhstan's plan takes a 7 for its own numbers only
    known = _KZ.fullmatch(digits, 1) or (russian and _RU.fullmatch(digits, 1))
    return "+7" + digits[1:] if known else None


def _by_numbering_plan(digits: str, region: str) -> str:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        raise BadValue("bad_phone", _INVALID) from None
    if not phonenumbers.is_valid_number(number):
        raise BadValue("bad_phone", _INVALID)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
