"""The simulator's failure knobs: their names, what each does, and the counting down."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

KNOBS: Mapping[str, str] = MappingProxyType(
    {
        "fail_next": "answer the next N calls with HTTP 503, without carrying them out",
        "busy_html_next": "answer the next N calls with a busy page in HTML, without carrying them out",
        "truncate_next": "carry out the next N calls and send half of each answer",
        "malformed_next": "carry out the next N calls and break a tag in each answer",
        "drop_answer_next": "carry out the next N writes and close the connection without an answer",
        "fault_next": "answer the next call with this fault code, without carrying it out",
        "delay": "seconds to wait, after carrying out, before each answer",
        "reject_login": "refuse every login",
        "max_page_size": "Siebel's MaximumPageSize (1000)",
        "modification_key": "check ModId when it is sent (true)",
        "fault_parentheses": "write errorcode as (SBL-…) instead of SBL-…",
        "fault_status": "HTTP status of faults: 500 or 200",
        "fault_wrapped": "hide each fault's code in the text behind a wrapper code",
    }
)

_DEFAULTS: Mapping[str, int | float | str | bool] = MappingProxyType(
    {
        "fail_next": 0,
        "busy_html_next": 0,
        "truncate_next": 0,
        "malformed_next": 0,
        "drop_answer_next": 0,
        "fault_next": "",
        "delay": 0.0,
        "reject_login": False,
        "max_page_size": 1000,
        "modification_key": True,
        "fault_parentheses": False,
        "fault_status": 500,
        "fault_wrapped": False,
    }
)


class Knobs:
    """The knobs' present positions. They are not part of the persistent state: a restart puts them back."""

    def __init__(self) -> None:
        self._values: dict[str, int | float | str | bool] = dict(_DEFAULTS)
        self._lock = threading.Lock()

    def set(self, values: Mapping[str, object]) -> None:
        """Turn several knobs at once.

        Raises:
            ValueError: an unknown name or a value of another type; none is turned then.
        """
        checked: dict[str, int | float | str | bool] = {}
        for name, value in values.items():
            if name not in _DEFAULTS:
                raise ValueError(f"no knob {name!r}; there are {', '.join(sorted(_DEFAULTS))}")
            wanted = type(_DEFAULTS[name])
            if wanted is float and type(value) is int:
                value = float(value)
            if not isinstance(value, (int, float, str, bool)) or type(value) is not wanted:
                raise ValueError(f"knob {name} takes {wanted.__name__}")
            checked[name] = value
        if checked.get("fault_status", 500) not in {200, 500}:
            raise ValueError("knob fault_status takes 200 or 500")
        with self._lock:
            self._values.update(checked)

    def values(self) -> dict[str, int | float | str | bool]:
        """All positions by name."""
        with self._lock:
            return dict(self._values)

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        with self._lock:
            return bool(self._values[name])

    def number(self, name: str) -> float:
        """The position of a knob with a number."""
        with self._lock:
            return float(self._values[name])

    def take(self, name: str) -> bool:
        """Count one use of a ``…_next`` knob; whether there was one left."""
        with self._lock:
            left = int(self._values[name])
            if left > 0:
                self._values[name] = left - 1
            return left > 0

    def take_fault(self) -> str:
        """The code that the next call is to be refused with, once; empty: none."""
        with self._lock:
            code = str(self._values["fault_next"])
            self._values["fault_next"] = ""
            return code
