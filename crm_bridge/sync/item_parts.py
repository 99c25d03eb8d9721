"""The parts of an item: what is said *of* a child or a number, beside what names it. Each is a field like any other.

An item is decided as a whole as long as its claims follow each other. Where users edited different parts of it without
having seen each other's edit, the same rule is applied to each part: an edit supersedes what it replaced, and two edits
that replaced the same are a conflict. What a claim's edits replaced of a part is read off the descriptions that they
replaced.

A child or a contract is a thing with a name: renamed, it is the same one, and what others edit of it meanwhile goes
along (``NAMED_THINGS``). A number, an address of e-mail or an identifier *is* its value: another one is another thing,
and what was said of the old one is not said of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from crm_bridge.sync.claims import ABSENT, Claim, canonical
from crm_bridge.sync.slots import is_unit, items_replaced, slot_of, unit_of_item
from crm_bridge.sync.units import head, is_value_keyed

Path: TypeAlias = tuple[str, ...]

NAMED_THINGS = frozenset({"relationships", "holdings"})
# What names an item, in its own words: of each row the first that it has.
_NAMED_BY: Mapping[str, tuple[tuple[Path, ...], ...]] = {
    "contact_points": ((("type",),), (("value",),)),
    "identifiers": ((("system",),), (("value",),)),
    "relationships": ((("type",),), (("to", "client_id"), ("to", "name"))),
    "holdings": ((("type",),), (("number",),)),
    "other_names": ((("use",),), (("text",), ("family",))),
}
_GATHERED = "features"  # what a number can do: each system knows some of it


class Merged(NamedTuple):
    """What claims of one item come to.

    Attributes:
        holder: the claim that it is carried as.
        losers: claims with an edit of a part that another edit of it won over.
        givers: keys of the records whose words it is put together of; empty where the holder says it all.
    """

    value: dict[str, Any]
    holder: Claim
    losers: tuple[Claim, ...]
    givers: tuple[str, ...]


class _Word(NamedTuple):
    """One claim's word on one part. ``before``: what its edits replaced; ``settled``: it is older than the claim."""

    claim: Claim
    value: Any
    text: str | None
    before: frozenset[str]
    settled: bool


def is_named_thing(unit: str) -> bool:
    """Whether the unit is a thing with a name, which stays the same when it is renamed."""
    return head(unit) in NAMED_THINGS


def is_about(unit: str, text: str) -> bool:
    """Whether ``text``, a thing that an edit replaced, is a description of the item that ``unit`` is."""
    return not is_unit(text) and text.startswith("{") and unit_of_item(head(unit), json.loads(text)) == unit


def is_unseen(unit: str, edit: Claim, removal: Claim) -> bool:
    """Whether ``edit`` changed what is said of an item, and whoever made its ``removal`` had not seen that: the item
    then stays. A number that a record merely describes otherwise is no such edit."""
    if not any(is_about(unit, text) for text in edit.replaced):
        return False
    seen = [dict(_leaves(json.loads(text))) for text in removal.replaced if is_about(unit, text)]
    return not any(_adds_nothing(dict(_leaves(edit.value)), each) for each in seen)


def _adds_nothing(leaves: Mapping[Path, Any], seen: Mapping[Path, Any]) -> bool:
    return all(
        path in seen and (value == seen[path] or (path == (_GATHERED,) and set(value) <= set(seen[path])))
        for path, value in leaves.items()
    )


