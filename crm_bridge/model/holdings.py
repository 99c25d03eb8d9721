"""What a client has, belongs to and was rated at: holdings, segments, scores. References only, never a ledger."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from crm_bridge.model.dates import Moment, Period
from crm_bridge.model.formats import Key, Text
from crm_bridge.model.money import Number
from crm_bridge.model.value import Item, Misfit, Value


class Holding(Item):
    """A product that the client holds or held, by its number in the owning system."""

    type: Literal["policy", "account", "loan", "card", "subscription", "other"]
    number: Text | None = None
    product: Text | None = None
    status: Literal["pending", "active", "ended", "cancelled"] | None = None
    valid: Period | None = None
    source: Text | None = None


class Segment(Item):
    """Membership in a segment, and which model put the client there (Unomi)."""

    key: Key
    model: Text | None = None
    since: Moment | None = None
    until: Moment | None = None


class Scale(Value):
    """The least and the greatest possible score."""

    min: Number
    max: Number

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min >= self.max:
            raise Misfit("min is below max on a scale", field="min")
        return self


class Score(Item):
    """A number that a model gave the client, on its scale, at a time; after ``until`` it counts no more."""

    key: Key
    value: Number
    scale: Scale | None = None
    model: Text | None = None
    at: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _is_on_its_scale(self) -> Self:
        if self.scale is not None and not self.scale.min <= self.value <= self.scale.max:
            raise Misfit("outside its scale", field="value")
        return self
