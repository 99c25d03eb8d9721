"""Applying what plugins proposed to what a source said. The source's own words stay as they are, beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_bridge.model.forms import form_at
from crm_bridge.sync.slots import with_row_ids
from crm_bridge.sync.units import Doc, head, join, split


@dataclass(frozen=True, slots=True)
class Offer:
    """A plugin's proposal, as kept beside the source record. ``normalise``: it replaces the source's spelling."""

    path: str
    value: Any
    reason: str
    plugin: str
    normalise: bool = False


def unit_of(path: str) -> tuple[str, tuple[str, ...]]:
    """The unit that ``path`` is in, and the way from there: ``name.family`` → (``name``, (``family``,))."""
    bracket = path.rfind("]")
    if bracket >= 0:
        rest = path[bracket + 1 :].lstrip(".")
        return path[: bracket + 1], tuple(rest.split(".")) if rest else ()
    parts = path.split(".")
    if parts[0] == "preferences" and len(parts) > 1:
        return ".".join(parts[:2]), tuple(parts[2:])
    return parts[0], tuple(parts[1:])


def apply(doc: Doc, offers: Sequence[Offer]) -> Doc:
    """``doc`` with the offers in it, the first one winning where two touch the same path. Unchanged without offers.

    An offer that would leave an item of a list as the model has none, such as a fact's value of another type, is passed
    over: whether it fits shows only beside what the source said.
    """
    if not offers:
        return doc
    units, kind = split(doc), str(doc.get("kind", "person"))
    done: set[str] = set()
    for offer in offers:
        unit, way = unit_of(offer.path)
        if offer.path in done or (way and "[" in unit and unit not in units):
            continue
        value = _put(units.get(unit), way, offer)
        form = form_at(f"{head(unit)}.0", entity=kind) if "[" in unit else None
        if form is not None and form.misfits(value):
            continue
        units[unit] = value
        done.add(offer.path)
    proposed = join({unit: value for unit, value in units.items() if value is not None})
    return with_row_ids({"kind": kind, **proposed}, doc)


def _put(current: Any, way: Sequence[str], offer: Offer) -> Any:
    if not way:
        return offer.value if current is None or offer.normalise else current
    step, rest = way[0], way[1:]
    if isinstance(current, list):
        return current  # an index into a list is nobody's to propose
    holder: Mapping[str, Any] = current if isinstance(current, Mapping) else {}
    value = _put(holder.get(step), rest, offer)
    return holder if value == holder.get(step) else {**holder, step: value}


def with_former(offers: Sequence[Offer], former: Sequence[Offer], *, said: Doc, own: Doc) -> tuple[Offer, ...]:
    """``offers``, and the former ones about units that the source kept silent on: in ``own``, not as in ``said``."""
    now, kept = split(said), split(own)
    made = {offer.path for offer in offers}
    silent = [
        offer
        for offer in former
        if offer.path not in made and (unit := unit_of(offer.path)[0]) not in now and unit in kept
    ]
    return (*offers, *silent)


def as_offered(own: Doc, former: Sequence[Offer], *, said: Doc, offers: Sequence[Offer]) -> Doc:
    """What a record said before (``own``) as plugins have it now where it says the same still, else as then.

    What they add to a value, or take back from it, is no edit of the record's users: also where the value is one that
    we wrote there, and they see it in this record for the first time.

    Args:
        former: what was offered when it said ``own``.
        said: what it says now, without ``offers``.
    """
    was, is_now = split(own), split(said)

    def stayed(offer: Offer) -> bool:
        unit = unit_of(offer.path)[0]
        return bool(was.get(unit) == is_now.get(unit))

    return apply(own, [*filter(stayed, offers), *(offer for offer in former if not stayed(offer))])


def still_true(offers: Sequence[Offer], edited: Sequence[str]) -> tuple[Offer, ...]:
    """The offers that are about units which did not change since."""
    gone = set(edited)
    heads = {head(unit) for unit in edited}
    return tuple(
        offer
        for offer in offers
        if (unit := unit_of(offer.path)[0]) not in gone and not ("[" not in unit and unit in heads)
    )
