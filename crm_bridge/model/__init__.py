"""The canonical model: what the bridge can know of a client, whatever system said it (docs/reference/model.md)."""

from crm_bridge.model.client import Client, Organisation, Person
from crm_bridge.model.consents import Consent, ConsentState, Evidence, current_consent
from crm_bridge.model.contact_points import Channel, ContactPoint, PostalAddress
from crm_bridge.model.dates import Age, PartialDate, Period, age_bounds, check_partial_date
from crm_bridge.model.documents import (
    InvalidClient,
    ModelProblem,
    dump_claim,
    dump_client,
    validate_claim,
    validate_client,
    validate_interaction,
    validate_purchase,
)
from crm_bridge.model.events import Claim, Interaction, NpsAnswer, Payout, Purchase, PurchaseItem
from crm_bridge.model.facts import Fact
from crm_bridge.model.formats import check_email, check_phone, known_zone
from crm_bridge.model.holdings import Holding, Scale, Score, Segment
from crm_bridge.model.identifiers import Identifier
from crm_bridge.model.money import Money
from crm_bridge.model.names import OrganisationName, PersonName
from crm_bridge.model.paths import ENTITIES, codes, fields_at, known_path, required_at
from crm_bridge.model.preferences import Preferences
from crm_bridge.model.relationships import RelatedParty, Relationship

__all__ = [
    "ENTITIES",
    "Age",
    "Channel",
    "Claim",
    "Client",
    "Consent",
    "ConsentState",
    "ContactPoint",
    "Evidence",
    "Fact",
    "Holding",
    "Identifier",
    "Interaction",
    "InvalidClient",
    "ModelProblem",
    "Money",
    "NpsAnswer",
    "Organisation",
    "OrganisationName",
    "PartialDate",
    "Payout",
    "Period",
    "Person",
    "PersonName",
    "PostalAddress",
    "Preferences",
    "Purchase",
    "PurchaseItem",
    "RelatedParty",
    "Relationship",
    "Scale",
    "Score",
    "Segment",
    "age_bounds",
    "check_email",
    "check_partial_date",
    "check_phone",
    "codes",
    "current_consent",
    "dump_claim",
    "dump_client",
    "fields_at",
    "known_path",
    "known_zone",
    "required_at",
    "validate_claim",
    "validate_client",
    "validate_interaction",
    "validate_purchase",
]
