"""The client: a person or an organisation, told apart by ``kind`` (after TMF632 Party, without its role classes).

The values are plain; who said what, and when, lies beside them in the store.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from crm_bridge.model.consents import Consent
from crm_bridge.model.contact_points import ContactPoint
from crm_bridge.model.dates import PartialDate
from crm_bridge.model.facts import Fact
from crm_bridge.model.formats import Text
from crm_bridge.model.holdings import Holding, Score, Segment
from crm_bridge.model.identifiers import Identifier
from crm_bridge.model.names import OrganisationName, PersonName
from crm_bridge.model.preferences import Preferences
from crm_bridge.model.relationships import Relationship
from crm_bridge.model.value import Value


class ClientCard(Value):
    """What persons and organisations share. ``id`` is the bridge's own, never a source's; ``version`` grows by one with
    each change. Both are absent in a contribution. ``replaced_by`` leads from a merged client to the surviving one."""

    id: Text | None = None
    version: int | None = Field(default=None, ge=0, strict=True)
    status: Literal["prospect", "active", "former", "deceased", "merged", "erased"] | None = None
    replaced_by: Text | None = None
    contact_points: tuple[ContactPoint, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    consents: tuple[Consent, ...] = ()
    holdings: tuple[Holding, ...] = ()
    segments: tuple[Segment, ...] = ()
    scores: tuple[Score, ...] = ()
    facts: tuple[Fact, ...] = ()
    preferences: Preferences | None = None


class Person(ClientCard):
    """A person. ``gender`` is the administrative one as declared (FHIR): a guess from a name never goes here."""

    kind: Literal["person"] = "person"
    name: PersonName | None = None
    other_names: tuple[PersonName, ...] = ()
    gender: Literal["male", "female", "other", "unknown"] | None = None
    birth_date: PartialDate | None = None
    deceased_on: PartialDate | None = None
    marital_status: Literal["single", "married", "divorced", "widowed", "partnered", "unknown"] | None = None
    job_title: Text | None = None


class Organisation(ClientCard):
    """A company, an agency, a public body."""

    kind: Literal["organisation"] = "organisation"
    name: OrganisationName | None = None
    other_names: tuple[OrganisationName, ...] = ()
    industry: Text | None = None


Client: TypeAlias = Annotated[Person | Organisation, Field(discriminator="kind")]
