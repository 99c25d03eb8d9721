"""The traits of a record that comparison looks at, taken out of its document once and compared many times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from crm_bridge.matching.fold import fold_words
from crm_bridge.matching.keys import REACHES_ELSEWHERE, folded_postal_code, organisation_words, says_who
from crm_bridge.matching.placeholders import (
    is_filler_number,
    is_filler_phone,
    placeholder_date,
)

_NOTHING: frozenset[str] = frozenset()
_NO_PAIRS: frozenset[tuple[str, str]] = frozenset()
_TAX_SYSTEMS = frozenset({"ua.rnokpp", "ua.edrpou", "ru.inn", "kz.iin", "kz.bin", "by.unp", "md.idno"})
_PATRONYMIC_ENDINGS = ("ovic", "evic", "ovna", "evna", "ivna")
_TITLES = frozenset(
    word
    for title in (
        "mr mrs ms miss sir dr rev hon lord lady col capt 1st 2nd 3rd",
        "пан пані панна доктор г-н г-жа господин",
    )
    for word in fold_words(title)
    if len(word) > 1
)
_GENERATIONS = {"jr": "jr", "junior": "jr", "мол": "jr", "молодший": "jr", "младший": "jr"} | dict.fromkeys(
    ("sr", "senior", "ст", "старший"), "sr"
)


class Traits(NamedTuple):
    """What there is to compare. Names are folded; empty means that the record is silent.

    Attributes:
        records: (system, value) of ``record`` identifiers: a row that is named twice is one client.
        personal: (system, value) of passports, loyalty cards and whatever else is given to one person.
        tax: (system, value) of tax identifiers.
        phones: the last nine digits, so that a wrong country code does not hide a shared phone.
        family: for an organisation, the words of its name.
        generation: ``jr`` or ``sr``, which tells a son from a father of the same name.
        birth_date: as in the document, possibly in part.
    """

    kind: str
    records: frozenset[tuple[str, str]]
    personal: frozenset[tuple[str, str]]
    tax: frozenset[tuple[str, str]]
    phones: frozenset[str]
    emails: frozenset[str]
    postal_codes: frozenset[str]
    family: tuple[str, ...]
    given: tuple[str, ...]
    patronymic: str
    generation: str
    birth_date: str
    gender: str


def traits(doc: Mapping[str, Any]) -> Traits:
    """The traits of a person's or an organisation's document. Placeholders count as silence."""
    records, personal, tax = _identifiers(doc)
    phones, emails, postal_codes = _contacts(doc)
    name = doc.get("name") or {}
    if doc.get("kind") == "organisation":
        return Traits(
            "organisation",
            records,
            personal,
            tax,
            phones,
            emails,
            postal_codes,
            organisation_words(name.get("text", "")),
            (),
            "",
            "",
            "",
            "",
        )
    family, given, patronymic = _name_parts(name)
    birth_date = doc.get("birth_date", "")
    gender = doc.get("gender", "")
    return Traits(
        "person",
        records,
        personal,
        tax,
        phones,
        emails,
        postal_codes,
        family,
        given,
        patronymic,
        _GENERATIONS.get(name["suffix"].casefold().strip(". "), "") if "suffix" in name else "",
        "" if placeholder_date(birth_date) else birth_date,
        gender if gender in ("male", "female") else "",
    )


def _name_parts(name: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    family, given = fold_words(name.get("family", "")), fold_words(name.get("given", ""))
    patronymic = "".join(fold_words(name.get("patronymic", "")))
    if not family and not given and "text" in name:  # unsplit: the order is a guess, which comparison checks both ways
        words = fold_words(name["text"])
        family, given = words[:1], words[1:]
    if not _TITLES.isdisjoint(given):
        given = tuple(word for word in given if word not in _TITLES)
    if len(given) > 1 and not patronymic and given[-1].endswith(_PATRONYMIC_ENDINGS):
        given, patronymic = given[:-1], given[-1]
    return family, given, patronymic


def _identifiers(
    doc: Mapping[str, Any],
) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    found = doc.get("identifiers")
    if not found:
        return _NO_PAIRS, _NO_PAIRS, _NO_PAIRS
    records, personal, tax = [], [], []
    for each in found:
        system, value, kind = each["system"], each["value"], each.get("type")
        if kind == "record":  # a row may well have the number 11111
            records.append((system, value))
        elif kind == "household" or is_filler_number(value):
            continue
        elif kind == "tax" or system in _TAX_SYSTEMS:
            tax.append((system, value))
        else:
            personal.append((system, value))
    return frozenset(records), frozenset(personal), frozenset(tax)


def _contacts(doc: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    found = doc.get("contact_points")
    if not found:
        return _NOTHING, _NOTHING, _NOTHING
    phones, emails, postal_codes = [], [], []
    for point in found:
        if point.get("status") in REACHES_ELSEWHERE:
            continue
        kind, value = point["type"], point["value"]
        if kind == "phone":
            if not is_filler_phone(value):
                phones.append(value[-9:])
        elif kind == "email":
            if says_who(value, kind=doc.get("kind")):
                emails.append(value)
        elif kind == "postal" and "address" in point and "postal_code" in point["address"]:
            code = folded_postal_code(point["address"]["postal_code"])
            if code is not None:
                postal_codes.append(code)
    return frozenset(phones), frozenset(emails), frozenset(postal_codes)
