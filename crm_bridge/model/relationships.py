"""Relationships to other people and organisations (TMF632 relatedParty); a child need not be a client."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from crm_bridge.model.dates import Age, PartialDate, Period
from crm_bridge.model.formats import Text
from crm_bridge.model.value import Item, Value


class RelatedParty(Value):
    """The other side: a client by id, or just what is known of them. An age carries the day it was true on."""

    client_id: Text | None = None
    name: Text | None = None
    birth_date: PartialDate | None = None
    age: Age | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.client_id is None and self.name is None:
            raise ValueError("name the other side by client_id or by name")
        return self


class Relationship(Item):
    """``to`` is the client's ``type``: type ``child`` says that ``to`` is the child of this client."""

    type: Literal[
        "spouse",
        "child",
        "parent",
        "sibling",
        "household",
        "guardian",
        "employer",
        "employee",
        "contact_person",
        "agent",
        "beneficiary",
        "referrer",
        "supplier",
        "partner",
    ]
    to: RelatedParty
    role: Text | None = None
    valid: Period | None = None
