"""In which portions writes leave: calls, those that are made beside each other, and what is journaled before them.

What a kill leaves open in the journal has to be looked after. Where the next run finds out by itself what became of it,
a whole batch is journaled at once, which costs one commit. Where nobody can tell, each open write is one for a person:
so a write is not in the journal before the very call that carries it is about to go out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence

from crm_bridge.connector import Connector, EffectSafety, RecordSource, WriteLookup
from crm_bridge.outbox.parcels import Parcel
from crm_bridge.run_context.systems import Kind, System

Calls = deque[tuple[str, Sequence[Parcel]]]  # (kind, what one call carries)


def settles_itself(connector: Connector, kind: Kind, operation: str) -> bool:
    """Whether the next run finds out what became of such a write, or may send it again: it never needs a person."""
    if operation != "create" and kind.capabilities.reads_back and isinstance(connector, RecordSource):
        return True
    safety = kind.capabilities.effect_safety
    return isinstance(connector, WriteLookup) or safety in (EffectSafety.IDEMPOTENT, EffectSafety.KEYED)


def calls(
    system: System, parcels: Sequence[Parcel], *, one_each: bool, alone: Collection[str] = ()
) -> Iterator[tuple[str, Sequence[Parcel]]]:
    """The parcels by kind, as many at a time as the system takes; one where calls are counted, as nobody but the
    connector knows how many of them a batch comes to.

    Args:
        alone: clients whose writes go by themselves: each may be the one for which a call with others gave no answer.
    """
    for kind in system.targets():
        mine = [parcel for parcel in parcels if parcel.draft.kind.name == kind.name]
        yield from ((kind.name, [parcel]) for parcel in mine if parcel.intent.client_id in alone)
        group = [parcel for parcel in mine if parcel.intent.client_id not in alone]
        size = 1 if one_each else max(1, kind.capabilities.batch_size)
        for start in range(0, len(group), size):
            yield kind.name, group[start : start + size]


def wave(unsent: Calls, *, width: int) -> list[tuple[str, Sequence[Parcel]]]:
    """The next calls that may be made beside each other: none shares a client with another, whose writes keep order."""
    found: list[tuple[str, Sequence[Parcel]]] = []
    taken: set[str] = set()
    while unsent and len(found) < width:
        clients_of_next = {parcel.intent.client_id for parcel in unsent[0][1]}
        if taken & clients_of_next:
            break
        taken |= clients_of_next
        found.append(unsent.popleft())
    return found
