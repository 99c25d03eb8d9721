"""What lies beside a client, by client id, because it grows without bound: claims, interactions, purchases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crm_bridge.model.contact_points import Channel
from crm_bridge.model.dates import Day, Moment
from crm_bridge.model.formats import Key, Line, Text
from crm_bridge.model.holdings import Scale
from crm_bridge.model.money import Money, Number
from crm_bridge.model.value import Item, Value


class Payout(Value):
    """A payment on a claim: the payment order's number, its date and its amount. A part may be not known yet."""

    order: Text | None = None
    date: Day | None = None
    amount: Money | None = None


class Claim(Value):
    """The state of a claim, as far as the client is told about it; the claim is handled elsewhere."""

    number: Line
    policy: Text | None = None
    status: Literal["registered", "documents_requested", "approved", "paid", "rejected", "closed"] | None = None
    documents: tuple[Text, ...] = ()
    payout: Payout | None = None
    registered_at: Moment | None = None


class NpsAnswer(Value):
    """An answer to the one question of the Net Promoter Score, on the scale that the source declares."""

    score: int = Field(ge=0, le=10, strict=True)
    scale: Scale | None = None


class Interaction(Item):
    """One contact with a client, whoever made it (TMF683). ``disposition`` is the source's own word, verbatim;
    ``source_ref`` makes storing it twice impossible."""

    direction: Literal["inbound", "outbound"]
    channel: Channel
    kind: Key | None = None
    purpose: Key | None = None
    campaign: Text | None = None
    contact_point: str | None = None
    started_at: Moment
    ended_at: Moment | None = None
    outcome: Key | None = None
    disposition: Text | None = None
    actor: Text | None = None
    office: Text | None = None
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    nps: NpsAnswer | None = None
    cost: Money | None = None
    source_ref: Text | None = None


class PurchaseItem(Value):
    """One line of a purchase; ``amount`` is the line's sum."""

    sku: Text | None = None
    name: Text | None = None
    quantity: Number | None = None
    amount: Money | None = None


class Purchase(Item):
    """A purchase with its sum; ``returned_of`` names the purchase that this one takes back."""

    at: Moment
    amount: Money
    items: tuple[PurchaseItem, ...] = ()
    returned_of: Text | None = None
