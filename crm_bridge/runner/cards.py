"""Computing cards anew, and what follows from a changed one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from crm_bridge.run_context.systems import Systems
from crm_bridge.store.clients import StoredClient
from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.rules import Survivorship
from crm_bridge.sync.survivorship import Card, survive
from crm_bridge.sync.units import IDENTITY_FIELDS, changed, split


@dataclass(frozen=True, slots=True)
class CardChange:
    """A card before and after.

    Attributes:
        units: unit → (old, new), ``None`` for absent.
        new: the client has no row yet.
    """

    stored: StoredClient
    units: Mapping[str, tuple[Any, Any]]
    card: Card | None
    new: bool = False

    @property
    def moved(self) -> bool:
        """Whether the card has to be stored: an edit may lose a conflict and leave it as it was."""
        return self.new or bool(self.units)


def content(doc: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says, without its identity."""
    return {name: value for name, value in doc.items() if name not in IDENTITY_FIELDS or name == "kind"}


def units_of_card(stored: StoredClient | None) -> dict[str, Any]:
    """The units of a card as it stands."""
    return split(content(stored.doc())) if stored is not None else {}


def first_version(client_id: str, said: bytes, *, at: str) -> StoredClient:
    """The first version of a client whose card says ``said``, a document as JSON bytes."""
    card = b'{"id":"%b","version":1,%b' % (client_id.encode(), said[1:])  # identity before it: no second serialising
    return StoredClient(client_id, 1, card, at, at)


def recompute(
    stored: StoredClient | None,
    client_id: str,
    contributions: Sequence[Contribution],
    *,
    policy: Survivorship,
    at: str,
) -> CardChange:
    """The client's card from its contributions."""
    current = stored.doc() if stored is not None else None
    card = survive(contributions, policy=policy, current=current)
    if stored is None or current is None:
        return CardChange(
            first_version(client_id, orjson.dumps(card.doc), at=at), _difference({}, card.doc), card, new=True
        )
    units = _difference(content(current), card.doc)
    if not units:
        return CardChange(stored, units, card)
    version = stored.version + 1
    data = orjson.dumps({"id": client_id, "version": version, **card.doc})
    return CardChange(StoredClient(client_id, version, data, stored.created_at, at, stored.replaced_by), units, card)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    old, new = split(before), split(after)
    return {unit: (old.get(unit), new.get(unit)) for unit in changed(old, new)}


def takers(entity: str, systems: Systems, *, holder: str) -> list[str]:
    """The systems that want every client of this kind, but for the one that holds it: those that new clients go to."""
    return [
        system.name
        for system in systems.values()
        if system.name != holder and any(each.create and each.mapping.entity == entity for each in system.targets())
    ]


def to_carry(
    client_id: str, contributions: Sequence[Contribution], kind: str, systems: Systems
) -> Iterator[tuple[str, str]]:
    """The outbox rows of a client whose card or links changed: every target that holds it, or should.

    A client that only one system knows needs carrying nowhere but to systems that want every client.
    """
    holders = {contribution.system for contribution in contributions if not contribution.gone}
    alone = len(contributions) == 1 and not contributions[0].marks
    for system in systems.values():
        for target in system.targets():
            holds = system.name in holders
            wants = target.create and target.mapping.entity == kind and not holds
            if (holds and not alone) or wants:
                yield system.name, client_id
                break
