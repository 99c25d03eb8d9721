"""Siebel's own text, as REST and search specifications have it, for the values of a typed schema, and back.

So one mapping serves both transports. Siebel's text is ``MM/DD/YYYY HH:MM:SS`` in the zone of the integration user,
and ``Y`` or ``N``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from crm_bridge_siebel.conditions import siebel_date, siebel_moment
from crm_bridge_siebel.fitting import fitting
from crm_bridge_siebel.shapes import Component

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_FLAGS = {"true": "Y", "1": "Y", "false": "N", "0": "N"}


def as_typed(component: Component, *, zone: str) -> Callable[[dict[str, Any]], None]:
    """A closure that gives one record of ``component`` the values that its schema promises.

    Args:
        zone: the integration user's. A moment of a user in UTC ends in ``Z``; any other has no offset.
    """
    fit = fitting(component)
    moments = [name for name, kind in component.types.items() if kind == "dateTime"] if zone == "UTC" else []

    def read(record: dict[str, Any]) -> None:
        fit(record)
        for name in moments:
            if _ISO_MOMENT.fullmatch(record.get(name, "")):
                record[name] += "Z"

    return read


def as_siebel(component: Component, *, zone: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A closure that turns the values of one row of ``component`` into Siebel's text.

    What is no value of its type stays as it is: Siebel refuses it, where a guess would be taken.
    """
    convert = {name: partial(siebel_text, kind=kind, zone=zone) for name, kind in component.types.items()}

    def written(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: convert[name](value) if name in convert and isinstance(value, str) else value
            for name, value in row.items()
        }

    return written


def siebel_text(value: str, *, kind: str, zone: str) -> str:
    """A value of the XSD type ``kind`` as Siebel's business components and search specifications have it."""
    try:
        if kind == "date" and _ISO_DATE.fullmatch(value):
            return siebel_date(date.fromisoformat(value))
        if kind == "dateTime" and _ISO_MOMENT.match(value):
            moment = datetime.fromisoformat(value)
            local = moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone))
            return siebel_moment(local)
    except (ValueError, OverflowError):  # beyond year 1 or 9999 in that zone
        return value
    return _FLAGS.get(value, value) if kind == "boolean" else value
