"""dedup.exact_keys: which of the records that share a key are of one client. Everybody is invented."""

from __future__ import annotations

from typing import Any

from crm_bridge.api import DuplicatePair, Grade, SourceView
from crm_bridge.plugins.dedup.exact_keys import find_duplicates
from crm_bridge.testing import person_doc, source_view


def view(name: str, *, family: str = "Коваль", **doc: Any) -> SourceView:
    return source_view(name, doc=person_doc(family, **doc))


def pairs(*batch: SourceView, candidates: dict[str, list[SourceView]]) -> list[DuplicatePair]:
    return list(find_duplicates(batch, candidates))


def test_phone_name_and_birth_date_make_it_certain() -> None:
    """The evidence names fields, and holds no value of the client."""
    left, right = (view(name, birth_date="1985-03-08") for name in ("1", "2"))
    found = pairs(left, candidates={left.key: [right]})

    assert [(left.key, right.key, Grade.CERTAIN, "phone+name+birth_date")] == [
        (pair.left, pair.right, pair.grade, pair.rule) for pair in found
    ]
    assert {"phone", "family", "given", "birth_date"} == set(found[0].evidence)


def test_a_family_on_one_phone_is_judged_to_be_several_persons() -> None:
    """A family of three with one phone stays three, and nobody is asked."""
    left, right = view("1", given="Anna"), view("2", given="Boris")

    assert [Grade.UNLIKELY] == [pair.grade for pair in pairs(left, candidates={left.key: [right]})]


def test_records_with_nothing_in_common_make_no_pair() -> None:
    """Nobody is asked about them."""
    left, right = view("1"), view("2", family="Гнатюк", given="Boris", phone=None)

    assert [] == pairs(left, candidates={left.key: [right]})


def test_each_pair_is_told_once() -> None:
    """Also when both are in the batch and each is the other's candidate."""
    left, right = view("1"), view("2")
    found = pairs(left, right, candidates={left.key: [right, left], right.key: [left]})

    assert [(left.key, right.key)] == [(pair.left, pair.right) for pair in found]
