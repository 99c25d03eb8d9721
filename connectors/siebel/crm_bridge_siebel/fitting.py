"""What is put right in each record that was read, whichever way it was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crm_bridge_siebel.conditions import moment
from crm_bridge_siebel.shapes import SYSTEM_FIELDS, Component


def fitting(component: Component) -> Callable[[dict[str, Any]], None]:
    """A closure that puts one record of ``component`` right: flags and dates of a typed schema, blanks around keys."""
    typed = [(name, _FITTED[kind]) for name, kind in component.types.items() if kind in _FITTED]
    system_fields = [name for name in SYSTEM_FIELDS if name in component.fields]

    def fit(record: dict[str, Any]) -> None:
        for name in system_fields:  # pretty-printed answers put blanks around them
            if name in record:
                record[name] = record[name].strip()
        for name, fitted in typed:
            if name in record:
                record[name] = fitted(record[name])

    return fit


def _flag(text: str) -> str:
    """A flag of a typed schema: some services answer Y and N whatever their schema says."""
    return _FLAGS.get(text, text)


def _moment(text: str) -> str:
    """A date and time of a typed schema, as ISO 8601 where it came month first. What is none stays as it is."""
    try:
        return moment(text).isoformat() if "/" in text else text
    except ValueError:
        return text


def _date(text: str) -> str:
    if "/" not in text:
        return text
    fitted = _moment(text if " " in text else f"{text} 00:00:00")
    return fitted if "/" in fitted else fitted[:10]


_FLAGS = {"Y": "true", "N": "false", "1": "true", "0": "false"}
_FITTED: Mapping[str, Callable[[str], str]] = {"boolean": _flag, "dateTime": _moment, "date": _date}
