"""Values that say nothing although something is filled in: 00000000, 01.01.1900, no@example. They never become keys."""

from __future__ import annotations

from functools import lru_cache

_DATES = frozenset(
    {"0001-01-01", "1111-11-11", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02"}
    | {"1901-01-01", "1970-01-01", "2000-01-01", "9999-12-31"}
)
_LOCAL_PARTS = frozenset(
    {"nan", "net", "no", "noemail", "no-email", "nomail", "none", "noreply", "no-reply", "null", "xxx"}
)
_SHARED_BOXES = frozenset(
    {"admin", "contact", "help", "hr", "info", "mail", "marketing", "office"}
    | {"reception", "sales", "service", "support"}
)
_COUNTING = "01234567890123456789"
_FILLING = frozenset(
    {digit * 7 for digit in "0123456789"} | {_COUNTING[at : at + 7] for at in range(10)}
)  # ends of phones: one digit repeated, or counted up


def placeholder_date(value: str) -> bool:
    """Whether a date is one that forms and spreadsheets put in by themselves."""
    return value in _DATES


def whole_birth_date(value: str | None) -> str | None:
    """A birth date with year, month and day that is no placeholder; else ``None``."""
    if value is None or len(value) != 10 or value in _DATES or value[0] == "-":
        return None
    return value


@lru_cache(maxsize=8_192)
def is_filler_number(value: str) -> bool:
    """Whether a number merely fills its field: zeros, or five signs and more that repeat or count up."""
    if not value.strip("0"):
        return True
    return len(value) >= 5 and (len(set(value)) == 1 or value in _COUNTING)


def is_filler_phone(e164: str) -> bool:
    """Whether the last seven digits of a phone are one digit repeated, or count up."""
    return e164[-7:] in _FILLING


def is_personal_email(address: str, *, of_office: bool) -> bool:
    """Whether an address tells whose it is: its first part is no word for nothing (no@).

    Args:
        of_office: an address of an office, such as info@ or sales@, tells it too.
    """
    word = address.partition("@")[0]
    return word not in _LOCAL_PARTS and (of_office or word not in _SHARED_BOXES)
