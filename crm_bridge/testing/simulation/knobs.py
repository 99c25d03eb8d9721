"""Failure knobs of a simulator: named, typed by their defaults, kept on disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from crm_bridge.testing.simulation.shelf import Shelf

KnobValue = bool | int | float | str


class Knobs:
    """Counters named ``…_next`` are used up one by one; the others stay until they are set again."""

    def __init__(self, defaults: Mapping[str, KnobValue], *, shelf: Shelf) -> None:
        self._lock = threading.Lock()
        self._shelf = shelf
        self._values = dict(defaults) | {name: value for name, value in shelf.all("knob") if name in defaults}

    def set(self, knobs: Mapping[str, object]) -> None:
        """Set all of them, or none.

        Raises:
            ValueError: an unknown name, or a value of another type.
        """
        checked: dict[str, KnobValue] = {}
        for name, value in knobs.items():
            if name not in self._values:
                raise ValueError(f"no knob {name!r}; there are {', '.join(sorted(self._values))}")
            present = self._values[name]
            if isinstance(present, float) and isinstance(value, int):
                value = float(value)
            if not isinstance(value, type(present)):
                raise ValueError(f"knob {name} takes {type(present).__name__}")  # noqa: TRY004  # as the protocol says
            checked[name] = value
        with self._lock:
            self._values.update(checked)
            self._shelf.put("knob", checked)

    def take(self, name: str) -> bool:
        """Whether a counter had one left; it now has one less."""
        with self._lock:
            left = int(self._values[name])
            if left > 0:
                self._values[name] = left - 1
                self._shelf.put("knob", {name: left - 1})
            return left > 0

    def number(self, name: str) -> float:
        """The value of a knob that is a number."""
        return float(self._values[name])

    def text(self, name: str) -> str:
        """The value of a knob that is text."""
        return str(self._values[name])

    def all(self) -> Mapping[str, KnobValue]:
        """Every knob as it stands."""
        with self._lock:
            return dict(self._values)
