"""enrichment.names: the case of names, their parts, and their language."""

from __future__ import annotations

import pytest

from crm_bridge.api import ProposalMode, SourceView
from crm_bridge.plugins.enrichment.name_spelling import proper_case
from crm_bridge.plugins.enrichment.names import enrich_clients


def proposals(**name: str) -> dict[str, tuple[str, ProposalMode]]:
    view = SourceView("siebel/contact/1", "siebel", "contact", "1", {"kind": "person", "name": name})
    return {proposal.path: (proposal.value, proposal.mode) for proposal in enrich_clients([view])}


@pytest.mark.parametrize(
    ("written", "proper"),
    [
        ("ШЕВЧЕНКО", "Шевченко"),
        ("шевченко", "Шевченко"),
        ("ПЕТРЕНКО-КОВАЛЬ", "Петренко-Коваль"),
        ("МАК-КІНЛІ", "Мак-Кінлі"),
        ("О’КОННОР", "О’Коннор"),
        ("д'артаньян", "Д'Артаньян"),
        ("СОЛОВ'ЙОВ", "Солов'йов"),
        ("МАР’ЯНА", "Мар’яна"),
        ("АННА МАРІЯ", "Анна Марія"),
        ("МАМЕД ОГЛИ", "Мамед огли"),
        ("O'NEIL", "O'Neil"),
    ],
)
def test_a_name_in_one_case_gets_its_capitals(written: str, proper: str) -> None:
    """Double-barrelled, with prefix, with an apostrophe inside: each as people write it."""
    assert proper == proper_case(written)


@pytest.mark.parametrize(
    "written",
    ["Шевченко", "ван дер Берг", "ВАН ДЕР БЕРГ", "MCDONALD", "MACEY", "А", "І.", "А.Б.", "И И", "R2D2", "", "-", "李"],
)
def test_what_could_be_meant_so_is_left(written: str) -> None:
    """More than one way to write it, or nothing to improve: no proposal."""
    assert proper_case(written) is None


def test_better_case_replaces_the_spelling() -> None:
    """It is the same name written better, so it goes before what the source wrote."""
    assert {"name.family": ("Коваль", ProposalMode.NORMALISE)} == proposals(family="КОВАЛЬ", given="Anna")


def test_a_full_name_is_split_by_its_patronymic() -> None:
    """In either order, since the patronymic shows which is which; and proper case at once."""
    expected = {
        "name.family": ("Гнатюк", ProposalMode.FILL),
        "name.given": ("Ганна", ProposalMode.FILL),
        "name.patronymic": ("Олегівна", ProposalMode.FILL),
    }

    assert expected == proposals(text="ГНАТЮК ГАННА ОЛЕГІВНА")
    assert expected == proposals(text="Ганна Олегівна Гнатюк")


@pytest.mark.parametrize("text", ["Гнатюк Ганна", "Іван Петрович Маркович", "ТОВ Ромашка Плюс", "Ганна", ""])
def test_a_full_name_with_two_readings_is_not_split(text: str) -> None:
    """A wrong split is worse than none."""
    assert {} == proposals(text=text)


def test_parts_that_are_there_are_not_split_again() -> None:
    """The text fills silence only."""
    assert {} == proposals(family="Гнатюк", text="Коваль Ганна Олегівна")


@pytest.mark.parametrize(
    ("family", "language"), [("Заєць", "uk"), ("Їжак", "uk"), ("Нұрлан", "kk"), ("Гнатюк", None), ("Мышкин", None)]
)
def test_a_language_is_told_by_its_own_letters_alone(family: str, language: str | None) -> None:
    """Letters that several languages share prove nothing."""
    found = proposals(family=family)

    assert language == (found["name.lang"][0] if "name.lang" in found else None)


def test_no_gender_is_ever_proposed() -> None:
    """A patronymic tells a gender to a reader, and a guess never becomes a declared value."""
    assert "gender" not in proposals(text="ГНАТЮК ГАННА ОЛЕГІВНА")


def test_an_organisation_has_no_parts() -> None:
    """Names of firms are written as they like."""
    view = SourceView("k", "siebel", "account", "1", {"kind": "organisation", "name": {"text": "РОМАШКА"}})

    assert [] == list(enrich_clients([view]))
