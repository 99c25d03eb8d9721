"""The formats of single values: keys, phones, e-mails, countries, currencies, languages, time zones.

A value is checked, never repaired: putting it into form is the mapping's work, where the raw spelling is still at hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from crm_bridge.model.code_lists import COUNTRIES, CURRENCIES, LANGUAGES

TEXT_PATTERN = r"\S"
LINE_PATTERN = r"^[^\r\n]*\S[^\r\n]*$"
KEY_PATTERN = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
_QUIET = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"

PATTERN_WORDS = {
    TEXT_PATTERN: "text that is not empty: leave the key out when there is nothing to say",
    LINE_PATTERN: "one line of text that is not empty",
    KEY_PATTERN: "a key of lower-case letters, digits, '_' and '-', in parts joined by dots, such as ua.rnokpp",
    _QUIET: "two times of day, such as 21:00-09:00",
}
"""What is allowed, in words, for every pattern of this module: the regular expression itself helps nobody."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """Marks a string type whose values come from a published list, so that mappings can be checked against it."""

    name: str
    codes: frozenset[str]


Text = Annotated[str, Field(pattern=TEXT_PATTERN)]
Line = Annotated[str, Field(pattern=LINE_PATTERN)]
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
QuietHours = Annotated[str, Field(pattern=_QUIET)]

_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters by Unicode's reckoning, and drawn as nothing
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMAIL = re.compile(r"[^\s@\"(),:;<>\[\\\]]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_LANGUAGE = re.compile(
    r"([a-z]{2,3})(-[A-Z][a-z]{3})?(-(?:[A-Z]{2}|\d{3}))?(-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*", re.ASCII
)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)


def check_phone(value: str) -> str:
    """E.164: ``+``, country code, number, 7 to 15 digits in all. Raises ``ValueError``."""
    if not _E164.fullmatch(value):
        raise ValueError("not E.164: give + and 7 to 15 digits, country code first, nothing between")
    return value


def check_email(value: str) -> str:
    """A lower-case mail address within the lengths of RFC 5321. Raises ``ValueError``."""
    if len(value) > 254 or not _EMAIL.fullmatch(value) or ".." in value or value[0] == "." or ".@" in value:
        raise ValueError("not an e-mail address: give local-part@domain, at most 254 characters")
    if value != value.lower():
        raise ValueError("an e-mail address is kept in lower case")
    return value


def _check_country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("not an ISO 3166-1 alpha-2 code: give two capital letters, such as UA")
    return value


def _check_currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("not an ISO 4217 code: give three capital letters, such as UAH")
    return value


def _check_language(value: str) -> str:
    match = _LANGUAGE.fullmatch(value)
    if not match or (len(match[1]) == 2 and match[1] not in LANGUAGES):
        raise ValueError("not a BCP 47 tag: give a language code such as uk (not ua), with script or region: uk-Cyrl")
    return value


@lru_cache(maxsize=1024)
def known_zone(value: str) -> bool:
    """Whether the IANA data of this machine have a zone of that name."""
    if not _ZONE.fullmatch(value):
        return False
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):  # a folder of zones ("Europe") is an OSError
        return False
    return True


def check_zone(value: str) -> str:
    if not known_zone(value):
        raise ValueError("not an IANA time zone: give a name such as Europe/Kyiv")
    return value


Phone = Annotated[str, AfterValidator(check_phone)]
Email = Annotated[str, AfterValidator(check_email)]
Country = Annotated[str, CodeList("ISO 3166-1 alpha-2", COUNTRIES), AfterValidator(_check_country)]
Currency = Annotated[str, CodeList("ISO 4217", CURRENCIES), AfterValidator(_check_currency)]
Language = Annotated[str, AfterValidator(_check_language)]
Zone = Annotated[str, AfterValidator(check_zone)]


def is_blank(text: str) -> bool:
    """Whether there is nothing in ``text`` that a person could see: no letters, or blanks and invisible ones alone."""
    return not text or text.isspace() or not (text.isascii() or any(map(_is_seen, text)))


def _is_seen(letter: str) -> bool:
    return letter.isprintable() and not letter.isspace() and letter not in _FILLERS