def merged(unit: str, ranked: Sequence[Claim], *, holders: Sequence[Claim]) -> Merged:
    """One item of what the claims say of it.

    Args:
        ranked: the claims, the best first; those of the item under other names too.
        holders: those of ``unit`` itself, the best first; one at least.
    """
    said = [(claim, dict(_leaves(claim.value)), _before(unit, claim)) for claim in ranked]
    paths = dict.fromkeys(path for _, leaves, before in said for each in (leaves, *before) for path in each)
    value = dict(_leaves(holders[0].value))
    naming = {next((path for path in row if path in value), row[0]) for row in _NAMED_BY[head(unit)]}
    edits: set[int] = set()
    givers: dict[Path, Claim] = {}
    losers: list[Claim] = []
    for path in paths:
        if path in naming:
            continue
        value.pop(path, None)
        live = _live([_word(claim, path, leaves, before) for claim, leaves, before in said])
        told = [word for word in live if word.text is not None]
        if not told:  # emptied
            if live:
                givers[path] = live[0].claim
            continue
        best = told[0]
        value[path], givers[path] = best.value, best.claim
        if path == (_GATHERED,):
            value[path] = sorted({each for word in told for each in word.value})
            continue
        if best.before:
            edits.add(id(best.claim))
        losers.extend(word.claim for word in told if word.text != best.text and word.before)
    holder = next((claim for claim in holders if id(claim) in edits), holders[0])
    own = dict(_leaves(holder.value))
    givers = {path: claim for path, claim in givers.items() if own.get(path) != value.get(path)}
    keys = dict.fromkeys((holder.key, *(claim.key for claim in givers.values())))
    return Merged(_item(value), holder, _once(losers), tuple(keys) if len(keys) > 1 else ())


def follow_renames(claims: dict[str, list[Claim]], holds: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Claim]]:
    """Take out of ``claims``, by unit, edits of a thing that another record had renamed. Returns by their unit those
    that whoever renamed it had not seen in turn: they go along with the thing.

    Args:
        holds: record key → its document.
    """
    found: dict[str, list[Claim]] = {}
    renames = [
        (unit, claim, former)
        for unit, here in claims.items()
        if is_named_thing(unit) and is_value_keyed(unit)
        for claim in here
        if claim.value is not ABSENT
        for former in items_replaced(claim.replaced)
        if former in claims and former != unit
    ]
    for unit, rename, former in renames:
        unseen = [each for each in claims[former] if _is_of_the_former(each, former, rename, unit, holds)]
        if unseen:
            claims[former] = [each for each in claims[former] if each not in unseen]
            found.setdefault(former, []).extend(each for each in unseen if canonical(each.value) not in rename.replaced)
    return {former: edits for former, edits in found.items() if edits}


def _is_of_the_former(
    edit: Claim, former: str, rename: Claim, unit: str, holds: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Whether ``edit`` is one of the thing under its ``former`` name, by somebody who had not seen that it is called
    ``unit`` now."""
    return (
        edit.value is not ABSENT
        and edit.key != rename.key
        and slot_of(former, edit.value) == slot_of(unit, rename.value)
        and unit not in edit.replaced
        and any(not is_unit(text) for text in edit.replaced)
        and all(unit_of_item(head(unit), item) != unit for item in holds[edit.key].get(head(unit), ()))
    )


def _before(unit: str, claim: Claim) -> list[dict[Path, Any]]:
    """The descriptions that the claim's edits replaced, oldest first."""
    texts = [text for text in claim.replaced if text.startswith("{")]
    if not is_named_thing(unit):
        texts = [text for text in texts if is_about(unit, text)]
    return [dict(_leaves(json.loads(text))) for text in texts]


def _word(claim: Claim, path: Path, leaves: Mapping[Path, Any], before: Sequence[Mapping[Path, Any]]) -> _Word:
    text = canonical(leaves[path]) if path in leaves else None
    texts = frozenset(canonical(each[path]) for each in before if path in each) - {text}
    last = before[-1] if before else None
    untouched = last is None or (canonical(last[path]) if path in last else None) == text
    return _Word(claim, leaves.get(path), text, frozenset(texts), claim.first or (bool(claim.replaced) and untouched))


def _live(words: Sequence[_Word]) -> list[_Word]:
    """Without those that an edit of the part took the place of, and those that say nothing."""
    speaking = [word for word in words if word.text is not None or word.before]
    return [word for word in speaking if not any(_beats(each, word) for each in speaking)] or speaking


def _beats(edit: _Word, word: _Word) -> bool:
    if word.text is None or word.text not in edit.before:
        return False
    return edit.claim.seq > word.claim.seq or (word.settled and edit.text not in word.before)


def _leaves(value: Any, way: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, part in value.items():
        if isinstance(part, Mapping):
            yield from _leaves(part, (*way, name))
        else:
            yield (*way, name), part


def _item(leaves: Mapping[Path, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for path, value in leaves.items():
        inner = item
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value
    return item


def _once(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    found: list[Claim] = []
    for claim in claims:
        if claim not in found:
            found.append(claim)
    return tuple(found)
