"""Dates and moments of other systems, by ``strptime``-like formats, compiled once.

Formats know ``%d %m %Y %H %M %S %f`` and ``iso``; a two-digit year is refused, since its century would be a guess.
Canonical: partial dates after RFC 6350 (``1985-03-08``, ``1985-03``, ``1985``, ``--03-08``);
moments ISO 8601 in UTC with Z.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from crm_bridge.mapping.values import BadValue

_FIELDS = {"d": r"(?P<d>\d{1,2})", "m": r"(?P<m>\d{1,2})", "Y": r"(?P<Y>\d{4})", "H": r"(?P<H>\d{1,2})"}
_FIELDS |= {"M": r"(?P<M>\d{2})", "S": r"(?P<S>\d{2})", "f": r"(?P<f>\d{1,6})"}
_DIRECTIVE = re.compile(r"%(.)")
_PARTIAL = re.compile(r"(?P<Y>\d{4})(?:-(?P<m>\d{2})(?:-(?P<d>\d{2}))?)?|--(?P<m2>\d{2})-(?P<d2>\d{2})", re.ASCII)
_CANONICAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")  # a moment that needs no conversion
# Python also takes any sign between date and time, a digit too: then a long number would be a moment.
_ISO = re.compile(r"(?:\d{4}-\d\d-\d\d|\d{8}|\d{4}-?W\d\d-?\d)(?:[T ].+)?", re.ASCII)
_TIME_BEHIND = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
MEMORY = 65_536


def check_format(text: str, *, moment: bool) -> str | None:
    """What is wrong with a format, in words; ``None`` when it is fine."""
    if text == "iso":
        return None
    used = _DIRECTIVE.findall(text)
    if "y" in used:
        return "%y leaves the century to a guess: use %Y"
    unknown = sorted(set(used) - set(_FIELDS))
    if unknown or text.count("%") != len(used):
        return f"unknown directive %{unknown[0] if unknown else ''}: use %d %m %Y %H %M %S %f, or iso"
    if not {"d", "m", "Y"} <= set(used):
        return "a format needs %d, %m and %Y"
    if len(used) != len(set(used)):
        return "a directive is given twice: once is enough"
    if not moment and set(used) - {"d", "m", "Y"}:
        return "a date has no time of day: use `as: datetime`, or leave the time out of the format"
    return None


def date_reader(text: str) -> Callable[[str], str]:
    """A reader from ``text`` (a checked format) to a partial date. A time of day behind it is cut, never converted."""
    if text == "iso":
        return _read_iso
    pattern = re.compile(_regex(text) + _TIME_BEHIND, re.ASCII)

    @lru_cache(maxsize=MEMORY)
    def read(value: str) -> str:
        match = pattern.fullmatch(value)
        if match is None:
            raise BadValue("bad_date", f"not a date in the format {text}: correct it in the system that holds it")
        return _iso_date(int(match["Y"]), int(match["m"]), int(match["d"]))

    return read


def date_writer(text: str) -> Callable[[str], str]:
    """The way back. A partial date raises ``not_expressible``, except in ``iso``."""

    def write(value: str) -> str:
        match = _PARTIAL.fullmatch(value)
        if match is None:
            raise BadValue("bad_date", "not a canonical date")
        if text == "iso":
            return value
        if match["d"] is None:
            raise BadValue("not_expressible", f"a date without day or year has no place in the format {text}")
        given = {"Y": match["Y"], "m": match["m"], "d": match["d"]}
        return _DIRECTIVE.sub(lambda found: given[found[1]], text)

    return write


def moment_reader(text: str, *, tz: str) -> Callable[[str], str]:
    """A reader from ``text`` to a moment in UTC. Values without a zone of their own are in ``tz``.

    A time that the clocks skipped is refused; of a time that they showed twice, the first is taken.
    """
    zone = ZoneInfo(tz)
    pattern = None if text == "iso" else re.compile(_regex(text), re.ASCII)

    @lru_cache(maxsize=4_096)
    def read_slowly(value: str) -> str:
        moment = _parsed_iso(value) if pattern is None else _parsed(pattern, value, text)
        if moment.tzinfo is None:
            return _in_utc(moment, zone)
        return _iso_moment(_shifted(moment, UTC))

    def read(value: str) -> str:
        if _CANONICAL.fullmatch(value) and _parse_iso(value) is not None:
            return value
        return read_slowly(value)

    return read if pattern is None else read_slowly


def moment_writer(text: str, *, tz: str) -> Callable[[str], str]:
    """The way back, into ``tz``."""
    zone = ZoneInfo(tz)

    def write(value: str) -> str:
        moment = _parse_iso(value)
        if moment is None or moment.tzinfo is None:
            raise BadValue("bad_date", "not a canonical date and time")
        if text == "iso":
            return _iso_moment(_shifted(moment, UTC))
        local = _shifted(moment, zone)
        parts = {"Y": f"{local.year:04}", "m": f"{local.month:02}", "d": f"{local.day:02}", "H": f"{local.hour:02}"}
        parts |= {"M": f"{local.minute:02}", "S": f"{local.second:02}", "f": f"{local.microsecond:06}"}
        return _DIRECTIVE.sub(lambda found: parts[found[1]], text)

    return write


def _regex(text: str) -> str:
    pieces = _DIRECTIVE.split(text)
    return "".join(re.escape(piece) if at % 2 == 0 else _FIELDS[piece] for at, piece in enumerate(pieces))


def _read_iso(value: str) -> str:
    if len(value) == 10 and value[4] == value[7] == "-":
        try:
            date.fromisoformat(value)
        except ValueError:
            return _read_partial(value)  # which says what is wrong
        return value
    return _read_partial(value)


@lru_cache(maxsize=MEMORY)
def _read_partial(value: str) -> str:
    match = _PARTIAL.fullmatch(value)
    if match is None:
        raise BadValue("bad_date", "not a date like 1985-03-08, 1985-03, 1985 or --03-08: correct it in its system")
    if match["d2"]:
        _iso_date(2000, int(match["m2"]), int(match["d2"]))  # a leap year: 29 February is a birthday
        return value
    _iso_date(int(match["Y"]), int(match["m"] or 1), int(match["d"] or 1))
    return value


def _iso_date(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise BadValue("bad_date", "a date that no calendar has: correct it in the system that holds it") from None


def _parse_iso(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _parsed_iso(value: str) -> datetime:
    if not _ISO.fullmatch(value):
        raise _bad("not a date and time like 2026-01-02T03:04:05+02:00")
    moment = _parse_iso(value)
    if moment is None:
        raise _bad("a day, time or offset that does not exist")
    return moment


def _parsed(pattern: re.Pattern[str], value: str, text: str) -> datetime:
    match = pattern.fullmatch(value)
    if match is None:
        raise _bad(f"not a date and time in the format {text}")
    found = match.groupdict()
    try:
        return datetime(  # noqa: DTZ001  # the system gave no zone; the caller adds it
            int(found["Y"]),
            int(found["m"]),
            int(found["d"]),
            int(found.get("H") or 0),
            int(found.get("M") or 0),
            int(found.get("S") or 0),
            int((found.get("f") or "0").ljust(6, "0")),
        )
    except ValueError:
        raise _bad("a day or time that does not exist") from None


def _bad(what: str) -> BadValue:
    return BadValue("bad_date", f"{what}: correct it in the system that holds it")


def _in_utc(moment: datetime, zone: ZoneInfo) -> str:
    there = _shifted(moment.replace(tzinfo=zone), UTC)
    if _shifted(there, zone).replace(tzinfo=None) != moment:
        raise BadValue(
            "bad_date", f"the clocks of {zone.key} skipped this time: correct it in the system that holds it"
        )
    return _iso_moment(there)


def _shifted(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise BadValue("bad_date", "a moment outside the calendar: correct it in the system that holds it") from None


def _iso_moment(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat() + "Z"
