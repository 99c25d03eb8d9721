"""Named cases: who is one client, who is a relative, and who is for people to decide. All of them are invented."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.hookspecs import Grade
from crm_bridge.matching import CERTAIN, POSSIBLE, PROBABLE, UNLIKELY, match

PHONE = {"phone": "+380505550101"}
EMAIL = {"email": "family@example.com"}
HOME = {"postal_code": "04053"}
BORN = "1985-03-08"
TAX = {"tax": "3111010107"}
OTHER_TAX = {"tax": "3111010113"}

CASES: dict[str, tuple[tuple[str, str, dict[str, str]], tuple[str, str, dict[str, str]], str | None]] = {
    "cyrillic and latin": (("Шевченко Оксана", BORN, PHONE), ("Shevchenko Oksana", BORN, PHONE), CERTAIN),
    "ukrainian and russian": (("Шевченко Олександр", BORN, EMAIL), ("Шевченко Александр", BORN, EMAIL), CERTAIN),
    "short form": (("Шевченко Саша", BORN, PHONE), ("Шевченко Олександр", BORN, PHONE), CERTAIN),
    "home and birth date": (("Шевченко Оксана", BORN, HOME), ("Шевченко Оксана", BORN, HOME), CERTAIN),
    "misspelt family": (("Шевченко Оксана", BORN, PHONE), ("Шевчеко Оксана", BORN, PHONE), CERTAIN),
    "misspelt given": (("Шевченко Оксана", BORN, PHONE), ("Шевченко Окасна", BORN, PHONE), PROBABLE),
    "alike given": (("Коваль Данило", BORN, PHONE), ("Коваль Данила", BORN, PHONE), PROBABLE),
    "alike given, another father": (
        ("Коваль Данило Петрович", BORN, PHONE),
        ("Коваль Данила Іванович", BORN, PHONE),
        POSSIBLE,
    ),
    "alike given, no birth date": (("Коваль Данило", "", PHONE), ("Коваль Данила", "", PHONE), POSSIBLE),
    "alike given on one tax id": (("Коваль Данило", BORN, TAX), ("Коваль Данила", BORN, TAX), PROBABLE),
    "misspelt family and given": (("Шевченко Оксана", BORN, PHONE), ("Шевчеко Окасна", BORN, PHONE), PROBABLE),
    "misspelt family, another father": (
        ("Шевченко Іван Петрович", BORN, PHONE),
        ("Шевчеко Іван Олегович", BORN, PHONE),
        PROBABLE,
    ),
    "misspelt family, no birth date": (("Шевченко Оксана", "", PHONE), ("Шевчеко Оксана", "", PHONE), PROBABLE),
    "misspelt family, no contact": (("Шевченко Оксана", BORN, {}), ("Шевчеко Оксана", BORN, {}), PROBABLE),
    "family alike, two letters off": (("Коваленко Ганна", BORN, PHONE), ("Ковальчик Ганна", BORN, PHONE), PROBABLE),
    "family begins alike": (("Коваль Ганна", BORN, PHONE), ("Коваленко Ганна", BORN, PHONE), PROBABLE),
    "female form of the family": (("Петров Олена", BORN, PHONE), ("Петрова Олена", BORN, PHONE), CERTAIN),
    "female form in -ська": (("Ковальський Олена", BORN, PHONE), ("Ковальська Олена", BORN, PHONE), CERTAIN),
    "twins of one short form": (("Петров Саша", BORN, PHONE), ("Петрова Саша", BORN, PHONE), PROBABLE),
    "twins of one short form in -ська": (
        ("Ковальський Женя", BORN, PHONE),
        ("Ковальська Женя", BORN, PHONE),
        PROBABLE,
    ),
    "twins of one unknown name": (("Петров Ясмін", BORN, PHONE), ("Петрова Ясмін", BORN, PHONE), PROBABLE),
    "swapped fields": (("Шевченко Оксана", BORN, PHONE), ("Оксана Шевченко", BORN, PHONE), CERTAIN),
    "half of a double-barrelled name": (("Петренко-Коваль Ганна", BORN, PHONE), ("Коваль Ганна", BORN, PHONE), CERTAIN),
    "patronymic missing": (("Коваль Ганна Олегівна", BORN, PHONE), ("Коваль Ганна", BORN, PHONE), CERTAIN),
    "patronymic in russian": (
        ("Коваль Ганна Миколаївна", BORN, PHONE),
        ("Коваль Анна Николаевна", BORN, PHONE),
        CERTAIN,
    ),
    "country code wrong": (("Коваль Ганна", BORN, PHONE), ("Коваль Ганна", BORN, {"phone": "+70505550101"}), CERTAIN),
    "initial only": (("Шевченко О.", BORN, PHONE), ("Шевченко Оксана", BORN, PHONE), PROBABLE),
    "married name": (("Шевченко Оксана", BORN, PHONE), ("Коваль Оксана", BORN, PHONE), PROBABLE),
    "birth date missing": (("Шевченко Оксана", "", PHONE), ("Шевченко Оксана", BORN, PHONE), PROBABLE),
    "birth year only": (("Шевченко Оксана", "1985", PHONE), ("Шевченко Оксана", BORN, PHONE), CERTAIN),
    "day and month exchanged": (("Шевченко Оксана", "1985-08-03", PHONE), ("Шевченко Оксана", BORN, PHONE), PROBABLE),
    "filler birth dates": (("Коваль Ганна", "1900-01-01", PHONE), ("Коваль Ганна", "1900-01-01", PHONE), PROBABLE),
    "namesakes born on one day": (("Шевченко Оксана", BORN, {}), ("Шевченко Оксана", BORN, {}), PROBABLE),
    "son of the same name": (("Коваль Іван", "1955-03-08", PHONE), ("Коваль Іван", BORN, PHONE), UNLIKELY),
    "son known by patronymic": (("Коваль Іван Петрович", "", PHONE), ("Коваль Іван Іванович", "", PHONE), UNLIKELY),
    "another father, same day": (
        ("Коваль Іван Петрович", BORN, PHONE),
        ("Коваль Іван Іванович", BORN, PHONE),
        PROBABLE,
    ),
    "twins": (("Коваль Марія", BORN, PHONE), ("Коваль Марина", BORN, PHONE), UNLIKELY),
    "brother and sister, twins": (("Коваль Олександр", BORN, PHONE), ("Коваль Олександра", BORN, PHONE), UNLIKELY),
    "spouses on one phone": (("Коваль Іван", "1980-01-02", PHONE), ("Коваль Олена", BORN, PHONE), UNLIKELY),
    "spouses, no birth dates": (("Коваль Іван", "", PHONE), ("Коваль Олена", "", PHONE), UNLIKELY),
    "neighbours": (("Коваль Іван", "1980-01-02", HOME), ("Шевченко Олена", BORN, HOME), None),
    "namesakes": (("Коваль Іван", "1980-01-02", {}), ("Коваль Іван", BORN, {}), None),
    "strangers": (("Коваль Іван", BORN, {}), ("Шевченко Олена", "1980-01-02", {}), None),
    "tax id and name": (("Коваль Іван", "", TAX), ("Коваль Іван", "", TAX), CERTAIN),
    "tax id, married": (("Коваль Оксана", BORN, TAX), ("Шевченко Оксана", BORN, TAX), CERTAIN),
    "tax id of a relative": (("Коваль Іван", "", TAX), ("Коваль Олена", "", TAX), PROBABLE),
    "tax id, another birth date": (("Коваль Іван", "1955-03-08", TAX), ("Коваль Іван", BORN, TAX), PROBABLE),
    "tax id alone": (("Коваль Іван", BORN, TAX), ("", "", TAX), PROBABLE),
    "two valid tax ids": (("Коваль Іван", BORN, PHONE | TAX), ("Коваль Іван", BORN, PHONE | OTHER_TAX), PROBABLE),
    "a mistyped tax id": (
        ("Коваль Іван", BORN, PHONE | TAX),
        ("Коваль Іван", BORN, PHONE | {"tax": "3111010108"}),
        CERTAIN,
    ),
    "filler tax ids": (("Коваль Іван", "", {"tax": "0000000000"}), ("Коваль Іван", "", {"tax": "0000000000"}), None),
    "the same row": (("Коваль Іван", "", {"record": "1-A"}), ("", "", {"record": "1-A"}), CERTAIN),
    "the same row, two tax ids": (
        ("Коваль Іван", "", {"record": "1-A"} | TAX),
        ("Коваль Іван", "", {"record": "1-A"} | OTHER_TAX),
        PROBABLE,
    ),
    "two rows of one person": (
        ("Коваль Іван", BORN, PHONE | {"record": "1-A"}),
        ("Коваль Іван", BORN, PHONE | {"record": "1-B"}),
        CERTAIN,
    ),
    "passport and name": (
        ("Коваль Іван", "", {"passport": "КВ123450"}),
        ("Коваль Іван", "", {"passport": "КВ123450"}),
        CERTAIN,
    ),
    "a family name of one letter": (("王 Ян", BORN, PHONE), ("王 Ян", BORN, PHONE), CERTAIN),
    "a given name of one letter": (("Ян 芳", BORN, PHONE), ("Ян 芳", BORN, PHONE), CERTAIN),
    "names of one letter": (("김 민", BORN, PHONE), ("김 민", BORN, PHONE), CERTAIN),
    "names of one letter, spouses": (("王 芳", "1980-01-02", PHONE), ("王 明", BORN, PHONE), UNLIKELY),
    "names of one letter, twins": (("王 芳", BORN, PHONE), ("王 明", BORN, PHONE), POSSIBLE),
    "names of one letter, married": (("王 芳", BORN, PHONE), ("李 芳", BORN, PHONE), PROBABLE),
    "bare phone": (("", "", PHONE), ("Коваль Іван", BORN, PHONE), POSSIBLE),
}


@pytest.mark.parametrize("name", CASES)
def test_named_cases(person: Any, name: str) -> None:
    """Each case has its grade, from either side."""
    (left_name, left_born, left), (right_name, right_born, right), expected = CASES[name]
    one, other = person(left_name, left_born, **left), person(right_name, right_born, **right)
    verdict, reverse = match(one, other), match(other, one)

    assert (verdict.grade if verdict else None) == expected
    assert verdict == reverse


def test_generations_of_one_name_are_two_people(person: Any) -> None:
    """Іван Коваль мол. is not Іван Коваль ст., even where somebody copied the birth date."""
    verdict = match(
        person("Коваль Іван", BORN, suffix="мол.", **PHONE), person("Коваль Іван", BORN, suffix="ст.", **PHONE)
    )

    assert verdict is not None
    assert verdict.grade == PROBABLE


def test_alike_names_of_another_gender_are_twins(person: Any) -> None:
    """Names that the table does not know are not merged across genders."""
    one = person("Коваль Ясмин", BORN, gender="male", **PHONE)
    other = person("Коваль Ясмина", BORN, gender="female", **PHONE)
    verdict = match(one, other)

    assert verdict is not None
    assert verdict.grade != CERTAIN


def test_evidence_names_comparisons_and_no_values(person: Any) -> None:
    """What agreed comes first, what contradicts is marked."""
    verdict = match(person("Коваль Іван", BORN, **PHONE), person("Коваль Олена", "1980-01-02", **PHONE))

    assert verdict is not None
    assert verdict == (UNLIKELY, "relative", ("phone", "family", "!given", "!birth_date"), verdict.weight)


def test_grades_are_those_of_the_hook() -> None:
    """A verdict's grade makes the hook's grade."""
    grades = [Grade.CERTAIN, Grade.PROBABLE, Grade.POSSIBLE, Grade.UNLIKELY]

    assert [Grade(each) for each in (CERTAIN, PROBABLE, POSSIBLE, UNLIKELY)] == grades


def test_a_person_is_never_an_organisation(person: Any) -> None:
    """Even on one phone and one number."""
    company = {"kind": "organisation", "identifiers": person(**TAX)["identifiers"]}

    assert match(person("Коваль Іван", **TAX), company) is None


def test_organisations_match_by_number_and_name() -> None:
    """A tax number with the name is certain; a name with a phone is for people."""
    numbers = [{"system": "ua.edrpou", "value": "32855961", "type": "tax"}]
    phones = [{"type": "phone", "value": "+380505550101"}]
    one = {"kind": "organisation", "name": {"text": "ТОВ «Ромашка»"}, "identifiers": numbers, "contact_points": phones}
    same = {"kind": "organisation", "name": {"text": "Romashka LLC"}, "identifiers": numbers}
    alike = {"kind": "organisation", "name": {"text": "Ромашка"}, "contact_points": phones}

    assert [verdict.grade for other in (same, alike) if (verdict := match(one, other))] == [CERTAIN, PROBABLE]
