"""Facts: typed, keyed statements on a client that the model has no field for (TMF632 partyCharacteristic).

The keys that a site uses are declared in its configuration; here only the value is held to its type.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import ValidationError, model_validator

from crm_bridge.model.dates import Period, check_partial_date, read_day
from crm_bridge.model.formats import Key, Text
from crm_bridge.model.money import Money, read_decimal
from crm_bridge.model.value import Item, Misfit

FactType = Literal["text", "number", "bool", "date", "partial_date", "money", "code", "list"]


class Fact(Item):
    """One fact. ``value`` is a string for text, date, partial_date and code; an ``int`` or an exact number in a string
    for number; true or false for bool; ``{amount, currency}`` for money; a list of strings for list.
    ``sensitivity: special`` marks what the law protects beyond the ordinary."""

    key: Key
    type: FactType
    value: Any
    unit: Text | None = None
    sensitivity: Literal["normal", "personal", "special"] | None = None
    valid: Period | None = None

    @model_validator(mode="after")
    def _value_is_of_its_type(self) -> Self:
        problem = _mismatch(self.type, self.value)
        if problem:
            raise Misfit(f"not of type {self.type}: {problem}", field="value")
        return self


def _mismatch(kind: FactType, value: Any) -> str | None:
    """Why ``value`` is not of the type, or ``None``."""
    try:
        match kind:
            case "number":
                read_decimal(value)
            case "bool":
                return None if isinstance(value, bool) else "give true or false"
            case "date":
                read_day(value)
            case "money":
                Money.model_validate(value)
            case "list":
                fits = (
                    isinstance(value, list | tuple) and value and all(isinstance(each, str) and each for each in value)
                )
                return None if fits else "give a list of strings, not empty"
            case "partial_date" if isinstance(value, str):
                check_partial_date(value)
            case _:
                return None if isinstance(value, str) and value.strip() else "give a string that is not empty"
    except ValidationError:
        return "give amount as a string and currency as an ISO 4217 code"
    except ValueError as error:
        return str(error)
    return None
