"""Index keys: what two records must share, at least one of, to be compared at all.

=====================================  ==================================================================
``id:{system}:{value}``                every identifier
``p:{last nine digits}``               every phone; the last nine, as comparison takes them, meet a wrong country code
``e:{address}``                        every e-mail; that of an office, such as info@, for organisations only
``b:{birth date}|{word}``              every word of family and given name with the whole birth date. Given names by the
                                       name they stand for; with one kind of key for both, swapped fields still meet
``b:{birth date}|={postal code}``      every postal code with the whole birth date
``on:{name}|{country}``                organisations: folded name without its legal form
``claim:{number}``                     claims
=====================================  ==================================================================

Placeholders, and points that reach somebody else, give no keys. Keys with a birth date begin with it, so that all of
one record stand side by side in the index: finding and storing them touches one page of it instead of three or four.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from crm_bridge.matching.fold import FOLD_VERSION, fold_words
from crm_bridge.matching.given_names import given_names
from crm_bridge.matching.placeholders import (
    is_filler_number,
    is_filler_phone,
    is_personal_email,
    whole_birth_date,
)

KEYS_VERSION = f"{FOLD_VERSION}.1"
"""By which rules keys are made. The number behind the fold's own grows with every other change that gives a record
other keys, in this file, the given names or the placeholders: stored keys of another version are made anew."""

REACHES_ELSEWHERE = frozenset({"wrong_person", "invalid"})
_LEGAL_FORMS = frozenset(fold_words("тов пат прат ат пп фоп ооо оао зао пао ао ип тоо кт llc ltd inc gmbh jsc plc"))


def match_keys(doc: Mapping[str, Any]) -> tuple[str, ...]:
    """The index keys of a canonical document (person, organisation or claim), without repetition, in a fixed order."""
    keys: list[str] = []
    kind = doc.get("kind")
    for identifier in doc.get("identifiers", ()):
        value = identifier["value"]
        if identifier.get("type") == "record" or not is_filler_number(value):
            keys.append(f"id:{identifier['system']}:{value}")
    birth_date = whole_birth_date(doc.get("birth_date"))
    postal_codes: list[str] = []
    country = ""
    for point in doc.get("contact_points", ()):
        type_ = point["type"]
        if "status" in point and point["status"] in REACHES_ELSEWHERE:
            continue
        value = point["value"]
        if type_ == "phone":
            if not is_filler_phone(value):
                keys.append(phone_key(value))
        elif type_ == "email":
            if says_who(value, kind=kind):
                keys.append(f"e:{value}")
        elif type_ == "postal":
            address = point.get("address")
            if address:
                country = country or address.get("country", "")
                postal_code = address.get("postal_code")
                if postal_code:
                    postal_codes.append(postal_code)
    if kind == "person":
        if birth_date is not None:
            _add_birth_keys(keys, doc.get("name"), postal_codes, birth_date)
    elif kind == "organisation":
        words = organisation_words(doc.get("name", {}).get("text", ""))
        if words:
            keys.append(f"on:{' '.join(words)}|{country}")
    elif "number" in doc:
        keys.append(f"claim:{doc['number']}")
    return tuple(dict.fromkeys(keys))


def says_who(address: str, *, kind: str | None) -> bool:
    """Whether an e-mail tells whose a record is: that of an office tells it of an organisation only."""
    return is_personal_email(address, of_office=kind == "organisation")


def phone_key(e164: str) -> str:
    """The index key of a phone."""
    return f"p:{e164[-9:]}"


def organisation_words(name: str) -> tuple[str, ...]:
    """The folded words of an organisation's name, without words for its legal form."""
    words = fold_words(name)
    return tuple(word for word in words if word not in _LEGAL_FORMS) or words


@lru_cache(maxsize=16_384)
def folded_postal_code(value: str) -> str | None:
    """A postal code without its spaces, in capitals; ``None`` for a placeholder."""
    code = value.replace(" ", "").replace("-", "").upper()
    return None if is_filler_number(code) else code


@lru_cache(maxsize=65_536)
def _name_words(part: str) -> tuple[str, ...]:
    """The words of a name that keys are made of; an initial with a birth date would meet half the block."""
    words = [word for word in fold_words(part) if len(word) > 1]
    return tuple(name for word in words for name in sorted(given_names(word)) or (word,))


def _add_birth_keys(keys: list[str], name: Mapping[str, Any] | None, postal_codes: list[str], birth_date: str) -> None:
    if name is not None:
        written = name.get("family", ""), name.get("given", "")
        if written == ("", ""):
            written = name.get("text", ""), ""
        for part in written:
            if part:
                keys += [f"b:{birth_date}|{word}" for word in _name_words(part)]
    for each in postal_codes:
        code = folded_postal_code(each)
        if code is not None:
            keys.append(f"b:{birth_date}|={code}")
