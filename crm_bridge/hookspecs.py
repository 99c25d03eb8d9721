"""Every hook that a plugin may implement, on one page.

Write ``@hookimpl`` on a function of the same name; take only the arguments that you need. The bridge calls each
implementation by itself: one that raises or runs over its time costs its own call, is recorded, and the sync goes on.
Hooks never change anything: they return values, and pure code of the bridge merges them by the configured precedence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import pluggy

from crm_bridge.connector import ConnectorType, SimulatorType

if TYPE_CHECKING:
    from crm_bridge.mapping import TransformType

ENTRY_POINT_GROUP = "crm_bridge"
hookspec = pluggy.HookspecMarker("crm_bridge")
hookimpl = pluggy.HookimplMarker("crm_bridge")


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source record as a hook sees it: read-only.

    Attributes:
        key: ``system/kind/record_id``.
        client_id: the client it is linked to; ``None`` before resolution.
        doc: the canonical document (the JSON shape of :class:`crm_bridge.model.Client`). Do not change it.
    """

    key: str
    system: str
    kind: str
    record_id: str
    doc: Mapping[str, Any]
    client_id: str | None = None


class ProposalMode(Enum):
    """What a proposal does to what the source said."""

    FILL = "fill"  # used only when the source says nothing at that path
    NORMALISE = "normalise"  # the same fact written better: replaces the source's spelling on the card


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that a plugin offers for one path of one source record, with its reason.

    Attributes:
        key: of the :class:`SourceView` it is about.
        path: canonical path, such as ``name.family`` or ``contact_points[phone/+380000000000].features``.
    """

    key: str
    path: str
    value: Any
    reason: str
    mode: ProposalMode = ProposalMode.FILL


class Grade(Enum):
    """How sure a match is (FHIR ``$match``, and ``unlikely``, which FHIR leaves out of an answer)."""

    CERTAIN = "certain"  # linked without asking
    PROBABLE = "probable"  # review queue
    POSSIBLE = "possible"  # review queue, behind the probable ones
    UNLIKELY = "unlikely"  # judged two persons: counted, nobody is asked, and no veto
    CERTAINLY_NOT = "certainly-not"  # vetoes a link that another plugin would make


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two source records that seem to be of one client.

    Attributes:
        weight: match weight in bits (log2 of the Bayes factor) where the plugin has one, else 0.
        rule: short stable name, such as ``tax_id`` or ``phone+name+birth_date``.
        evidence: which comparisons agreed; names of fields, never values.
    """

    left: str
    right: str
    grade: Grade
    rule: str
    weight: float = 0.0
    evidence: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of a planned write, in the target's own names."""

    path: str
    field: str
    old: Any
    new: Any
    why: str


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One write of the plan: which record of which system, what changes, and why."""

    system: str
    kind: str
    operation: str
    record_id: str | None
    client_id: str
    fields: Sequence[PlannedField]


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to make a planned write now. It is kept in the review queue with its reason."""

    system: str
    kind: str
    record_id: str | None
    client_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, after CloudEvents 1.0: ``type`` is ``client.created``, ``client.changed``,
    ``claim.registered`` and so on; ``id`` is the same when the same thing is told again."""

    id: str
    type: str
    client_id: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to a client that a plugin asks for. Policy decides, at the moment of dispatch, whether it goes.

    Attributes:
        key: the same key is never sent twice, such as ``claims_sms:registered:CL-2026-0042``.
        purpose: the purpose that consent must cover, such as ``claims``.
        valid_until: after this moment the notice is pointless and is dropped, visibly.
    """

    key: str
    client_id: str
    channel: str
    purpose: str
    text: str
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldNotice:
    """A notice that a plugin should write and cannot, as something it must say is missing. A person is shown it.

    Attributes:
        key: as the notice would have had.
        missing: what is missing, as names of fields, never values, such as ``payout.amount``.
    """

    key: str
    client_id: str
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class ContactRequest:
    """A contact that is about to be made, for ``decide_contact``."""

    client_id: str
    client: Mapping[str, Any]
    channel: str
    purpose: str
    notice_key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ContactDecision:
    """Allow or deny, with the rule that decided. One denial is enough."""

    allowed: bool
    rule: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PageView:
    """A page that a plugin adds to the console, at ``/pages/{slug}``. ``render`` gets the query, returns HTML text."""

    slug: str
    title: str
    render: Callable[[Mapping[str, str]], str]


@hookspec
def register_connectors() -> Sequence[ConnectorType]:  # type: ignore[empty-body]  # a specification has no body
    """Offer connector types. Called once at start."""


@hookspec
def register_simulators() -> Sequence[SimulatorType]:  # type: ignore[empty-body]  # a specification has no body
    """Offer simulators for ``crm-bridge simulate``. Called by that command and by the demo alone."""


@hookspec
def register_transforms() -> Mapping[str, TransformType]:  # type: ignore[empty-body]  # a specification has no body
    """Offer transforms for ``call: plugin.transform`` in mapping documents. Called once at start."""


@hookspec
def enrich_clients(batch: Sequence[SourceView]) -> Iterable[Proposal]:  # type: ignore[empty-body]  # a specification
    """Offer better values for a page of freshly mapped records. Called after mapping, before matching."""


@hookspec
def find_duplicates(  # type: ignore[empty-body]  # a specification has no body
    batch: Sequence[SourceView], candidates: Mapping[str, Sequence[SourceView]]
) -> Iterable[DuplicatePair]:
    """Compare each record of ``batch`` with its candidates (by key), which share an index key with it."""


@hookspec
def review_plan(writes: Sequence[PlannedWrite]) -> Iterable[Objection]:  # type: ignore[empty-body]  # a specification
    """Object to writes before they are made. Called with a batch of one target's planned writes."""


@hookspec
def clients_changed(  # type: ignore[empty-body]  # a specification has no body
    events: Sequence[Event], clients: Mapping[str, Mapping[str, Any]]
) -> Iterable[Notice | HeldNotice]:
    """Ask for notices. Called after the commit, at least once for each event; ``clients`` by client id."""


@hookspec
def decide_contact(request: ContactRequest) -> ContactDecision | None:
    """Allow or deny a contact, or say nothing (``None``). Called at the moment of dispatch, after consent."""


@hookspec
def register_commands() -> Mapping[str, Callable[..., None]]:  # type: ignore[empty-body]  # a specification has no body
    """Offer commands: ``crm-bridge PLUGIN NAME``, and ``crm-bridge x NAME`` while the plugin is active.

    Functions with typed parameters, as Typer takes them. Called without a configuration too."""


@hookspec
def register_pages() -> Sequence[PageView]:  # type: ignore[empty-body]  # a specification has no body
    """Offer pages for the console of ``crm-bridge serve``."""
