"""How far two records agree, comparison by comparison. What follows from that is decided in grade.py."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.distance.JaroWinkler import similarity

from crm_bridge.matching.given_names import father_names, given_names
from crm_bridge.matching.tax_ids import valid_tax_id
from crm_bridge.matching.traits import Traits

# Jaro-Winkler on folded names. From these upwards two spellings may be of one name; from NEARLY nobody can tell.
FAMILY_LIKE = 0.90
PATRONYMIC_LIKE = 0.88
NEARLY = 0.78
# Folded endings of family names that mark the sex: -ський, -цький, -ий / -ська, -цька, -а; -ов / -ова, -ін / -іна.
_MALE_ENDINGS = ("ii", "i", "ei", "oi")
_FEMALE_ENDINGS = ("aia", "a")


class Level(Enum):
    """The outcome of one comparison."""

    AGREE = "agree"
    LIKE = "like"  # spelt alike, and not known to be the same
    CLOSE = "close"  # compatible, or one slip apart: neither for nor against
    SILENT = "silent"  # one side says nothing
    CONTRADICT = "contradict"


AGREE, LIKE, CLOSE, SILENT, CONTRADICT = Level.AGREE, Level.LIKE, Level.CLOSE, Level.SILENT, Level.CONTRADICT


class Agreement(NamedTuple):
    """Every comparison of two records.

    Attributes:
        swapped: family and given name stood in each other's place.
        family_slip: the family names are alike and so near that one of them may be misspelt: one letter apart, or the
            male and the female form of one, where the given name is of one sex.
        known_names: the table of names knows every given name of both, so that different ones are different names.
        birth_year: one date is known in part only, both have the year, and they agree as far as they go.
        years_apart: between birth dates that contradict and have a year each; 0 otherwise.
    """

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
    family_slip: bool = False
    known_names: bool = False
    birth_year: bool = False
    years_apart: int = 0


def compare(left: Traits, right: Traits) -> Agreement | None:
    """Compare two records; the order does not matter. ``None`` for a person and an organisation."""
    if left.kind != right.kind:
        return None
    family = _families(left.family, right.family)
    given = _givens(left.given, right.given)
    gender = _equal(left.gender, right.gender)
    if gender is CONTRADICT and given is AGREE and set(left.given).isdisjoint(right.given):
        given = LIKE  # a short form of both, or merely alike, and of another gender: twins
    swapped = False
    if (family is CONTRADICT or given is CONTRADICT) and left.given and right.given:
        crossed = _families(left.family, right.given), _families(left.given, right.family)  # spelt the same, each
        if crossed == (AGREE, AGREE):
            family = given = AGREE
            swapped = True
    if family is not AGREE and given is not AGREE:
        family, given, swapped = _lone_name(left, right) or (family, given, False)
    birth_date = _birth_dates(left.birth_date, right.birth_date)
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
        birth_date,
        gender,
        swapped,
        family is LIKE and given is AGREE and gender is not CONTRADICT and _is_slip(left, right),
        given is CONTRADICT and all(given_names(each) for each in (*left.given, *right.given)),
        birth_date is CLOSE and _has_years(left.birth_date, right.birth_date) and not _both_whole(left, right),
        _years_apart(left, right) if birth_date is CONTRADICT else 0,
    )


def _lone_name(left: Traits, right: Traits) -> tuple[Level, Level, bool] | None:
    """Where one has a single name, which stands in the other's other field: family, given, swapped."""
    sides = ((left, right), (right, left))
    if any(lone.given and not lone.family and _families(lone.given, whole.family) is AGREE for lone, whole in sides):
        return AGREE, SILENT, True
    if any(lone.family and not lone.given and _givens(lone.family, whole.given) is AGREE for lone, whole in sides):
        return SILENT, AGREE, True
    return None


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
    return _by_likeness(similarity(one, other), FAMILY_LIKE, LIKE)


def _is_slip(left: Traits, right: Traits) -> bool:
    """Of alike family names: whether one slip of a pen, or the given name's one sex, explains the difference."""
    one, other = "".join(left.family), "".join(right.family)
    if _of_two_sexes(one, other) or _of_two_sexes(other, one):
        return _one_sex(left.given, right.given)
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _of_two_sexes(male: str, female: str) -> bool:
    """Whether folded family names are one but for its ending: Ковальський and Ковальська, Петров and Петрова."""
    if not female.endswith("a"):
        return False
    stems = {female.removesuffix(ending) for ending in _FEMALE_ENDINGS}
    return male in stems or any(male == stem + ending for stem in stems for ending in _MALE_ENDINGS)


def _one_sex(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether the given names leave one name only. Саша and Женя are of both sexes; of unknown names nobody knows."""
    ours = {name for each in left for name in given_names(each)}
    theirs = {name for each in right for name in given_names(each)}
    return len(ours & theirs) == 1


def _givens(left: tuple[str, ...], right: tuple[str, ...]) -> Level:
    """One name by the table of names, or the same spelling. Names that are merely alike are not known to be one: Данило
    and Данила may be one boy or twins. And Марина, as the table knows, is not a misspelt Марія."""
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
            if level is LIKE or (level is CLOSE and best is not LIKE):
                best = level
    return best


def _given(one: str, other: str) -> Level:
    if len(one) == 1 or len(other) == 1:
        return CLOSE if _same_initial(one, other) else CONTRADICT
    if one == other:
        return AGREE
    names, other_names = given_names(one), given_names(other)
    if names and other_names:
        return CONTRADICT if names.isdisjoint(other_names) else AGREE
    return LIKE if similarity(one, other) >= NEARLY else CONTRADICT


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
    return _by_likeness(similarity(stem, other_stem), PATRONYMIC_LIKE, AGREE)


def _by_likeness(likeness: float, enough: float, level: Level) -> Level:
    if likeness >= enough:
        return level
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


def _has_years(left: str, right: str) -> bool:
    return left[0] != "-" and right[0] != "-"


def _both_whole(left: Traits, right: Traits) -> bool:
    return len(left.birth_date) == len(right.birth_date) == 10


def _years_apart(left: Traits, right: Traits) -> int:
    if not _has_years(left.birth_date, right.birth_date):
        return 0
    return abs(int(left.birth_date[:4]) - int(right.birth_date[:4]))
