"""The fold: one rough spelling for every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_bridge.matching import fold, fold_words, given_names
from crm_bridge.matching.given_names import father_names


@pytest.mark.parametrize(
    "spellings",
    [
        ("Шевченко", "ШЕВЧЕНКО", "Shevchenko", " shevchenko "),
        ("Сергій", "Serhii", "Serhiy"),
        ("Юлія", "Юлия", "Yuliia", "Iuliia", "Julia"),
        ("Євген", "Yevhen"),
        ("Щербаков", "Shcherbakov"),
        ("Вʼячеслав", "В'ячеслав", "В’ячеслав", "Viacheslav"),
        ("Хоменко", "Khomenko", "Гоменко", "Homenko"),
        ("Йосипенко", "Йосипенко", "Yosypenko"),
        ("Қанат", "Канат", "Kanat"),
        ("Müller", "Muller", "Mu\u0308ller"),
        ("Łukasz", "Lukasz"),
        ("O'Brien", "OBrien"),
        ("Семёнов", "Семенов", "Semyonov"),
    ],
)
def test_spellings_of_one_name_fold_alike(spellings: tuple[str, ...]) -> None:
    """Scripts, cases, apostrophes, accents and the usual transliterations do not matter."""
    assert len({fold(each) for each in spellings}) == 1


def test_different_names_stay_different() -> None:
    """The fold is rough, not blind."""
    assert len({fold(each) for each in ("Шевченко", "Шевчук", "Коваль", "Ковальчук", "Марія", "Марина")}) == 6


@pytest.mark.parametrize("names", ["王 李 王芳", "김 금 이", "か が き", "莉 莉莉", "Ωμ Ωλ", "მზია ნინო"])
def test_names_of_other_scripts_are_words_of_their_own(names: str) -> None:
    """They are not dropped, and different ones stay different: marks and doubled letters tell names apart there."""
    words = names.split()

    assert len({fold(each) for each in words}) == len(words)
    assert fold_words(names) == tuple(fold(each) for each in words)
    assert min(len(fold(each)) for each in words) > 1, "an initial"


def test_hyphens_divide_words() -> None:
    """A double-barrelled name is two words."""
    assert fold_words("Петренко-Коваль") == ("petrenko", "koval")
    assert fold_words("  ") == ()


@given(st.text(max_size=30))
def test_a_fold_is_ascii_whatever_comes_in(text: str) -> None:
    """Comparison and databases see ASCII letters, digits and single spaces only."""
    folded = fold(text)

    assert folded.isascii()
    assert folded == " ".join(folded.split())
    assert folded == folded.lower()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Олександр", "Александр", True),
        ("Саша", "Олександр", True),
        ("Саша", "Oleksandra", True),
        ("Олександр", "Олександра", False),
        ("Марія", "Марина", False),
        ("Микола", "Nikolai", True),
        ("Bob", "Robert", True),
        ("Ян", "Яна", False),
    ],
)
def test_given_names_meet_in_the_table(one: str, other: str, same: bool) -> None:
    """Languages and short forms meet; male and female forms do not."""
    assert bool(given_names(fold(one)) & given_names(fold(other))) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Миколайович", "Николаевич"),
        ("Олександрівна", "Александровна"),
        ("Сергійович", "Сергеевич"),
        ("Ілліч", "Ильич"),
        ("Дмитрович", "Дмитриевич"),
        ("Андріївна", "Andreevna"),
    ],
)
def test_patronymics_lead_to_the_father(one: str, other: str) -> None:
    """Whatever language the patronymic is in."""
    (stem, names), (other_stem, other_names) = father_names(fold(one)), father_names(fold(other))

    assert stem == other_stem or names & other_names
