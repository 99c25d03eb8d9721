"""Invented values: the n-th value of a path, unlike all others, and how a system's column spells it.

Spelling a value is written here a second time, apart from the mapping's own way back: that one is on trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stdnum.ua import rntrc

from crm_bridge.mapping.document import Column

# The more a transform asks of its texts, the later; a path that several systems hold takes the last of theirs.
ASKING = ("text", "split_name", "int", "number", "email", "phone", "date", "datetime", "code", "flag")
CHECKED = frozenset({"stdnum.ua.rntrc"})  # checks that invented values can pass
_SYLLABLES = [a + b for a in "бвгдзклмнпрст" for b in "аеиоу"]
_FIRST_DAY = date(1950, 1, 1)


def word(number: int, *, longest: int = 60) -> str:
    """A word of letters alone; now and then as long as the shortest field that will hold it allows."""
    text = ""
    left = number
    while left or not text:
        left, at = divmod(left, len(_SYLLABLES))
        text += _SYLLABLES[at]
    text = f"{text}нко"
    if number % 5 == 4 and longest <= 60:
        text = text + "о" * (longest - len(text))
    return text[:1].upper() + text[1:]


def invented(transform: str, number: int, *, longest: int = 60) -> str:
    """The n-th canonical value of a path whose columns ask for ``transform``."""
    match transform:
        case "date":
            return (_FIRST_DAY + timedelta(days=number)).isoformat()
        case "datetime":
            moment = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(days=number)
            return moment.replace(tzinfo=None).isoformat() + "Z"
        case "phone":
            return f"+38050{5_550_000 + number:07d}"
        case "stdnum.ua.rntrc":
            return f"{300_000_000 + number}{rntrc.calc_check_digit(f'{300_000_000 + number}')}"
        case "email":
            return f"p{number}@example.com"
        case "int" | "number":
            return str(1000 + number)
        case _:
            return word(number, longest=longest)


def spelt(column: Column, value: str) -> Any:
    """The canonical ``value`` as ``column`` spells it; ``None`` where it has no word for it."""
    options = column.options
    match column.transform:
        case "date" | "datetime":
            return _spelt_time(value, options)
        case "phone":
            return value.removeprefix("+") if options.get("format") == "digits" else value
        case "code":
            return next((raw for raw, code in options["values"].items() if code == value), None)
        case "flag":
            return options["on"]
        case "number" if options.get("decimal") == ",":
            return value.replace(".", ",")
        case _:
            return value


def _spelt_time(value: str, options: Mapping[str, Any]) -> str:
    given = options.get("format", "iso")
    if given == "iso":
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(options["tz"]))
    return moment.strftime(given)
