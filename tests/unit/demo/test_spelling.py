"""Names and numbers as different systems write them."""

from __future__ import annotations

from random import Random

import pytest

from crm_bridge.demo.spelling import dashed, digits, latin, national, with_slip


@pytest.mark.parametrize(
    ("name", "language", "passport"),
    [
        ("Згурський Юрій", "uk", "Zghurskyi Yurii"),
        ("Щербань Єва", "uk", "Shcherban Yeva"),
        ("Дем’яненко Наталія", "uk", "Demianenko Nataliia"),
        ("Щукин Фёдор", "ru", "Shchukin Fedor"),
        ("Айгуль Ахметова", "kk", "Aigul Akhmetova"),
        ("Novak", "en", "Novak"),
    ],
)
def test_latin_spelling_is_that_of_passports(name: str, language: str, passport: str) -> None:
    """Resolution 55 for Ukrainian, ICAO Doc 9303 for the others."""
    assert passport == latin(name, language=language)


def test_a_slip_changes_a_long_word_and_spares_its_first_letters() -> None:
    """Blocking on the beginning of a name still works."""
    slips = {with_slip("Шевченко", rng=Random(seed)) for seed in range(50)}

    assert len(slips) > 5
    assert all(slip.startswith("Ше") for slip in slips)
    assert "Лев" == with_slip("Лев", rng=Random(1))


def test_a_ukrainian_number_has_its_national_spellings_and_others_keep_e164() -> None:
    """Trunk zero, groups; digits only for the gateway."""
    assert "(050) 555 01 02" == national("+380505550102")
    assert "050 555-01-02" == dashed("+380505550102")
    assert "380505550102" == digits("+380505550102")
    assert "+77015550102" == national("+77015550102") == dashed("+77015550102")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("+49 151 23450000", "4915123450000"),
        ("+380 (50) 555-01-02", "380505550102"),
        ("050/555.01 02", "0505550102"),
        ("ask her", "ask her"),
        ("", ""),
    ],
)
def test_the_gateway_gets_digits_of_however_a_number_was_typed(typed: str, sent: str) -> None:
    """Spaces and signs are the typist's; what is no number stays as it is, so that the bridge finds it."""
    assert sent == digits(typed)
