"""How values look in one call: the user's zone, display values or codes, typed or text.

Inside, all is UTC, codes and text.
Only fields with a date *and* time have a zone; dates have none. What cannot be read (bulk loads are not checked) goes
out as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from crm_bridge_siebel.simulator.catalogue import Kind
from crm_bridge_siebel.simulator.languages import code_of, displayed
from crm_bridge_siebel.simulator.refusals import RefusalError

STORED = "%m/%d/%Y %H:%M:%S"
_STORED_DATE = "%m/%d/%Y"
_ZONED = re.compile(r"(?:Z|[+-]\d{2}:\d{2})\Z")

Conversion = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Manner:
    """The manner of one call.

    Attributes:
        zone: of date-times; ``None``: UTC.
        typed: dates as ISO 8601 and booleans as ``true`` and ``false``.
        display: the language whose display values are used; empty: codes.
    """

    zone: ZoneInfo | None = None
    typed: bool = False
    display: str = ""


PLAIN = Manner()
"""UTC, codes, text: as values are stored."""


def shown(name: str, kind: Kind, manner: Manner) -> Conversion | None:
    """How the field ``name`` goes out; ``None``: as it is stored."""
    match kind.type_of(name):
        case "datetime" if manner.zone is not None or manner.typed:
            return lambda text: _datetime_out(text, manner)
        case "date" if manner.typed:
            return lambda text: _rewritten(text, _STORED_DATE, "%Y-%m-%d") or text
        case "boolean" if manner.typed:
            return lambda text: {"Y": "true", "N": "false"}.get(text, text)
        case "text" if manner.display and name in kind.rules[kind.component].lists_of_values:
            return lambda text: displayed(name, text, language=manner.display)
    return None


def taken(name: str, kind: Kind, manner: Manner) -> Conversion | None:
    """How the text of field ``name`` in a write becomes what is stored; ``None``: as it stands.

    The conversion raises RefusalError for what is no value of the field.
    """
    match kind.type_of(name):
        case "datetime":
            return lambda text: _datetime_in(text, name, manner)
        case "date":
            return lambda text: _date_in(text, name, manner)
        case "boolean":
            return lambda text: _flag_in(text, name, manner)
        case "text" if manner.display and name in kind.rules[kind.component].lists_of_values:
            return lambda text: _code_in(text, name, kind, manner)
    return None


def sought(name: str, kind: Kind, manner: Manner) -> Conversion | None:
    """How a value in a search becomes what is stored. Dates there are never ISO 8601, also in a typed service."""
    if kind.type_of(name) == "boolean":
        return None
    return taken(name, kind, Manner(zone=manner.zone, typed=False, display=manner.display))


def _datetime_out(text: str, manner: Manner) -> str:
    try:
        moment = datetime.strptime(text, STORED).replace(tzinfo=UTC)
    except ValueError:
        return text
    try:
        local = moment.astimezone(manner.zone) if manner.zone else moment
    except OverflowError:  # beyond year 1 or 9999 in that zone
        return text
    if not manner.typed:
        return _written(local, STORED)
    return local.replace(tzinfo=None).isoformat(timespec="seconds") + ("" if manner.zone else "Z")


def _datetime_in(text: str, name: str, manner: Manner) -> str:
    if not text:
        return text
    try:
        if manner.typed and "T" in text:
            moment = datetime.fromisoformat(_ZONED.sub("", text)).replace(microsecond=0)
            offset = _ZONED.search(text)
            if offset is not None:
                moment = datetime.fromisoformat(moment.isoformat() + offset.group().replace("Z", "+00:00"))
        else:
            form = STORED if ":" in text else _STORED_DATE
            moment = datetime.strptime(text, form)  # noqa: DTZ007  # its zone is the user's, given below
    except ValueError:
        raise _no_date(name) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=manner.zone or UTC)
    try:
        return _written(moment.astimezone(UTC), STORED)
    except OverflowError:  # beyond year 1 or 9999 in UTC
        raise _no_date(name) from None


def _date_in(text: str, name: str, manner: Manner) -> str:
    if not text:
        return text
    stored = _rewritten(text, "%Y-%m-%d", _STORED_DATE) if manner.typed else None
    for form in (_STORED_DATE, STORED):
        stored = stored or _rewritten(text, form, _STORED_DATE)
    if stored is None:
        raise _no_date(name)
    return stored


def _flag_in(text: str, name: str, manner: Manner) -> str:
    known = {"Y": "Y", "N": "N", "": ""} | ({"true": "Y", "1": "Y", "false": "N", "0": "N"} if manner.typed else {})
    if text not in known:
        raise RefusalError("SBL-EAI-04401", f"Field '{name}' contains value '{text}' which is no truth value")
    return known[text]


def _code_in(text: str, name: str, kind: Kind, manner: Manner) -> str:
    code = code_of(name, text, language=manner.display) if text else text
    if code is None:
        raise RefusalError(
            "SBL-EAI-04401",
            f"Field '{name}' in '{kind.component}' contains value '{text}' which is not in its picklist",
        )
    return code


def _written(moment: datetime, form: str) -> str:
    """``moment`` in ``form``, its year in four digits: ``%Y`` writes year 1 as ``1``, which nobody reads again."""
    return moment.strftime(form.replace("%Y", f"{moment.year:04d}"))


def _rewritten(text: str, form: str, wanted: str) -> str | None:
    try:
        return _written(datetime.strptime(text, form), wanted)  # noqa: DTZ007  # a calendar date, not a moment
    except ValueError:
        return None


def _no_date(name: str) -> RefusalError:
    return RefusalError("SBL-EAI-04184", f"The value of field '{name}' is not a date in the format of this service")
