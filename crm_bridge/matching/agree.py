"""How far two records agree, comparison by comparison. What follows from that is decided in grade.py."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rapidfuzz.distance.JaroWinkler import similarity

from crm_bridge.matching.given_names import father_names, given_names
from crm_bridge.matching.tax_ids import valid_tax_id
from crm_bridge.matching.traits import Traits

# Jaro-Winkler on folded names. From LIKE upwards two spellings are one name; between NEARLY and LIKE nobody can tell.
FAMILY_LIKE = 0.90
GIVEN_LIKE = 0.85
PATRONYMIC_LIKE = 0.88
NEARLY = 0.78


class Level(Enum):
    """The outcome of one comparison."""

    AGREE = "agree"
    CLOSE = "close"  # compatible, or one slip apart: neither for nor against
    SILENT = "silent"  # one side says nothing
    CONTRADICT = "contradict"


AGREE, CLOSE, SILENT, CONTRADICT = Level.AGREE, Level.CLOSE, Level.SILENT, Level.CONTRADICT


class Agreement(NamedTuple):
    """Every comparison of two records. ``swapped``: family and given name stood in each other's place."""

    kind: str
    record_id: Level
    personal_id: Level
    tax_id: Level
    phone: Level
    email: Level
    postal_code: Level
    family: Level
    given: Level
    patronymic: Level
    generation: Level
    birth_date: Level
    gender: Level
    swapped: bool


def compare(left: Traits, right: Traits) -> Agreement | None:
    """Compare two records; the order does not matter. ``None`` for a person and an organisation."""
    if left.kind != right.kind:
        return None
    family = _families(left.family, right.family)
    given = _givens(left.given, right.given)
    gender = _equal(left.gender, right.gender)
    if gender is CONTRADICT and given is AGREE and set(left.given).isdisjoint(right.given):
        given = CLOSE  # only alike, and of another gender: twins
    swapped = False
    if (family is CONTRADICT or given is CONTRADICT) and left.given and right.given:
        crossed = _families(left.family, right.given), _families(left.given, right.family)
        if crossed == (AGREE, AGREE):
            family = given = AGREE
            swapped = True
    return Agreement(
        left.kind,
        AGREE if left.records and not left.records.isdisjoint(right.records) else SILENT,
        AGREE if left.personal and not left.personal.isdisjoint(right.personal) else SILENT,
        _tax_ids(left.tax, right.tax),
        _shared(left.phones, right.phones),
        _shared(left.emails, right.emails),
        _shared(left.postal_codes, right.postal_codes),
        family,
        given,
        _patronymics(left.patronymic, right.patronymic),
        _equal(left.generation, right.generation),
        _birth_dates(left.birth_date, right.birth_date),
        gender,
        swapped,
    )


def _shared(left: frozenset[str], right: frozenset[str]) -> Level:
    """People have several phones: having none in common contradicts nothing, but is more than silence."""
    if not left or not right:
        return SILENT
    return CLOSE if left.isdisjoint(right) else AGREE


def _equal(left: str, right: str) -> Level:
    if not left or not right:
        return SILENT
    return AGREE if left == right else CONTRADICT


def _tax_ids(left: frozenset[tuple[str, str]], right: frozenset[tuple[str, str]]) -> Level:
    """Different numbers of one system contradict only when the check digits of both are right."""
    if not left or not right:
        return SILENT
    if not left.isdisjoint(right):
        return AGREE
    level = SILENT
    for system, value in left:
        for other_system, other_value in right:
            if system == other_system:
                if valid_tax_id(system, value) and valid_tax_id(system, other_value):
                    return CONTRADICT
                level = CLOSE
    return level


def _families(left: tuple[str, ...], right: tuple[str, ...]) -> Level:
    """A double-barrelled name agrees with either of its parts."""
    if left == right:
        return AGREE if left else SILENT
    if not left or not right:
        return SILENT
    for word in left:
        if len(word) > 2 and word in right:
            return AGREE
    one, other = "".join(left), "".join(right)
    if len(one) == 1 or len(other) == 1:
        return CLOSE if one[0] == other[0] else CONTRADICT
    return _by_likeness(similarity(one, other), FAMILY_LIKE)


def _givens(left: tuple[str, ...], right: tuple[str, ...]) -> Level:
    """Names that the table knows are compared by the table: Марина is not a misspelt Марія."""
    if left == right:
        return AGREE if left else SILENT
    if not left or not right:
        return SILENT
    best = CONTRADICT
    for one in left:
        for other in right:
            level = _given(one, other)
            if level is AGREE:
                return AGREE
            if level is CLOSE:
                best = CLOSE
    return best


def _given(one: str, other: str) -> Level:
    if len(one) == 1 or len(other) == 1:
        return CLOSE if _same_initial(one, other) else CONTRADICT
    if one == other:
        return AGREE
    names, other_names = given_names(one), given_names(other)
    if names and other_names:
        return CONTRADICT if names.isdisjoint(other_names) else AGREE
    level = _by_likeness(similarity(one, other), GIVEN_LIKE)
    if level is AGREE and (one == f"{other}a" or other == f"{one}a"):
        return CLOSE  # the male and the female form of one name are brother and sister as easily as a slip
    return level


def _same_initial(one: str, other: str) -> bool:
    """O. may stand for Олександр whose card says Александр, so the initials of every spelling count."""
    if len(one) > len(other):
        one, other = other, one
    return one == other[0] or any(name[0] == one for name in given_names(other)) or {one, other[0]} == {"a", "o"}


def _patronymics(left: str, right: str) -> Level:
    """Compared by the father's name, so that Миколайович and Николаевич agree."""
    if not left or not right:
        return SILENT
    if left == right:
        return AGREE
    if len(left) == 1 or len(right) == 1:
        return CLOSE if _same_initial(left, right) else CONTRADICT
    (stem, names), (other_stem, other_names) = father_names(left), father_names(right)
    if stem == other_stem:
        return AGREE
    if names and other_names:
        return CONTRADICT if names.isdisjoint(other_names) else AGREE
    return _by_likeness(similarity(stem, other_stem), PATRONYMIC_LIKE)


def _by_likeness(likeness: float, enough: float) -> Level:
    if likeness >= enough:
        return AGREE
    return CLOSE if likeness >= NEARLY else CONTRADICT


def _birth_dates(left: str, right: str) -> Level:
    """Only whole dates agree. A date known in part is close to each that it allows; so are dates one slip apart."""
    if not left or not right:
        return SILENT
    if left == right:
        return AGREE if len(left) == 10 else CLOSE
    if len(left) == len(right) == 10:
        return CLOSE if _one_slip(left, right) else CONTRADICT
    return CLOSE if _date_parts_allow(left, right) else CONTRADICT


def _one_slip(left: str, right: str) -> bool:
    """Day and month exchanged, or one digit of them wrong. Another year is no slip: that is a son or a father."""
    if left[:4] != right[:4]:
        return False
    if left[5:7] == right[8:] and left[8:] == right[5:7]:
        return True
    return sum(one != other for one, other in zip(left[5:], right[5:], strict=True)) == 1


def _date_parts_allow(left: str, right: str) -> bool:
    """Whether some day fits both, when at least one is known in part (1985, 1985-03, --03-08)."""
    if left[0] == "-" or right[0] == "-":
        left, right = (each[2:] if each[0] == "-" else each[5:] for each in (left, right))
    shared = min(len(left), len(right))
    return left[:shared] == right[:shared]
