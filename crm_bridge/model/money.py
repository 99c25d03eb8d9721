"""Money: an exact decimal amount in an ISO 4217 currency. There is no float anywhere on the way."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from crm_bridge.model.formats import Currency
from crm_bridge.model.value import Value

_NUMBER = re.compile(r"-?\d{1,28}(\.\d{1,12})?", re.ASCII)


def read_decimal(value: Any) -> Decimal:
    """An exact number from a string such as ``12500.00``, an ``int`` or a ``Decimal``. Raises ``ValueError``."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    raise ValueError("not an exact number: give it as a string with a decimal point, such as 12500.00")


def _write_decimal(value: Decimal) -> str:
    return format(value, "f")


Number = Annotated[Decimal, PlainValidator(read_decimal), PlainSerializer(_write_decimal, when_used="json")]


class Money(Value):
    """An amount of one currency."""

    amount: Number
    currency: Currency
