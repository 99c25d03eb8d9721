"""Dates and moments: as written, in the right zone, or refused."""

from __future__ import annotations

import pytest

from crm_bridge.mapping import BadValue
from crm_bridge.mapping.dates import date_reader, date_writer, moment_reader, moment_writer

SIEBEL = "%m/%d/%Y %H:%M:%S"


@pytest.mark.parametrize(
    ("given", "text", "expected"),
    [
        ("%m/%d/%Y", "03/08/1985", "1985-03-08"),
        ("%m/%d/%Y", "3/8/1985", "1985-03-08"),
        ("%m/%d/%Y", "03/08/1985 00:00:00", "1985-03-08"),
        ("%d.%m.%Y", "29.02.2024", "2024-02-29"),
        ("iso", "1985-03-08", "1985-03-08"),
        ("iso", "1985-03", "1985-03"),
        ("iso", "1985", "1985"),
        ("iso", "--02-29", "--02-29"),
    ],
)
def test_a_date_is_read_as_written(given, text, expected):
    """Full or partial; a time of day behind it is cut, never converted."""
    assert expected == date_reader(given)(text)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("%m/%d/%Y", "02/30/1980"),
        ("%m/%d/%Y", "08.03.1985"),
        ("iso", "1985-13"),
        ("iso", "--02-30"),
        ("iso", "0000-01-01"),
        ("iso", "١٩٨٥"),
    ],
)
def test_an_impossible_date_is_refused(given, text):
    """No calendar has it, or it is of another format."""
    with pytest.raises(BadValue) as raised:
        date_reader(given)(text)

    assert "bad_date" == raised.value.code


def test_a_partial_date_has_no_place_in_a_full_format():
    """It is left out, never completed."""
    with pytest.raises(BadValue) as raised:
        date_writer("%d.%m.%Y")("--03-08")

    assert "not_expressible" == raised.value.code
    assert "08.03.1985" == date_writer("%d.%m.%Y")("1985-03-08")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01/15/2026 12:00:00", "2026-01-15T10:00:00Z"),
        ("07/15/2026 12:00:00", "2026-07-15T09:00:00Z"),
        ("10/25/2026 03:30:00", "2026-10-25T00:30:00Z"),  # shown twice: the first
    ],
)
def test_local_time_follows_summer_time(text, expected):
    """Two hours in winter, three in summer."""
    read, write = moment_reader(SIEBEL, tz="Europe/Kyiv"), moment_writer(SIEBEL, tz="Europe/Kyiv")

    assert expected == read(text)
    assert text == write(expected)


@pytest.mark.parametrize(
    "text", ["03/29/2026 03:30:00", "13/01/2026 00:00:00", "01/01/2026", "01/01/2026 25:00:00", "01/01/0001 00:00:00"]
)
def test_a_moment_that_never_was_is_refused(text):
    """The clocks skipped it, no calendar has it, or it is no moment."""
    with pytest.raises(BadValue) as raised:
        moment_reader(SIEBEL, tz="Europe/Kyiv")(text)

    assert "bad_date" == raised.value.code


@pytest.mark.parametrize(
    ("given", "text", "words"),
    [
        (SIEBEL, "02/31/1985 10:00:00", "a day or time that does not exist"),
        (SIEBEL, "01/01/2026 25:00:00", "a day or time that does not exist"),
        (SIEBEL, "31.02.1985", "not a date and time in the format %m/%d/%Y %H:%M:%S"),
        ("iso", "1985-02-31T10:00:00", "a day, time or offset that does not exist"),
        ("iso", "2026-01-02T03:04:05+99:00", "a day, time or offset that does not exist"),
        ("iso", "31.02.1985", "not a date and time like 2026-01-02T03:04:05+02:00"),
    ],
)
def test_what_is_wrong_with_a_moment_is_told_plainly(given, text, words):
    """Whether the format or the calendar is against it, and what to do."""
    with pytest.raises(BadValue) as raised:
        moment_reader(given, tz="Europe/Kyiv")(text)

    assert f"{words}: correct it in the system that holds it" == raised.value.message


@pytest.mark.parametrize("text", ["202601021030405", "111111111111111111", "1985-03-08x10:00"])
def test_a_row_of_digits_is_no_moment(text):
    """Python takes any sign between a date and a time, a digit too."""
    with pytest.raises(BadValue, match="not a date and time"):
        moment_reader("iso", tz="Europe/Kyiv")(text)


def test_an_iso_moment_keeps_its_own_zone():
    """The row's zone is for values without one."""
    read = moment_reader("iso", tz="Europe/Kyiv")

    assert "2026-10-20T08:15:00Z" == read("2026-10-20T08:15:00Z")
    assert "2026-10-20T06:15:00.250000Z" == read("2026-10-20T08:15:00.250+02:00")
    assert "2026-10-20T05:15:00Z" == read("2026-10-20 08:15:00")
