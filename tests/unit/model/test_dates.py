"""Partial dates and ages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_bridge.model import Age, Period, age_bounds, check_partial_date


@pytest.mark.parametrize("value", ["1985-03-08", "1985-03", "1985", "--03-08", "--02-29", "2024-02-29"])
def test_a_date_may_be_known_in_part(value: str) -> None:
    """All four forms of RFC 6350 that a birthday comes in, the leap day without its year too."""
    assert check_partial_date(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "1985-2-3", "1985-02-30", "2023-02-29", "--02-30", "--13-01", "08.03.1985", "1985-03-08T00:00:00", "0000"],
)
def test_what_is_no_date_is_refused(value: str) -> None:
    """A day that the calendar lacks is refused, not moved."""
    with pytest.raises(ValueError, match=r"date|day"):
        check_partial_date(value)


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day: date) -> None:
    """Whatever the calendar has passes."""
    assert check_partial_date(day.isoformat()) == day.isoformat()


@pytest.mark.parametrize(
    ("birth_date", "expected"),
    [
        ("2008-10-26", (17, 17)),
        ("2008-10-25", (18, 18)),
        ("2008-10", (17, 18)),
        ("2008-09", (18, 18)),
        ("2008-11", (17, 17)),
        ("2008", (17, 18)),
        ("--10-25", None),
    ],
)
def test_an_age_is_as_exact_as_the_birth_date(birth_date: str, expected: tuple[int, int] | None) -> None:
    """Between the least and the greatest age that the date allows."""
    assert age_bounds(birth_date, on=date(2026, 10, 25)) == expected


def test_an_age_grows_with_the_calendar() -> None:
    """A child who was 7 on 2024-05-15 is 9 or 10 on 2026-10-25."""
    age = Age.model_validate({"years": 7, "on": "2024-05-15"})

    assert age.bounds(on=date(2026, 10, 25)) == (9, 10)
    assert age.bounds(on=date(2024, 5, 15)) == (7, 7)


def test_a_period_is_half_open() -> None:
    """The start belongs to it, the end does not."""
    period = Period.model_validate({"start": "2026-01-01", "end": "2026-02-01T00:00:00Z"})

    assert datetime(2026, 1, 1, tzinfo=UTC) in period
    assert datetime(2026, 2, 1, tzinfo=UTC) not in period
