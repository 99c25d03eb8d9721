"""Identifiers: what a client is called in a system or a register, as (system, value) after FHIR and TMF632."""

from __future__ import annotations

from typing import Literal

from crm_bridge.model.dates import Moment, Period
from crm_bridge.model.formats import Country, Key, Line, Text
from crm_bridge.model.value import Item


class Identifier(Item):
    """One identifier. ``system`` names its space, such as ``ua.rnokpp``, ``ru.inn``, ``siebel.contact.row_id``."""

    system: Key
    value: Line
    type: (
        Literal[
            "record",
            "tax",
            "passport",
            "national_id",
            "driver_licence",
            "loyalty",
            "policyholder",
            "household",
            "account",
            "other",
        ]
        | None
    ) = None
    country: Country | None = None
    issuer: Text | None = None
    valid: Period | None = None
    verified_at: Moment | None = None
