"""What each source record claims of a client, and how a new reading changes that.

The rule that everything rests on: **an edit supersedes the value that it replaced.** When a system shows X and then
shows Y, its users had seen X, so Y wins over every older claim of X, whoever made it: three-way merge, for any number
of systems. Two edits that replaced the same X did not see each other: they are a conflict, and survivorship decides.

A value that we wrote into a system is an *echo*: the record holds it, but it is still the claim of whoever said it
first. Behind an echo stays the record's *own* last word, so that taking a link back restores exactly what each record
said.
(Reasons and alternatives: ``docs/decisions/0003-an-edit-supersedes-what-it-replaced.md``.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from crm_bridge.sync.units import Doc, changed, join, split

ERASED = "erased"  # a status that nobody takes back: there is nothing left that it could be taken back for
REMEMBERED = 16  # values that one edit may have replaced while others were behind; far more than a sync can miss


class Absent:
    """The value of a claim that says: nothing here (any more)."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


# One for all: json.dumps makes an encoder anew for every call that asks for anything but its defaults.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: object) -> str:
    """Text that is equal for equal values, for comparing across systems and sessions."""
    return _encode(value)


@dataclass(frozen=True, slots=True)
class Own:
    """A record's own last word on a unit, kept behind an echo."""

    value: Any
    seq: int
    at: str
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one unit of one record beyond its first reading.

    Attributes:
        seq: the bridge's own count when the value was observed; later readings have greater ones. An echo is as old as
            the word that it repeats.
        at: when it changed, as the source says, else as we observed it (ISO 8601, UTC).
        replaced: canonical texts of the values that this one took the place of and that others may still hold; for an
            item of a list the units of the items whose place it took.
        echo: key of the record whose claim this value repeats; ``None``: the record's own word.
        own: the record's own last word behind an echo.
        said: what the record's value means on the card, where the record cannot hold all of it: an edit of a group is
            laid over the group that its users saw a part of; an echo is of the card's whole value. ``None``: what the
            record holds is what it says.
        shared: of an echo: a part of the value is this record's word, and it goes on claiming it.
    """

    seq: int
    at: str
    replaced: tuple[str, ...] = ()
    echo: str | None = None
    own: Own | None = None
    said: Any = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Echo:
    """What we carry into a record for one unit.

    Attributes:
        origin: key of the record whose claim won on the card.
        replaced: what that value stands above, so that an edit made where it is carried stands above it too.
        said: the card's value; ``None``: nothing, any more.
        seq, at: of the word that is repeated; ``None``: it is as old as the receipt.
        shared: it is put together of several words, one of which is that of the record it is carried into.
    """

    origin: str
    replaced: tuple[str, ...] = ()
    said: Any = None
    seq: int | None = None
    at: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Contribution:
    """One source record's part in a client.

    Attributes:
        key: ``system/kind/record_id``.
        doc: what the record holds, mapped to canonical paths, with the plugins' proposals applied.
        seq, at: of its first reading; units without a mark are as old as that.
        gone: the record was deleted at its source; it claims nothing, and its echoes elsewhere speak for themselves.
        kept_from: the bridge's own count when a deletion was seen that is not decided on yet, or that an edit elsewhere
            beat: the record goes on claiming what it said, until its system holds the client again.
        spread_from: the bridge's own count when a deletion was seen that is to be carried to the other systems.
    """

    key: str
    system: str
    doc: Doc
    seq: int
    at: str
    marks: Mapping[str, Mark] = field(default_factory=dict)
    gone: bool = False
    spread_from: int | None = None
    kept_from: int | None = None

    def alone(self) -> Contribution:
        """The record with its own last words, and nothing that we wrote there."""
        units, marks = split(self.doc), dict(self.marks)
        for unit, mark in self.marks.items():
            if mark.echo is not None:
                units.pop(unit, None)
                del marks[unit]
                if mark.own is not None:
                    units[unit] = mark.own.value
                    marks[unit] = Mark(seq=mark.own.seq, at=mark.own.at, replaced=mark.own.replaced)
        kind = {name: value for name, value in self.doc.items() if name == "kind"}
        return replace(self, doc={**kind, **join(units)}, marks=marks)


class Claim(NamedTuple):
    """One record's word on one unit. ``first``: as it was when the record was first read; nobody knows since when."""

    key: str
    system: str
    value: Any
    seq: int
    at: str
    replaced: tuple[str, ...] = ()
    first: bool = False


