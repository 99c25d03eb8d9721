"""Laws of comparison that hold for all records."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_bridge.matching import CERTAIN, match, match_keys

_WORDS = st.sampled_from(("Шевченко", "Shevchenko", "Коваль", "Ковалева", "Петренко-Коваль")) | st.sampled_from(
    ("Оксана", "Oksana", "Саша", "Олександр", "О.", "Ясмин", "Ясмина")
)
_NAMES = st.fixed_dictionaries(
    {},
    optional={
        "family": _WORDS,
        "given": _WORDS,
        "patronymic": st.sampled_from(["Іванівна", "Петрович", "Ivanovna", "І."]),
    },
)
_DATES = st.sampled_from(["1985-03-08", "1985-08-03", "1955-03-08", "1985", "1985-03", "--03-08", "1900-01-01"])
_POINTS = st.lists(
    st.sampled_from(
        [
            {"type": "phone", "value": "+380505550101"},
            {"type": "phone", "value": "+380505550102"},
            {"type": "email", "value": "family@example.com"},
            {"type": "postal", "value": "x", "address": {"postal_code": "04053"}},
            {"type": "phone", "value": "+380505550101", "status": "wrong_person"},
        ]
    ),
    max_size=3,
)
_IDENTIFIERS = st.lists(
    st.sampled_from(
        [
            {"system": "siebel.contact.row_id", "value": "1-A", "type": "record"},
            {"system": "siebel.contact.row_id", "value": "1-B", "type": "record"},
            {"system": "ua.rnokpp", "value": "3111010107", "type": "tax"},
            {"system": "ua.rnokpp", "value": "3111010113", "type": "tax"},
            {"system": "ua.rnokpp", "value": "3111010108", "type": "tax"},
            {"system": "loyalty.main", "value": "L-77", "type": "loyalty"},
        ]
    ),
    max_size=2,
)
PEOPLE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"kind": st.just("person")},
    optional={
        "name": _NAMES,
        "birth_date": _DATES,
        "gender": st.sampled_from(["male", "female", "unknown"]),
        "contact_points": _POINTS,
        "identifiers": _IDENTIFIERS,
    },
)


@given(PEOPLE, PEOPLE)
def test_comparison_has_no_order(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Who is compared with whom never matters."""
    assert match(left, right) == match(right, left)


@given(PEOPLE, PEOPLE)
def test_what_is_certain_shares_a_key(left: dict[str, Any], right: dict[str, Any]) -> None:
    """The index brings together every pair that would be linked."""
    verdict = match(left, right)
    if verdict is not None and verdict.grade == CERTAIN:
        assert set(match_keys(left)) & set(match_keys(right))


@given(PEOPLE)
def test_a_record_never_contradicts_itself(doc: dict[str, Any]) -> None:
    """Compared with itself, a record has nothing against it."""
    verdict = match(doc, doc)
    if verdict is not None:
        assert not [each for each in verdict.evidence if each.startswith("!")]
