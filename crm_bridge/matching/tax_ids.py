"""Check digits of tax identifiers, for deciding whether two different ones contradict or one is mistyped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from stdnum.by import unp
from stdnum.md import idno
from stdnum.ru import inn
from stdnum.ua import edrpou, rntrc


@lru_cache(maxsize=4096)
def valid_tax_id(system: str, value: str) -> bool:
    """Whether the check digits are right; ``False`` also for a system whose rule we do not know."""
    rule = _RULES.get(system)
    return rule is not None and rule(value)


def contradicting_systems(left: Iterable[tuple[str, str]], right: Iterable[tuple[str, str]]) -> list[str]:
    """The systems in which both have a valid number, and not one in common. A person has one number of each system."""
    ours, theirs = _valid(left), _valid(right)
    return sorted(system for system in ours.keys() & theirs.keys() if ours[system].isdisjoint(theirs[system]))


def _valid(numbers: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    valid: dict[str, set[str]] = {}
    for system, value in numbers:
        if valid_tax_id(system, value):
            valid.setdefault(system, set()).add(value)
    return valid


def kz_iin(value: str) -> bool:
    """Kazakhstan's IIN and BIN: twelve digits; the last is the first eleven, weighted, modulo 11."""
    if len(value) != 12 or not value.isascii() or not value.isdigit():
        return False
    digits = [int(each) for each in value]
    check = sum(weight * digit for weight, digit in zip(range(1, 12), digits, strict=False)) % 11
    if check == 10:
        weights = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
        check = sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11
    return check == digits[11]


_RULES: Mapping[str, Callable[[str], bool]] = {
    "ua.rnokpp": rntrc.is_valid,
    "ua.edrpou": edrpou.is_valid,
    "ru.inn": inn.is_valid,
    "by.unp": unp.is_valid,
    "md.idno": idno.is_valid,
    "kz.iin": kz_iin,
    "kz.bin": kz_iin,
}
