"""Walks over all records of a kind: their keys, for sweeps, and the rows of child containers that changed alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from crm_bridge.api import ConfigMistake, RetryLater
from crm_bridge_siebel.asking import Asker
from crm_bridge_siebel.by_key import pages_by_id
from crm_bridge_siebel.children import differing, fingerprints, in_buckets, packed
from crm_bridge_siebel.cursor import Cursor
from crm_bridge_siebel.halving import IDS_A_QUERY
from crm_bridge_siebel.query import Query
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import ROW_ID, Component
from crm_bridge_siebel.translation import UnreadableAnswer
from crm_bridge_siebel.unsorted import UnsortedReader

Digests = tuple[str, str]
"""Packed fingerprints of child rows, and when they were taken (ISO 8601); empty: none were."""


class Walk:
    """Walks one kind.

    Args:
        unsorted: how to read a service that cannot sort; ``None``: it can.
    """

    def __init__(
        self, kind: str, *, asker: Asker, unsorted: UnsortedReader | None, page_size: int, system: str
    ) -> None:
        self._kind = kind
        self._asker = asker
        self._unsorted = unsorted
        self._page_size = page_size
        self._system = system

    def keys(self, *, children: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """Keys of every row, with the rows of containers named in ``children``; each row once, where the service sorts.

        Raises:
            RetryLater: rather than end early.
        """
        size = self._page_size
        answers: Iterable[Answer]
        if self._unsorted is None:
            ask = partial(self._asker.whole, self._kind)
            answers = pages_by_id(ask, None, page_size=size, children=children, where=self._kind, system=self._system)
        else:
            answers = self._unsorted.answers(Query(None, page_size=size, keys_only=True, children=children))
        try:
            for answer in answers:
                if answer.broken:
                    raise RetryLater(f"listing {self._kind}: a row came that cannot be read", system=self._system)
                yield from answer.records
        except UnreadableAnswer as error:
            raise RetryLater(f"listing {self._kind}: {error.message}", system=self._system) from None

    def row_ids(self) -> Iterator[str]:
        """Every row id, each once."""
        given: set[str] = set()
        for record in self.keys():
            if self._unsorted is not None:
                if record[ROW_ID] in given:
                    continue
                given.add(record[ROW_ID])
            yield record[ROW_ID]

    def changed_children(
        self,
        containers: Sequence[str],
        start: Cursor | None,
        *,
        clock: Callable[[], datetime],
        at_most_each: int,
    ) -> tuple[Digests, Iterable[Sequence[str]]]:
        """Fingerprints of child rows, and which records to read again because of them.

        Args:
            at_most_each: seconds between two looks at least.
        """
        now = clock()
        if start is not None and start.children_at:
            waited = (now - datetime.fromisoformat(start.children_at)).total_seconds()
            if 0 <= waited < at_most_each:
                return (start.children, start.children_at), ()
        sums = fingerprints(self.keys(children=containers), containers)
        taken = (packed(sums), now.isoformat())
        if start is None:
            return taken, ()  # everything is read after this
        buckets = differing(start.children, sums, system=self._system)
        if not buckets:
            return taken, ()
        ids = (record[ROW_ID] for record in self.keys())
        return taken, in_buckets(ids, buckets, at_once=IDS_A_QUERY)


def known_containers(wanted: Sequence[str], component: Component, *, kind: str, system: str) -> Sequence[str]:
    """``wanted``, the setting ``children`` of a kind.

    Raises:
        ConfigMistake: the WSDL has no such container.
    """
    known = [child.tag for child in component.lists]
    strange = [tag for tag in wanted if tag not in known]
    if strange:
        raise ConfigMistake(
            f"{system}: children of {kind}: the WSDL has no container {strange[0]}; it has {', '.join(known)}"
        )
    return wanted
