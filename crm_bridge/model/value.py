"""What every value of the canonical model is: frozen, and closed to unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value. ``hide_input_in_errors`` keeps personal data out of error texts, and so out of logs."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Misfit(ValueError):  # noqa: N818  pydantic takes it as a finding on the value, nobody catches it by name
    """A field that does not fit the others of its value. ``field`` is the one to correct."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class Item(Value):
    """An entry of a list.

    ``id`` stays the same while the entry is edited (TMF632, JSContact): it is the source's own row id where the source
    keeps the entry as a row.
    """

    id: str | None = None
