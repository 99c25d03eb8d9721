"""Records that are named by a key: what comes back is compared with what was asked for, always.

A service that cannot be asked for a key, or does not listen to the question, is read to the end, page by page: else
records that are there would be missing, and somebody else's record would be taken for the one that was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

from crm_bridge.api import BrokenRecord, ConfigMistake
from crm_bridge_siebel.asking import Asker
from crm_bridge_siebel.conditions import AnyOf, Compare, Condition
from crm_bridge_siebel.halving import StrangersCame, by_halves
from crm_bridge_siebel.query import Query, any_of
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID

_KEYS = (ROW_ID, INTEGRATION_ID)

Found = tuple[list[dict[str, Any]], list[BrokenRecord]]


class Finder:
    """Finds records of one kind.

    Args:
        pages: every record, for a service that is read by offset; ``None``: it is read in windows by key, so it has to
            be one that can be asked.
        has: the fields that its records have.
    """

    def __init__(
        self,
        kind: str,
        *,
        asker: Asker,
        pages: Callable[[], Iterator[Answer]] | None,
        has: Collection[str],
        system: str,
    ) -> None:
        self._kind = kind
        self._asker = asker
        self._pages = pages
        self._has = has
        self._system = system

    def by_id(self, ids: Sequence[str]) -> Found:
        """The records ``ids`` and, each by itself, those of them that cannot be read.

        Raises:
            ConfigMistake: others come than were asked for, and there is no other way to look.
        """
        if not ids:
            return [], []
        if self._pages is not None and not self._asker.can_ask(self._kind, any_of(ROW_ID, ids[:1])):
            return self._walked(self._pages, ROW_ID, ids)
        try:
            return by_halves(partial(self._asker.whole, self._kind), ids, where=self._kind, system=self._system)
        except StrangersCame:
            if self._pages is None:
                raise
        return self._walked(self._pages, ROW_ID, ids)

    def readable(self, query: Query) -> Sequence[dict[str, Any]]:
        """The records that ``query`` names, of which every one has to be readable.

        Raises:
            RejectRecord: one is not.
            ConfigMistake: others come than were asked for, and there is no other way to look.
        """
        name, values = _key_of(query.searchspec)
        if query.searchspec is None or name is None:
            return self._asker.readable(self._kind, query)
        if name not in self._has:
            return ()  # whatever comes could not be told from the one that is meant
        if self._pages is None or self._asker.can_ask(self._kind, query.searchspec):
            found = self._asker.readable(self._kind, query)
            if all(record.get(name) in values for record in found):
                return found
            if self._pages is None:
                raise self._deaf(name)
        records, broken = self._walked(self._pages, name, values)
        if broken:
            raise self._asker.rejected(self._kind, broken[0])
        return records

    def _walked(self, pages: Callable[[], Iterator[Answer]], name: str, values: Sequence[str]) -> Found:
        """Those of all records whose field is one of ``values``; a row that came twice counts as it came last."""
        wanted = frozenset(values)
        found: dict[str, dict[str, Any]] = {}
        broken: dict[str, BrokenRecord] = {}
        for answer in pages():
            found |= {record[ROW_ID]: record for record in answer.records if record.get(name) in wanted}
            if name == ROW_ID:
                broken |= {str(each.record_id): each for each in answer.broken if each.record_id in wanted}
                if len(found) + len(broken) >= len(wanted):
                    break
        return list(found.values()), [each for record_id, each in broken.items() if record_id not in found]

    def _deaf(self, name: str) -> ConfigMistake:
        return ConfigMistake(
            f"{self._system}: {self._kind}: asked for records by {name}, the service gives others: it does not honour "
            "its search specification; ask Siebel's administrator to publish an operation that does, or mend "
            "field_names, query_arguments or operations"
        )


def _key_of(condition: Condition | None) -> tuple[str | None, Sequence[str]]:
    """The key that ``condition`` names records by, and its values; ``None``: it is another condition."""
    parts = condition.parts if isinstance(condition, AnyOf) else (condition,)
    compared = [part for part in parts if isinstance(part, Compare) and part.operator == "="]
    names = {part.name for part in compared}
    if len(compared) != len(parts) or len(names) != 1 or not names <= set(_KEYS):
        return None, ()
    return names.pop(), [part.value for part in compared]
