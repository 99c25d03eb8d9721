"""What a plugin answered, judged: a wrong type spoils the answer, an item about something unknown is dropped.

Pure. ``take_*`` run in the plugin's own thread and raise :class:`WrongResult`; ``keep_*`` sort what was taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any, Generic, TypeVar

import orjson

from crm_bridge.hookspecs import (
    ContactDecision,
    DuplicatePair,
    Event,
    Grade,
    HeldNotice,
    Notice,
    Objection,
    PlannedWrite,
    Proposal,
    ProposalMode,
    SourceView,
)
from crm_bridge.model import known_path
from crm_bridge.plugin_manager.isolation import WrongResult
from crm_bridge.plugin_manager.proposed_values import fits
from crm_bridge.sync.units import IDENTITY_FIELDS

T = TypeVar("T")

# A generator without end would fill memory before its time is over.
ITEMS_PER_SUBJECT = 200
# Of a proposed value as JSON, of a path and of a reason: far more than any value of a card needs.
VALUE_LIMIT = 10_000
# Who a client is, whether it is one at all, and what it agreed to: said by systems and people alone.
NOT_FOR_PLUGINS = IDENTITY_FIELDS | {"status", "consents", "identifiers"}
_SELECTOR = re.compile(r"\[[^\]]+\]")
# Positions differ from record to record, and an appended item would be appended again by the next run.
_POSITION = re.compile(r"\.\d+(\.|$)|\+(\.|$)")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """The items that may be used, and why others may not, by number."""

    items: tuple[T, ...]
    dropped: Mapping[str, int]


def take_many(answer: object, kinds: tuple[type[T], ...], *, subjects: int) -> tuple[T, ...]:
    """The items of an iterable answer; ``None`` is no items. Runs generators to their end."""
    if answer is None:
        return ()
    if not isinstance(answer, Iterable) or isinstance(answer, str | Mapping):
        raise WrongResult(f"returned {_kind(answer)}, expected an iterable of {_names(kinds)}")
    limit = ITEMS_PER_SUBJECT * max(subjects, 1)
    items = tuple(islice(answer, limit + 1))
    if len(items) > limit:
        raise WrongResult(f"returned more than {limit} items for {subjects}")
    for item in items:
        if not isinstance(item, kinds):
            raise WrongResult(f"an item is {_kind(item)}, expected {_names(kinds)}")
    return items


def take_mapping(answer: object, accepts: Callable[[object], bool], *, expected: str) -> dict[str, Any]:
    """The entries of a mapping from names; ``None`` is no entries."""
    if answer is None:
        return {}
    if not isinstance(answer, Mapping):
        raise WrongResult(f"returned {_kind(answer)}, expected a mapping from name to {expected}")
    for name, value in answer.items():
        if not isinstance(name, str) or not name:
            raise WrongResult(f"a name is {_kind(name)}, expected a non-empty str")
        if not accepts(value):
            raise WrongResult(f"{name!r} is {_kind(value)}, expected {expected}")
    return dict(answer)


def take_decision(answer: object) -> ContactDecision | None:
    """A decision with a true boolean, or silence. Anything else could be read as a yes by accident."""
    if answer is None:
        return None
    if not isinstance(answer, ContactDecision):
        raise WrongResult(f"returned {_kind(answer)}, expected ContactDecision or None")
    if not isinstance(answer.allowed, bool) or not isinstance(answer.rule, str) or not answer.rule:
        raise WrongResult("a decision needs a boolean `allowed` and a named `rule`")
    return answer


def keep_proposals(items: Sequence[Proposal], batch: Sequence[SourceView]) -> Kept[Proposal]:
    """Proposals about a record of the batch, at a path open to plugins, with a plain value that may stand there."""
    kinds = {view.key: str(view.doc.get("kind", "person")) for view in batch}

    def fault(item: Proposal) -> str | None:
        if not isinstance(item.key, str) or item.key not in kinds:
            return "unknown key"
        if not _is_text(item.path) or not known_path(_unnamed(item.path)):
            return "unknown path"
        if re.split(r"[.\[]", item.path)[0] in NOT_FOR_PLUGINS:
            return "not for plugins to propose"
        if _POSITION.search(item.path):
            return "an item of a list is named by its selector, not by position or +"
        if not isinstance(item.mode, ProposalMode) or not item.reason or not _is_text(item.reason):
            return "no mode or no reason"
        size = _size(item.value)
        if item.value is None or size is None or not _plain(item.value):
            return f"value is not plain data at {_head(item.path)}"
        if size > VALUE_LIMIT:
            return f"value of more than {VALUE_LIMIT} characters at {_head(item.path)}"
        if not fits(item.path, item.value, kind=kinds[item.key]):
            return f"value not allowed at {_head(item.path)}"
        return None

    return _keep(items, fault)


def keep_pairs(
    items: Sequence[DuplicatePair], batch: Sequence[SourceView], candidates: Mapping[str, Sequence[SourceView]]
) -> Kept[DuplicatePair]:
    """Pairs of two different records that the plugin was shown, one of them in the batch."""
    own = {view.key for view in batch}
    shown = own | {view.key for views in candidates.values() for view in views}

    def fault(item: DuplicatePair) -> str | None:
        if item.left not in shown or item.right not in shown:
            return "unknown key"
        if item.left not in own and item.right not in own:
            return "neither record is in the batch"
        if item.left == item.right:
            return "a record paired with itself"
        if not isinstance(item.grade, Grade) or not item.rule:
            return "no grade or no rule"
        return None

    return _keep(items, fault)


def keep_objections(items: Sequence[Objection], writes: Sequence[PlannedWrite]) -> Kept[Objection]:
    """Objections to a write of the batch."""
    planned = {(write.system, write.kind, write.record_id, write.client_id) for write in writes}

    def fault(item: Objection) -> str | None:
        if (item.system, item.kind, item.record_id, item.client_id) not in planned:
            return "unknown write"
        return None if item.reason else "no reason"

    return _keep(items, fault)


def keep_notices(items: Sequence[Notice | HeldNotice], events: Sequence[Event]) -> Kept[Notice | HeldNotice]:
    """Notices to a client that an event was about, each with its key."""
    told = {event.client_id for event in events}

    def fault(item: Notice | HeldNotice) -> str | None:
        if item.client_id not in told:
            return "unknown client"
        if not isinstance(item.key, str) or not item.key:
            return "no key"
        if isinstance(item, Notice) and not (item.text and item.text.strip() and item.channel and item.purpose):
            return "no text, channel or purpose"
        return None

    return _keep(items, fault)


def _keep(items: Sequence[T], fault: Callable[[T], str | None]) -> Kept[T]:
    kept: list[T] = []
    dropped: Counter[str] = Counter()
    for item in items:
        reason = fault(item)
        if reason is None:
            kept.append(item)
        else:
            dropped[reason] += 1
    return Kept(tuple(kept), dropped)


def _is_text(value: object) -> bool:
    """Whether ``value`` is text of a bearable length that can be stored: no half of a surrogate pair."""
    size = _size(value) if isinstance(value, str) else None
    return size is not None and size <= VALUE_LIMIT


def _size(value: object) -> int | None:
    """Characters of ``value`` as JSON; ``None`` where it has none: foreign objects, endless depth, huge numbers."""
    try:
        return len(orjson.dumps(value).decode())
    except orjson.JSONEncodeError:
        return None


def _plain(value: object) -> bool:
    match value:
        case float():
            return isfinite(value)
        case str() | bool() | int():
            return True
        case list() | tuple():
            return all(_plain(item) for item in value)
        case dict():
            return all(isinstance(key, str) and _plain(item) for key, item in value.items())
        case _:
            return False


def _unnamed(path: str) -> str:
    """``path`` without the values in its selectors: the model remembers what it was asked, and phones are many."""
    return _SELECTOR.sub("[any]", path)


def _head(path: str) -> str:
    """The part of a path that holds no value: ``contact_points`` of ``contact_points[phone/+380…]``."""
    return path.partition("[")[0]


def _kind(value: object) -> str:
    return type(value).__name__


def _names(kinds: tuple[type, ...]) -> str:
    return " or ".join(kind.__name__ for kind in kinds)
