"""The rows of one component in memory, with the orders and indexes that its queries need.

A row is never changed in place: each change puts a new dict, so answers are written outside the lock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from crm_bridge_siebel.simulator.catalogue import Kind
from crm_bridge_siebel.simulator.searchspec import (
    Node,
    Predicate,
    at_least,
    converter,
    equals,
    first_change,
    predicate,
    sortable,
)

Row = dict[str, Any]


class Table:
    """Rows by id. Not safe for threads: its owner holds the lock."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self._by_change: list[tuple[str, str]] = []
        self._by_id: list[str] | None = []
        self._by_integration: dict[str, set[str]] = {}
        self._converters = {name: converter(name, kind) or str for name in kind.searchable}

    def put(self, row: Row) -> None:
        """Add or replace the row with this ``Id``."""
        row_id = row["Id"]
        if row_id in self.rows:
            self._forget(self.rows[row_id])
        else:
            self._by_id = None
        self.rows[row_id] = row
        insort(self._by_change, (sortable(row["Updated"]), row_id))
        self._index(row)

    def put_many(self, rows: Iterable[Row]) -> None:
        """Add or replace many rows at the cost of one sort."""
        for row in rows:
            old = self.rows.get(row["Id"])
            if old is not None:
                self._by_integration.get(old.get("IntegrationId", ""), set()).discard(old["Id"])
            self.rows[row["Id"]] = row
            self._index(row)
        self._by_change = sorted((sortable(row["Updated"]), row_id) for row_id, row in self.rows.items())
        self._by_id = None

    def remove(self, row_id: str) -> None:
        """Delete a row."""
        self._forget(self.rows.pop(row_id))
        self._by_id = None

    def by_integration_id(self, value: str) -> list[str]:
        """Ids of the rows with this user key."""
        return sorted(self._by_integration.get(value, ()))

    def select(
        self,
        spec: Node | None,
        *,
        sort: tuple[tuple[str, bool], ...],
        start: int,
        size: int,
        visible: Predicate | None = None,
    ) -> tuple[list[Row], bool]:
        """Rows that fulfil ``spec``, from offset ``start``, and whether these are the last.

        Args:
            sort: fields, each with whether it descends. Without: by Id.
            visible: which rows the user sees; ``None``: all.
        """
        matching = self._candidates(spec, sort)
        if spec is not None:
            matching = filter(predicate(spec, self.kind), matching)
        if visible is not None:
            matching = filter(visible, matching)
        found = list(islice(matching, start, start + size + 1))
        return found[:size], len(found) <= size

    def _candidates(self, spec: Node | None, sort: tuple[tuple[str, bool], ...]) -> Iterator[Row]:
        """Rows in the order of ``sort``, of which those before the first possible match may be left out."""
        limited = self._limited(spec)
        if limited is None and sort == (("Updated", False), ("Id", False)):
            place = first_change(spec) if spec is not None else None
            begin = bisect_left(self._by_change, place) if place is not None else 0
            return (self.rows[row_id] for _, row_id in islice(self._by_change, begin, None))
        if limited is None and sort in ((("Id", False),), ()):
            if self._by_id is None:
                self._by_id = sorted(self.rows)
            first = at_least(spec, "Id") if spec is not None else None
            begin = bisect_left(self._by_id, first) if first is not None else 0
            return (self.rows[row_id] for row_id in islice(self._by_id, begin, None))
        rows = sorted(self.rows.values() if limited is None else limited, key=lambda row: str(row["Id"]))
        for name, descending in reversed(sort):
            convert = self._converters[name]
            rows.sort(
                key=lambda row: (bool(row.get(name)), convert(row.get(name) or "0")),  # used at once
                reverse=descending,
            )
        return iter(rows)

    def matching(self, values: Mapping[str, str]) -> list[Row]:
        """Rows with all these values: by index where there is one, else by looking at every row."""
        if "IntegrationId" in values:
            rows: Iterable[Row] = (self.rows[row_id] for row_id in self.by_integration_id(values["IntegrationId"]))
        else:
            rows = self.rows.values()
        return [row for row in rows if all(row.get(name) == value for name, value in values.items())]

    def _limited(self, spec: Node | None) -> list[Row] | None:
        if spec is None:
            return None
        ids = equals(spec, "Id")
        if ids is not None:
            return [self.rows[row_id] for row_id in ids if row_id in self.rows]
        keys = equals(spec, "IntegrationId")
        if keys is not None:
            return [self.rows[row_id] for key in keys for row_id in self.by_integration_id(key)]
        return None

    def _index(self, row: Mapping[str, Any]) -> None:
        key = row.get("IntegrationId")
        if key:
            self._by_integration.setdefault(key, set()).add(row["Id"])

    def _forget(self, row: Mapping[str, Any]) -> None:
        entry = (sortable(row["Updated"]), row["Id"])
        at = bisect_left(self._by_change, entry)
        del self._by_change[at]
        key = row.get("IntegrationId")
        if key:
            self._by_integration.get(key, set()).discard(row["Id"])