def claims_of(contribution: Contribution, *, cluster: Mapping[str, Contribution]) -> Iterator[tuple[str, Claim]]:
    """The claims of one record among the records of its client (``cluster``, by key)."""
    if is_silent(contribution, cluster=cluster):
        return
    units = split(contribution.doc)
    for unit, value in units.items():
        mark = contribution.marks.get(unit)
        if mark is None:
            said = (contribution.key, contribution.system, value, contribution.seq, contribution.at)
            yield unit, Claim(*said, first=True)
        else:
            claim = _marked(contribution, mark, value, cluster)
            if claim is not None:
                yield unit, claim
    for unit, mark in contribution.marks.items():
        if unit not in units:
            claim = _marked(contribution, mark, ABSENT, cluster)
            if claim is not None:
                yield unit, claim


def is_silent(contribution: Contribution, *, cluster: Mapping[str, Contribution]) -> bool:
    """Whether the record claims nothing any more: it is gone, and nothing kept it, or its system has a new one."""
    since = contribution.kept_from
    if not contribution.gone or since is None:
        return contribution.gone
    return any(other.system == contribution.system and other.seq > since for other in cluster.values())


def _marked(contribution: Contribution, mark: Mark, value: Any, cluster: Mapping[str, Contribution]) -> Claim | None:
    if mark.echo is not None:
        origin = cluster.get(mark.echo)
        if origin is not None and not mark.shared and not is_silent(origin, cluster=cluster):
            return None
        if origin is None:
            own = mark.own
            if own is None:
                return None
            return Claim(contribution.key, contribution.system, own.value, own.seq, own.at, own.replaced)
    holds_it = value is not ABSENT or mark.said == ERASED
    said = mark.said if mark.said is not None and holds_it else value
    return Claim(contribution.key, contribution.system, said, mark.seq, mark.at, mark.replaced)


def is_part(part: Any, whole: Any) -> bool:
    """Whether ``whole`` says all that ``part`` says, and perhaps more."""
    if not (isinstance(part, Mapping) and isinstance(whole, Mapping)):
        return False
    # An address has its text as well: that is made of the parts, and shorter where a system holds fewer.
    made = {"value"} if "address" in part and "address" in whole else set()
    return all(
        name in whole and (value == whole[name] or is_part(value, whole[name]))
        for name, value in part.items()
        if name not in made
    )


def settle(known: Contribution, doc: Doc, *, seq: int, at: str, echoes: Mapping[str, Echo]) -> Contribution:
    """The system confirmed our write and now holds ``doc``: what changed is an echo of the records in ``echoes``.

    Args:
        echoes: by unit; a unit that nobody claims any more has none.
    """
    before, after = split(known.doc), split(doc)
    marks = dict(known.marks)
    for unit in changed(before, after):
        echo, own = echoes.get(unit), _own_word(known, unit, before, marks.get(unit))
        if echo is None and unit not in after:
            marks.pop(unit, None)  # taken out as nobody says it; that is not the record's word against anybody
        elif echo is None:
            marks[unit] = Mark(seq=seq, at=at)
        elif echo.origin != known.key:
            said = echo.said if unit in after and echo.said != after[unit] else None
            since, when = (seq, at) if echo.seq is None else (echo.seq, echo.at or at)
            marks[unit] = Mark(since, when, echo.replaced, echo=echo.origin, own=own, said=said, shared=echo.shared)
        elif own is not None:  # its own word, completed or put back by us: as old, and as strong, as it was
            marks[unit] = Mark(seq=own.seq, at=own.at, replaced=own.replaced)
        else:
            marks[unit] = Mark(seq=seq, at=at, replaced=echo.replaced)
    return replace(known, doc=doc, marks=marks)


def _own_word(known: Contribution, unit: str, before: Mapping[str, Any], earlier: Mark | None) -> Own | None:
    if earlier is not None and earlier.echo is not None:
        return earlier.own
    if unit not in before:
        return None
    if earlier is None:
        return Own(before[unit], known.seq, known.at)
    word = before[unit] if earlier.said is None else earlier.said
    return Own(word, earlier.seq, earlier.at, earlier.replaced)


def by_key(contributions: Iterable[Contribution]) -> dict[str, Contribution]:
    """The cluster that :func:`claims_of` wants."""
    return {contribution.key: contribution for contribution in contributions}
