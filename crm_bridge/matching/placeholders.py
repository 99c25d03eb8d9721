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
    return e164.endswith(e164[-1] * 7) or e164[-7:] in _COUNTING


def is_filler_email(address: str) -> bool:
    """Whether the part before @ is a word for nothing."""
    return address.partition("@")[0] in _LOCAL_PARTS


def is_shared_email(address: str) -> bool:
    """Whether an address belongs to an office and not to a person: info@, sales@."""
    return address.partition("@")[0] in _SHARED_BOXES
