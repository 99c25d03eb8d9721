"""Queries over Siebel's REST interface, in the same values as over SOAP.

``/data/{BO}/{BC}`` is asked by search specification, in windows by key, never by offset over a moving set. A row's
children are behind its child links, one call each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from crm_bridge.api import BrokenRecord, ConfigMistake
from crm_bridge_siebel.conditions import Condition, names_rows, spec_text
from crm_bridge_siebel.query import Position, Query
from crm_bridge_siebel.records import NO_ROW_ID, Answer
from crm_bridge_siebel.rest_answers import NotFoundError, links_of
from crm_bridge_siebel.rest_calls import segment
from crm_bridge_siebel.rest_names import FieldNames, split
from crm_bridge_siebel.rest_resource import RestResource
from crm_bridge_siebel.shapes import CAPTURING, ROW_ID, SYSTEM_FIELDS, UPDATED, Component
from crm_bridge_siebel.siebel_values import as_typed


class RestReader:
    """Reads records of one kind. ``asked``: what queries ask for of its component."""

    def __init__(self, resource: RestResource, *, asked: Component) -> None:
        self._resource = resource
        self._asked = asked
        self._view_mode = resource.site.view_mode
        self._limit = resource.site.page_limit
        zone = resource.site.zone
        self._typed = as_typed(asked, zone=zone)
        self._typed_child = {each.tag: as_typed(each.component, zone=zone) for each in asked.lists}

    def said_as(self, condition: Condition) -> str:
        """The search specification of ``condition``, in the names that are known so far."""
        name_of = self._resource.names_so_far().name_of
        return spec_text(condition, named=lambda tag: name_of.get(tag, split(tag)))

    def query(self, query: Query, *, where: str) -> Answer:
        """One page.

        Raises:
            SiebelFaultError, OutcomeUnknown, UnreadableAnswer, CredentialsRefused, ConfigMistake: see rest_answers.
        """
        names = self._resource.names()
        of = SYSTEM_FIELDS if query.keys_only else frozenset(self._asked.fields)
        wanted = [tag for tag in names.name_of if tag in of]
        asked = {
            "uniformresponse": "y",
            "ViewMode": self._view_mode,
            "fields": ",".join(dict.fromkeys(names.name_of[tag] for tag in wanted)),
        }
        if query.keys_only and not query.children:
            asked["childlinks"] = "None"
        if query.searchspec is not None:
            asked["searchspec"] = self.said_as(query.searchspec)
        if query.sort:
            order = "desc" if query.descending else "asc"
            asked["sortspec"] = ",".join(f"{names.name_of.get(tag, split(tag))}:{order}" for tag in query.sort)
        rows, last = self._rows(query, asked)
        return self._answer(rows, last=last, query=query, names=names, where=where)

    def missing(self) -> Sequence[str]:
        """Tags that are asked for and have no field here, as far as a row has shown."""
        return self._resource.missing(frozenset(self._asked.fields))

    def _answer(
        self, rows: Sequence[Mapping[str, Any]], *, last: bool, query: Query, names: FieldNames, where: str
    ) -> Answer:
        records: list[dict[str, Any]] = []
        broken: list[BrokenRecord] = []
        key: Position | None = None
        lacking: dict[str, None] = {}
        for number, row in enumerate(rows, start=1):
            try:
                record: dict[str, Any] = dict(names.record(row))
                self._typed(record)
                if not record.get(ROW_ID):
                    lacking |= dict.fromkeys(name for name in CAPTURING if not record.get(name))
                    broken.append(
                        _broken(row, position=f"{where}, record {number}", cause="it has no Id", code=NO_ROW_ID)
                    )
                    continue
                if not query.keys_only or query.children:
                    self._add_children(record, row, only=query.children)
                records.append(record)
                key = Position(updated=record.get(UPDATED, ""), row_id=record[ROW_ID])
            except ValueError as unfit:
                broken.append(_broken(row, position=f"{where}, record {number}", cause=str(unfit)))
                key = self._place_of(row) or key
        return Answer(tuple(records), tuple(broken), last, key, lacking=tuple(lacking))

    def _place_of(self, row: Mapping[str, Any]) -> Position | None:
        """Where a row stands that cannot be read otherwise."""
        said = {UPDATED: str(row.get("Updated") or "")}
        self._typed(said)
        return Position(said[UPDATED], str(row["Id"])) if row.get("Id") else None

    def _rows(self, query: Query, asked: Mapping[str, str]) -> tuple[list[dict[str, Any]], bool]:
        """The rows, and whether there are none behind them. A short page is no proof: the site may allow fewer."""
        fixed = query.searchspec is not None and names_rows(query.searchspec)
        rows: list[dict[str, Any]] = []
        while True:
            size = min(query.page_size - len(rows), self._limit)
            page = self._resource.page(asked, size=size, start=query.start_row + len(rows))
            rows += page
            if not page:
                return rows, True
            if len(rows) >= query.page_size:
                return rows, fixed
            if fixed:
                continue
            if len(page) == size:
                return rows, False
            more = self._resource.page(asked, size=1, start=query.start_row + len(rows))
            if more:
                self._limit = max(1, len(page))
            return rows, not more

    def _add_children(self, record: dict[str, Any], row: Mapping[str, Any], *, only: Sequence[str]) -> None:
        linked = {
            str(link.get("name"))
            for link in links_of(row)
            if isinstance(link, Mapping) and link.get("rel") not in {"self", "canonical", "parent"}
        }
        for each in self._asked.lists:
            name = self._resource.child(each.tag)
            if not name or (only and each.tag not in only):
                continue
            rows = self._children(f"/{segment(record[ROW_ID])}/{segment(name)}", name, each.tag, linked=name in linked)
            names = self._resource.names_of_child(each.component, rows)
            held: list[dict[str, Any]] = [dict(names.record(child)) for child in rows]
            for child in held:
                self._typed_child[each.tag](child)
            record[each.tag] = {each.component.tag: held}

    def _children(self, place: str, name: str, container: str, *, linked: bool) -> list[dict[str, Any]]:
        """All rows of one child component. ``linked``: the record tells that it has this component."""
        asked = {"uniformresponse": "y", "ViewMode": self._view_mode, "childlinks": "None"}
        rows: list[dict[str, Any]] = []
        while True:
            window = {"PageSize": str(self._limit), "StartRowNum": str(len(rows))}
            try:
                page = self._resource.calls.get(place, asked | window)
            except NotFoundError:
                if not linked:
                    raise ConfigMistake(
                        f"{self._resource.site.system}: {self._resource.kind} has no child {name!r} in REST: name it "
                        f"in rest.{self._resource.kind}.children.{container}, or leave it out there with ''"
                    ) from None
                page = []
            rows += page
            if not page:
                return rows


def _broken(row: Mapping[str, Any], *, position: str, cause: str, code: str = "unreadable") -> BrokenRecord:
    return BrokenRecord(
        position=position,
        cause=f"the row does not fit: {cause}",
        raw=orjson.dumps(dict(row)).decode()[:100_000],
        code=code,
        record_id=str(row["Id"]) if row.get("Id") else None,
    )
