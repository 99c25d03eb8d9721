"""Paths with a rule of their own: the more precise birth date, the status that sticks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from crm_bridge.sync.claims import ERASED, Claim

STATUS_ORDER = (ERASED, "deceased", "active", "former", "prospect")


def _most_precise_date(ranked: Sequence[Claim], reason: str) -> tuple[Claim, str]:
    """More precise if consistent, else trust; ``1985-03`` and ``1985-03-08`` agree, ``1985-04`` does not."""
    best = ranked[0]
    contradiction = any(_contradict(claim.value, best.value) for claim in ranked)
    precise = max(
        (claim for claim in ranked if _says_all_of(claim.value, best.value)),
        key=lambda claim: sum(part is not None for part in _date_parts(claim.value)),
    )
    if contradiction:
        return precise, "contradiction"
    return precise, "more precise" if precise is not best else reason


def _date_parts(value: str) -> tuple[str | None, ...]:
    """Year, month, day as far as they are known: ``--03-08`` has no year."""
    known: list[str | None] = list(value.removeprefix("--").split("-"))
    parts = [None, *known] if value.startswith("--") else known
    return tuple([*parts, None, None][:3])


def _contradict(left: str, right: str) -> bool:
    pairs = zip(_date_parts(left), _date_parts(right), strict=True)
    return any(one is not None and other is not None and one != other for one, other in pairs)


def _says_all_of(value: str, other: str) -> bool:
    pairs = zip(_date_parts(value), _date_parts(other), strict=True)
    return all(theirs is None or mine == theirs for mine, theirs in pairs)


def _status(ranked: Sequence[Claim], _reason: str) -> tuple[Claim, str]:
    """``erased`` and ``deceased`` stick; then active before former before prospect."""

    def place(claim: Claim) -> int:
        return STATUS_ORDER.index(claim.value) if claim.value in STATUS_ORDER else len(STATUS_ORDER)

    return min(ranked, key=place), "status order"


SPECIAL: Mapping[str, Callable[[Sequence[Claim], str], tuple[Claim, str]]] = {
    "birth_date": _most_precise_date,
    "status": _status,
}
