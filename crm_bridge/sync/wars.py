"""Wars: a value that we write again and again, and that something on the other side puts back each time.

Only an alternation between our value and the same other value counts, and only where the other side made the turn back:
a person who edits a field twice writes two different things, or is carried, and starts no war.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from crm_bridge.sync.claims import canonical


@dataclass(frozen=True, slots=True)
class Patience:
    """After how many equal writes of one field of one record, within which time, we stop writing it."""

    after: int = 3
    within: timedelta = timedelta(days=7)


class Written(NamedTuple):
    """A confirmed write of ours: when, and cell → (what stood there, what we put there). A cell is one field of one
    record, or of one nested row."""

    at: str
    changes: Mapping[Any, tuple[Any, Any]]


def turns_back(cell: Hashable, old: Any, new: Any, *, past: Sequence[Written], since: str) -> int:
    """How often in a row, since then, we replaced ``old`` by ``new`` there. As it stands at ``old`` again, and no write
    of ours put it back, the other side did so as often.

    Args:
        past: the record's writes, the oldest first.
    """
    count = 0
    same = (canonical(old), canonical(new))
    for each in reversed(past):
        if each.at < since:
            break
        if cell in each.changes:
            if tuple(map(canonical, each.changes[cell])) != same:
                break
            count += 1
    return count
