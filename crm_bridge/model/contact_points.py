"""Where a client can be reached: phones, e-mail, postal addresses, messengers (FHIR ContactPoint, vCard features)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from crm_bridge.model.dates import Moment, Period
from crm_bridge.model.formats import Country, Line, Text, check_email, check_phone
from crm_bridge.model.value import Item, Misfit, Value

Channel = Literal["voice", "sms", "email", "post", "messenger", "push", "fax", "web", "branch", "any"]


class PostalAddress(Value):
    """A postal address in parts (FHIR Address). ``lines`` are street, house and flat as written;
    ``locality_code`` is the national register's code of the place (KATOTTG, FIAS)."""

    text: Text | None = None
    lines: tuple[Text, ...] = ()
    city: Text | None = None
    district: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Country | None = None
    locality_code: Text | None = None


class ContactPoint(Item):
    """One way to reach a client. ``value`` is E.164 for a phone, lower case for e-mail, one line for a postal address,
    the account name for a messenger. ``rank`` 1 is preferred. ``wrong_person``: it reaches somebody else."""

    type: Literal["phone", "email", "postal", "messenger"]
    value: Line
    ext: Text | None = None
    service: Literal["viber", "telegram", "whatsapp", "signal", "messenger", "other"] | None = None
    features: tuple[Literal["voice", "sms", "fax"], ...] = ()
    address: PostalAddress | None = None
    purpose: Literal["home", "work", "mobile", "billing", "delivery", "emergency", "other"] | None = None
    rank: int | None = Field(default=None, ge=1, le=100, strict=True)
    status: Literal["unverified", "active", "invalid", "bounced", "wrong_person", "retired"] | None = None
    verified_at: Moment | None = None
    valid: Period | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type != "phone" and (self.features or self.ext):
            raise Misfit("only a phone has it", field="features" if self.features else "ext")
        if self.type != "postal" and self.address is not None:
            raise Misfit("only a postal contact point has it", field="address")
        if (self.service is not None) != (self.type == "messenger"):
            raise Misfit("a messenger has it, and nothing else", field="service")
        try:
            if self.type == "phone":
                check_phone(self.value)
            elif self.type == "email":
                check_email(self.value)
        except ValueError as error:
            raise Misfit(str(error), field="value") from None
        return self
