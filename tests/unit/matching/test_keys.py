"""Index keys: what is worth comparing meets, and fillers do not."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from crm_bridge.matching import KEYS_VERSION, match_keys
from crm_bridge.matching.given_names import _TABLE

KEYS_OF = {"2.1": "81e197725637b10a54a422e03cf7bc24fce6490c14fac106f633cbdad534309a"}
"""Version of the rules → SHA-256 of the keys that they make of the test below."""


def test_rules_that_make_other_keys_have_another_version(person: Any) -> None:
    """Stored keys are made anew only then. Changed on purpose: raise KEYS_VERSION or FOLD_VERSION."""
    born, letters = "1985-03-08", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяёыъэәғқңөұүһ"
    docs = [person(f"{letters[at:]} {letters[: at + 1]}", born) for at in range(len(letters))]
    docs += [person(f"Коваль {name}", born) for name in _TABLE.split()]
    docs += [
        person(f"{spelling}ov {spelling}a", born) for spelling in ("shch", "tsch", "kh", "cz", "ck", "x", "ł", "王")
    ]
    docs += [person("A", born, phone=phone) for phone in ("+380505550101", "+380500000000", "+380123456789")]
    docs += [person("A", born, email=email) for email in ("a@example.com", "info@example.com", "none@example.com")]
    docs += [person("A", born, postal_code=code) for code in ("04053", "00000", "sw1a 1aa")]
    docs += [{"kind": "organisation", "name": {"text": f"{form} Ромашка"}} for form in ("ТОВ", "LLC", "ФОП", "")]
    made = hashlib.sha256(repr([match_keys(doc) for doc in docs]).encode()).hexdigest()

    assert {KEYS_VERSION: made} == KEYS_OF


def test_every_part_gives_its_keys(person: Any) -> None:
    """Identifiers, phones, e-mails, name and postal code with the whole birth date."""
    doc = person(
        "Шевченко Оксана Іванівна",
        "1985-03-08",
        record="1-4X7Q",
        phone="+380505550101",
        email="oksana@example.com",
        postal_code="04053",
    )

    assert match_keys(doc) == (
        "id:siebel.contact.row_id:1-4X7Q",
        "p:505550101",
        "e:oksana@example.com",
        "b:1985-03-08|sevcenko",
        "b:1985-03-08|ksenia",
        "b:1985-03-08|=04053",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Шевченко Оксана", "Shevchenko Oksana"),
        ("Шевченко Оксана", "Оксана Шевченко"),
        ("Петренко-Коваль Ганна", "Коваль Анна"),
        ("Коваль Саша", "Ковалева Олександр"),
    ],
)
def test_spellings_of_one_person_share_a_key(person: Any, one: str, other: str) -> None:
    """Scripts, swapped fields, double-barrelled and short names still meet."""
    born = "1985-03-08"

    assert set(match_keys(person(one, born))) & set(match_keys(person(other, born)))


@pytest.mark.parametrize(
    "parts",
    [
        {"born": "1900-01-01", "postal_code": "04053"},
        {"born": "1985", "postal_code": "04053"},
        {"born": "--03-08"},
        {"phone": "+380500000000"},
        {"email": "noemail@example.com"},
        {"tax": "0000000000"},
        {"contact_points": [{"type": "phone", "value": "+380505550101", "status": "wrong_person"}]},
    ],
)
def test_fillers_give_no_keys(person: Any, parts: dict[str, Any]) -> None:
    """Half a birth date, 01.01.1900, zeros, and a number that reaches somebody else would meet everybody."""
    assert match_keys(person("Шевченко Оксана", **parts)) == ()


def test_a_row_number_is_no_filler(person: Any) -> None:
    """A system may well number a row 11111."""
    assert match_keys(person(record="11111")) == ("id:siebel.contact.row_id:11111",)


def test_organisations_and_claims_have_keys() -> None:
    """An organisation by its name without the legal form, a claim by its number."""
    one = {"kind": "organisation", "name": {"text": "ТОВ «Ромашка»"}}
    other = {"kind": "organisation", "name": {"text": "Ромашка, тов"}}

    assert match_keys(one) == match_keys(other) == ("on:romaska|",)
    assert match_keys({"number": "CL-2026-0042"}) == ("claim:CL-2026-0042",)


def test_an_empty_document_has_no_keys() -> None:
    """Nothing said, nothing met."""
    assert match_keys({"kind": "person"}) == ()
