"""Dates that may be known in part, ages that carry their date, and moments in UTC.

A partial date is a string as in RFC 6350 and RFC 9553: ``1985-03-08``, ``1985-03``, ``1985`` or ``--03-08`` (a birthday
without its year; ``--02-29`` is one). No part is ever filled in with a default.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator

from crm_bridge.model.value import Value

_PARTIAL = re.compile(r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?|--(\d\d)-(\d\d))", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ANY_LEAP_YEAR = 2000
NO_SUCH_DAY = "no such day in the calendar"
NO_SUCH_MOMENT = "no such day, time of day or offset"


def check_partial_date(value: str) -> str:
    """Returns ``value`` when it is a partial date that exists in the calendar.

    Raises:
        ValueError: it is not, and what is allowed.
    """
    match = _PARTIAL.fullmatch(value)
    if match is None:
        raise ValueError("not a date: give YYYY-MM-DD, YYYY-MM, YYYY, or --MM-DD when the year is unknown")
    year, month, day, yearless_month, yearless_day = match.groups()
    try:
        if year is None:
            date(_ANY_LEAP_YEAR, int(yearless_month), int(yearless_day))
        else:
            date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise ValueError(NO_SUCH_DAY) from None
    return value


def age_bounds(birth_date: str, *, on: date) -> tuple[int, int] | None:
    """The least and the greatest age in whole years on a day; they differ when the birth date is known in part.

    Returns:
        ``None`` when the year is unknown. Ages before birth come out negative.
    """
    if birth_date.startswith("--"):
        return None
    parts = [int(part) for part in birth_date.split("-")]
    since = on.year - parts[0]
    if len(parts) == 1:
        return since - 1, since
    if len(parts) == 2:
        if on.month == parts[1]:
            return since - 1, since
        return (since, since) if on.month > parts[1] else (since - 1, since - 1)
    reached = (on.month, on.day) >= (parts[1], parts[2])
    return (since, since) if reached else (since - 1, since - 1)


def _read_moment(value: Any) -> datetime:
    if isinstance(value, str):
        if not _MOMENT.fullmatch(value):
            raise ValueError("not a date-time: give ISO 8601 with its offset, such as 2026-01-02T03:04:05Z")
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(NO_SUCH_MOMENT) from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("not a date-time with an offset: give one in UTC, such as 2026-01-02T03:04:05Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment outside the calendar: give one in UTC, such as 2026-01-02T03:04:05Z") from None


def read_day(value: Any) -> date:
    """A whole date from ``YYYY-MM-DD`` or a ``date``. Raises ``ValueError``."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(NO_SUCH_DAY) from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("not a whole date: give YYYY-MM-DD")


def _read_day_or_moment(value: Any) -> date | datetime:
    if isinstance(value, datetime) or (isinstance(value, str) and len(value) > len("YYYY-MM-DD")):
        return _read_moment(value)
    return read_day(value)


def _write_day_or_moment(value: date | datetime) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value.isoformat()


PartialDate = Annotated[str, AfterValidator(check_partial_date)]
Day = Annotated[date, PlainValidator(read_day), PlainSerializer(_write_day_or_moment, when_used="json")]
Moment = Annotated[datetime, PlainValidator(_read_moment), PlainSerializer(_write_day_or_moment, when_used="json")]
DayOrMoment = Annotated[
    datetime | date, PlainValidator(_read_day_or_moment), PlainSerializer(_write_day_or_moment, when_used="json")
]


class Period(Value):
    """A stretch of time, half-open: ``start`` belongs to it, ``end`` does not (FHIR Period). No bound: open."""

    start: DayOrMoment | None = None
    end: DayOrMoment | None = None

    def __contains__(self, moment: datetime) -> bool:
        """Whether an aware moment lies within; a bare date begins at midnight UTC."""
        return (self.start is None or _as_moment(self.start) <= moment) and (
            self.end is None or moment < _as_moment(self.end)
        )


def _as_moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


class Age(Value):
    """An age in whole years with the day it was true on. An age without its day goes stale unnoticed."""

    years: int = Field(ge=0, le=130, strict=True)
    on: Day

    def bounds(self, *, on: date) -> tuple[int, int]:
        """The least and the greatest age in whole years on another day, not before ``self.on``."""
        passed = on.year - self.on.year - ((on.month, on.day) < (self.on.month, self.on.day))
        exact = (on.month, on.day) == (self.on.month, self.on.day)
        return self.years + passed, self.years + passed + (0 if exact else 1)
