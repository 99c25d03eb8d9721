"""Records made to be mistaken: households, switchboards, placeholders and names of several spellings. All invented."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.matching import CERTAIN, POSSIBLE, PROBABLE, UNLIKELY, match, match_keys

PHONE = {"phone": "+380505550101"}
HOME = {"postal_code": "04053"}
BORN = "1985-03-08"

TWINS = {
    "different names": ("Коваль Тарас", "Коваль Остап"),
    "Олена and Олеся": ("Коваль Олена", "Коваль Олеся"),
    "Иван and Ян": ("Коваль Иван", "Коваль Ян"),
    "Катерина and Дарина": ("Коваль Катерина Василівна", "Коваль Дарина Василівна"),
    "a slip in one family name": ("Шевченко Олена", "Шевчеко Олеся"),
    "one in Latin letters": ("Коваль Іван", "Koval Yan"),
}
NOT_ASKED = {
    "father and son": (("Коваль Іван", "1955-03-08", PHONE), ("Коваль Іван", BORN, PHONE)),
    "father and son of one patronymic": (
        ("Коваль Іван Іванович", "1955-03-08", PHONE),
        ("Коваль Іван Іванович", BORN, PHONE),
    ),
    "father and son, year of one only": (("Коваль Іван", "1955", PHONE), ("Коваль Іван", BORN, PHONE)),
    "spouses": (("Коваль Іван", "", PHONE), ("Коваль Олена", "", PHONE)),
    "spouses, one abbreviated": (("Коваль Іван", "", PHONE), ("Коваль О.", "1980-01-02", PHONE)),
    "two of one firm on its number": (("Коваль Іван", BORN, PHONE), ("Шевченко Олена", "1980-01-02", PHONE)),
    "two of one firm and one given name": (("Коваль Іван", "", PHONE), ("Шевченко Іван", BORN, PHONE)),
    "brothers named Саша and Паша": (("Коваль Саша", "", PHONE), ("Коваль Паша", "", PHONE)),
}
ASKED = {
    "married, whole name else": (
        ("Шевченко Оксана Іванівна", BORN, PHONE),
        ("Коваль Оксана Іванівна", BORN, PHONE),
        PROBABLE,
    ),
    "a mistyped birth year": (("Коваль Іван", "1986-03-08", PHONE), ("Коваль Іван", BORN, PHONE), POSSIBLE),
    "a short form nobody listed": (("Коваль Ксенія", BORN, PHONE), ("Коваль Ксюня", BORN, PHONE), PROBABLE),
    "another name that nobody listed": (("Коваль Ганна", BORN, PHONE), ("Коваль Зузя", BORN, PHONE), POSSIBLE),
    "one name in the wrong field": (("Коваль Оксана", BORN, {}), ("_ Коваль", BORN, {}), POSSIBLE),
    "a given name alone, as the family": (
        ("Коваль Оксана", BORN, PHONE),
        ("Оксана", BORN, PHONE),
        PROBABLE,
    ),
    "day and month exchanged": (("Коваль Іван", "1985-08-03", PHONE), ("Коваль Іван", BORN, PHONE), PROBABLE),
}
ONE_PERSON = {
    "kazakh, without patronymic": ("Нұрланов Серік", "Нурланов Серик"),
    "kazakh, one with patronymic": ("Сейтқали Айгүл Нұрланқызы", "Сейткали Айгуль"),
    "kazakh in latin letters": ("Әбенов Ерлан", "Abenov Yerlan"),
    "hyphen or space": ("Нечуй-Левицька Олена", "Левицька Олена"),
    "ё and е": ("Королёв Семён", "Королев Семен"),
    "і and и": ("Філіпов Сергій", "Филипов Сергей"),
    "ґ and г": ("Ґудзь Іван", "Гудзь Іван"),
    "apostrophes": ("Лук’яненко Дар'я", "Лукʼяненко Дарья"),
    "no apostrophe": ("Лук'яненко Оксана", "Лукяненко Оксана"),
}


def grade_of(left: dict[str, Any], right: dict[str, Any]) -> str | None:
    verdict, reverse = match(left, right), match(right, left)
    assert verdict == reverse
    return verdict.grade if verdict else None


@pytest.mark.parametrize("name", TWINS)
def test_nobody_is_asked_about_twins(person: Any, name: str) -> None:
    """One birth date, phone, address and family name, and two given names that the table knows as two."""
    left, right = (person(each, BORN, **PHONE, **HOME) for each in TWINS[name])

    assert grade_of(left, right) == UNLIKELY


@pytest.mark.parametrize("name", NOT_ASKED)
def test_nobody_is_asked_about_what_a_household_explains(person: Any, name: str) -> None:
    """Relatives and colleagues share a phone; the rest of the evidence says two persons, or says nothing."""
    (left_name, left_born, left), (right_name, right_born, right) = NOT_ASKED[name]

    assert grade_of(person(left_name, left_born, **left), person(right_name, right_born, **right)) == UNLIKELY


@pytest.mark.parametrize("name", ASKED)
def test_what_may_be_one_person_is_asked(person: Any, name: str) -> None:
    """A person can tell; the bridge cannot."""
    (left_name, left_born, left), (right_name, right_born, right), expected = ASKED[name]

    assert grade_of(person(left_name, left_born, **left), person(right_name, right_born, **right)) == expected


@pytest.mark.parametrize("name", ONE_PERSON)
def test_spellings_of_one_name_are_one_person(person: Any, name: str) -> None:
    """With phone and birth date the same."""
    left, right = (person(each, BORN, **PHONE) for each in ONE_PERSON[name])

    assert grade_of(left, right) == CERTAIN


@pytest.mark.parametrize("born", ["1900-01-01", "1970-01-01"])
def test_placeholder_dates_prove_nothing(person: Any, born: str) -> None:
    """Two namesakes whose forms filled in the same day are not one by that."""
    assert grade_of(person("Коваль Іван", born), person("Коваль Іван", born)) is None


@pytest.mark.parametrize("phone", ["+380000000000", "+380501111111", "+380501234567"])
def test_placeholder_phones_prove_nothing(person: Any, phone: str) -> None:
    """Nor do they bring records together."""
    doc = person("Коваль Іван", phone=phone)

    assert grade_of(doc, person("Коваль Іван", phone=phone)) is None
    assert match_keys(doc) == ()


@pytest.mark.parametrize("address", ["info@example.com", "office@example.com", "sales@example.com"])
def test_the_address_of_a_firm_proves_nothing_of_its_people(person: Any, address: str) -> None:
    """Two Іван Коваль who gave their employer's address may be two."""
    doc = person("Коваль Іван", email=address)

    assert grade_of(doc, person("Коваль Іван", email=address)) is None
    assert match_keys(doc) == ()


def test_the_address_of_a_firm_tells_of_the_firm() -> None:
    """It is the firm's own."""
    point = {"type": "email", "value": "info@example.com"}
    doc = {"kind": "organisation", "name": {"text": "Ромашка"}, "contact_points": [point]}

    assert "e:info@example.com" in match_keys(doc)
    assert grade_of(doc, doc) == PROBABLE


def test_what_speaks_for_more_weighs_more(person: Any) -> None:
    """Questions come by weight: a patronymic that agrees puts one in front, another postal code puts it back."""
    one = person("Коваль Іван Олегович", "", **PHONE, **HOME)
    others = [
        person("Коваль Іван Олегович", BORN, **PHONE),
        person("Коваль Іван", BORN, **PHONE),
        person("Коваль Іван", BORN, **PHONE, postal_code="01001"),
    ]
    weights = [verdict.weight for each in others if (verdict := match(one, each))]

    assert len(weights) == 3
    assert weights == sorted(set(weights), reverse=True)
