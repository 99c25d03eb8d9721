"""Who plays in which scene: clients that the bridge has found in the systems that a scene needs, one scene each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Card = Mapping[str, Sequence[str]]
"""The records of one client: system → record ids."""

SCENES: Mapping[str, tuple[str, ...]] = {
    "everywhere": ("siebel", "callcenter", "sms_gateway", "vendor_files"),
    "name": ("siebel", "callcenter", "vendor_files"),
    "phone": ("siebel", "callcenter"),
    "disjoint": ("siebel", "callcenter"),
    "consent": ("siebel",),
    "no_consent": ("siebel",),
}
"""The systems that the client of each scene has to be known to, hardest scene first."""


@dataclass(frozen=True, slots=True)
class Part:
    """One client in one scene, with its record in each system (the first, where a system has several)."""

    scene: str
    client_id: str
    records: Mapping[str, str]


def choose(cards: Mapping[str, Card], *, wished: Mapping[str, str], excluded: Collection[str] = ()) -> dict[str, Part]:
    """A client for each scene; a scene that nobody fits is missing from the answer.

    Args:
        wished: scene → the client that is kept for it; taken when it fits.
        excluded: clients that must not play.
    """
    taken = set(excluded)
    parts: dict[str, Part] = {}
    waiting = {client for scene, client in wished.items() if scene in SCENES}
    for scene, systems in SCENES.items():
        candidates = [wished[scene]] if scene in wished else []
        candidates += sorted(cards.keys() - waiting)
        for client in candidates:
            card = cards.get(client, {})
            if client not in taken and _fits(card, systems):
                taken.add(client)
                parts[scene] = Part(scene, client, {system: records[0] for system, records in card.items()})
                break
    return parts


def wanted(needs: Sequence[Sequence[str]]) -> str:
    """In words: the clients that a scene takes, each by the systems that it has to be known to."""
    who = [f"known once to {' and to '.join(each)}" for each in needs]
    if len(who) == 1:
        return f"a client that the other scenes leave, {who[0]}"
    if len(set(who)) == 1:
        return f"{len(who)} clients that the other scenes leave, each {who[0]}"
    return f"{len(who)} clients that the other scenes leave: " + ", ".join(f"one {each}" for each in who)


def _fits(card: Card, systems: Sequence[str]) -> bool:
    """Known to all of ``systems``, and to each that knows it by one record: then it is plain where to look."""
    return all(card.get(system) for system in systems) and all(len(records) == 1 for records in card.values())
