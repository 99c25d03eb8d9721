"""What was decided on one unit of a card, and what of that is carried into a record."""

from __future__ import annotations

from typing import Any, NamedTuple

from crm_bridge.sync.claims import ABSENT, Claim, Echo
from crm_bridge.sync.slots import slot_of


class Verdict(NamedTuple):
    """The decision on one unit.

    Attributes:
        value: what stands on the card, or ``ABSENT``.
        origin: key of the record whose claim won.
        reason: in words: ``only``, ``agreed``, ``edit`` (superseded the others), ``precedence``, ``newest`` …
        losers: claims that stand against the winner with another value.
        superseded: claims that an edit had replaced.
        conflict: two systems changed the same without having seen each other's change, or contradict at first sight.
        against: units of the items that lost their slot to this one.
        givers: keys of the records whose words are put together in the value; empty where it is one's.
        former: names that the item was edited under, by those who had not seen it renamed.
        ask: a person has to decide.
        words: which words a person is asked about; an edit is a new one, whatever it says.
        at: when the winner said it.
        seq: the bridge's own count of that word; ``None``: nobody's.
        replaced: canonical texts of all that the value stands above: what an edit of it takes the place of as well.
    """

    unit: str
    value: Any
    origin: str
    reason: str
    losers: tuple[Claim, ...] = ()
    superseded: tuple[Claim, ...] = ()
    conflict: bool = False
    against: tuple[str, ...] = ()
    ask: bool = False
    words: tuple[str, ...] = ()
    at: str = ""
    replaced: tuple[str, ...] = ()
    seq: int | None = None
    former: tuple[str, ...] = ()
    givers: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """What a person is told that it is about: the unit, or the slot that items meet in."""
        return slot_of(self.unit, self.value) if self.against else self.unit

    def echo(self, key: str) -> Echo:
        """What is carried into the record ``key``. Who gave a part of the value goes on saying it: else what is put
        together of several words would be nobody's, as soon as one of them was written over."""
        said = None if self.value is ABSENT else self.value
        others = [each for each in (self.origin, *self.givers) if each != key]
        shared = key in self.givers and bool(others)
        return Echo(others[0] if shared else self.origin, self.replaced, said, self.seq, self.at, shared)
