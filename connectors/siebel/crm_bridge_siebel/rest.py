"""Queries and writes over Siebel's REST interface, in the same values as over SOAP.

``/data/{BO}/{BC}`` is asked by search specification, in windows by key, never by offset over a moving set. A row's
children are behind its child links, one call each. A write is one call for the record and one for each child row:
not one transaction, so a write that breaks off in between is told as such and looked up.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from crm_bridge.api import BrokenRecord, ConfigMistake, OutcomeUnknown, RejectRecord
from crm_bridge_siebel.conditions import Compare, names_rows, spec_text
from crm_bridge_siebel.faults import Fault, FaultClass, SiebelFaultError
from crm_bridge_siebel.query import Position, Query
from crm_bridge_siebel.records import NO_ROW_ID, Answer
from crm_bridge_siebel.rest_answers import NotFoundError, links_of, rows_of
from crm_bridge_siebel.rest_names import FieldNames, names_for, split
from crm_bridge_siebel.session import Identity
from crm_bridge_siebel.settings import RestKind
from crm_bridge_siebel.shapes import CAPTURING, ROW_ID, SYSTEM_FIELDS, UPDATED, VERSION, Component
from crm_bridge_siebel.transport import LONGEST_PAGE, HttpAnswer, Line, refuse_login_page
from crm_bridge_siebel.writing import Message
from crm_bridge_siebel.xml_guard import is_html

_GONE = Fault(codes=("HTTP-404",), kind=FaultClass.CONFLICT)
_CHANGED = Fault(codes=("ModId",), kind=FaultClass.CONFLICT)


@dataclass(frozen=True, slots=True)
class RestSite:
    """What all kinds of one site share.

    Attributes:
        base: address up to and without ``/data``.
        page_limit: the most rows that the site gives in one page.
        classify: the fault that an error's whole text describes.
    """

    line: Line
    base: str
    identity: Callable[[], Identity]
    classify: Callable[[str], Fault]
    view_mode: str
    page_limit: int
    system: str


class RestKindService:
    """One kind over REST. ``component`` tells which tags there are; a row of the site tells their field names.

    Args:
        asked: what queries ask for of ``component``.
    """

    def __init__(self, site: RestSite, component: Component, given: RestKind, *, asked: Component, kind: str) -> None:
        self._site = site
        self._component = component
        self._asked = asked
        self._kind = kind
        self._given = given
        self._limit = site.page_limit
        self._proved = False  # a row was seen, so the names of object and component are right
        self._names: FieldNames | None = None
        self._child_names: dict[str, FieldNames] = {}
        name = given.component or component.tag
        self._place = f"/data/{_segment(given.business_object or name)}/{_segment(name)}"

    def missing(self) -> Sequence[str]:
        """Tags that have no field here, as far as a row has shown."""
        missing = self._learned().missing & frozenset(self._asked.fields)
        return sorted(missing - {tag for tag, name in self._given.fields.items() if not name})

    def query(self, query: Query, *, where: str) -> Answer:
        """One page.

        Raises:
            SiebelFaultError, OutcomeUnknown, UnreadableAnswer, CredentialsRefused, ConfigMistake: see rest_answers.
        """
        names = self._learned()
        of = SYSTEM_FIELDS if query.keys_only else frozenset(self._asked.fields)
        wanted = [tag for tag in names.name_of if tag in of]
        asked = {
            "uniformresponse": "y",
            "ViewMode": self._site.view_mode,
            "fields": ",".join(dict.fromkeys(names.name_of[tag] for tag in wanted)),
        }
        if query.keys_only and not query.children:
            asked["childlinks"] = "None"
        if query.searchspec is not None:
            asked["searchspec"] = spec_text(query.searchspec, named=lambda tag: names.name_of.get(tag, split(tag)))
        if query.sort:
            order = "desc" if query.descending else "asc"
            asked["sortspec"] = ",".join(f"{names.name_of.get(tag, split(tag))}:{order}" for tag in query.sort)
        rows, last = self._rows(query, asked)
        return self._answer(rows, last=last, query=query, names=names, where=where)

    def send(self, message: Message) -> Answer:
        """Carry out a write.

        Raises:
            SiebelFaultError: refused; nothing of it took effect.
            OutcomeUnknown: the answer was lost, or the record was written and a child row was not.
            RejectRecord: it cannot be said here.
        """
        row = dict(message.row)
        operation = row.pop("operation", "insert")
        version = row.pop(VERSION, None)
        record_id = row.pop(ROW_ID, None)
        children = {tag: row.pop(tag) for tag in [each.tag for each in self._component.lists] if tag in row}
        held = self._unchanged(record_id, version) if record_id is not None else None
        if operation == "delete":
            self._call("DELETE", f"/{_segment(str(record_id))}", gone=_GONE)
            return _written(str(record_id), None)
        body = self._body(row, self._learned(), self._component)
        if record_id is None:
            made = self._call("POST", "", body=body)
            record_id = next((str(each["Id"]) for each in made if each.get("Id")), None)
            if record_id is None:
                raise OutcomeUnknown("Siebel's answer to the insert names no record", system=self._site.system)
        elif body:
            self._call("PUT", f"/{_segment(record_id)}", body={"Id": record_id, **body}, gone=_GONE)
            self._not_overtaken(record_id, held)
        try:
            for container, held in children.items():
                self._send_children(record_id, container, held)
        except (SiebelFaultError, OutcomeUnknown, RejectRecord) as met:
            raise OutcomeUnknown(
                f"the record was written, and not all of its child rows: {met}", system=self._site.system
            ) from None
        return _written(record_id, self._version(record_id))

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
                key = Position(str(row.get("Updated") or ""), str(row["Id"])) if row.get("Id") else key
        return Answer(tuple(records), tuple(broken), last, key, lacking=tuple(lacking))

    def _rows(self, query: Query, asked: Mapping[str, str]) -> tuple[list[dict[str, Any]], bool]:
        """The rows, and whether there are none behind them. A short page is no proof: the site may allow fewer."""
        fixed = query.searchspec is not None and names_rows(query.searchspec)
        rows: list[dict[str, Any]] = []
        while True:
            size = min(query.page_size - len(rows), self._limit)
            page = self._page(asked, size=size, start=query.start_row + len(rows))
            rows += page
            if not page:
                return rows, True
            if len(rows) >= query.page_size:
                return rows, fixed
            if fixed:
                continue
            if len(page) == size:
                return rows, False
            more = self._page(asked, size=1, start=query.start_row + len(rows))
            if more:
                self._limit = max(1, len(page))
            return rows, not more

    def _page(self, asked: Mapping[str, str], *, size: int, start: int) -> list[dict[str, Any]]:
        parameters = {**asked, "PageSize": str(size), "StartRowNum": str(start)}
        try:
            return self._get(self._place, parameters)
        except NotFoundError:
            if self._proved:
                return []
        # Siebel says 404 for an empty result as well as for a wrong name: only a look at the whole tells.
        try:
            self._get(self._place, {"uniformresponse": "y", "PageSize": "1", "ViewMode": self._site.view_mode})
        except NotFoundError:
            if not self._described():
                raise ConfigMistake(
                    f"{self._site.system}: {self._kind}: REST finds nothing at {self._place} and does not "
                    f"describe it: the names are wrong (name business_object and component under rest.{self._kind}; "
                    f"{self._site.base}/data/describe lists those that there are), or it is empty for this login"
                ) from None
            self._proved = True
        return []

    def _described(self) -> bool:
        """Whether Siebel describes the object: then its names are right, and it has no rows."""
        answer = self._exchange("GET", f"{self._place}/describe", None)
        try:
            told = orjson.loads(answer.body) if answer.status == 200 else None
        except orjson.JSONDecodeError:
            return False
        return isinstance(told, dict) and bool(told.keys() & {"definitions", "paths", "components"})

    def _add_children(self, record: dict[str, Any], row: Mapping[str, Any], *, only: Sequence[str]) -> None:
        linked = {
            str(link.get("name"))
            for link in links_of(row)
            if isinstance(link, Mapping) and link.get("rel") not in {"self", "canonical", "parent"}
        }
        for each in self._asked.lists:
            name = self._child(each.tag)
            if not name or (only and each.tag not in only):
                continue
            place = f"{self._place}/{_segment(record[ROW_ID])}/{_segment(name)}"
            rows: list[dict[str, Any]] = []
            while True:
                try:
                    page = self._get(
                        place,
                        {
                            "uniformresponse": "y",
                            "ViewMode": self._site.view_mode,
                            "childlinks": "None",
                            "PageSize": str(self._limit),
                            "StartRowNum": str(len(rows)),
                        },
                    )
                except NotFoundError:
                    if name not in linked:
                        raise ConfigMistake(
                            f"{self._site.system}: {self._kind} has no child {name!r} in REST: name it in "
                            f"rest.{self._kind}.children.{each.tag}, or leave it out there with ''"
                        ) from None
                    page = []
                rows += page
                if not page:
                    break
            names = self._names_of_child(each.component, rows)
            record[each.tag] = {each.component.tag: [dict(names.record(child)) for child in rows]}

    def _send_children(self, record_id: str, container: str, held: Mapping[str, Any]) -> None:
        name = self._child(container)
        if not name:
            raise RejectRecord(f"{container} has no place in REST here", path=container, code="unknown_field")
        component = next(each.component for each in self._component.lists if each.tag == container)
        place = f"/{_segment(record_id)}/{_segment(name)}"
        for row in held[component.tag]:
            fields = dict(row)
            operation = fields.pop("operation")
            names = self._names_of_child(component, [])
            body = self._body(fields, names, component)
            child_id = body.pop("Id", None)
            if operation == "insert":
                self._call("PUT", place, body=body)
                continue
            if not child_id:
                raise RejectRecord(f"a row of {container} has no id", path=container, code="no_record_id")
            if operation == "delete":
                self._call("DELETE", f"{place}/{_segment(child_id)}")
            else:
                self._call("PUT", f"{place}/{_segment(child_id)}", body={"Id": child_id, **body}, gone=_GONE)

    def _unchanged(self, record_id: str, version: str | None) -> str | None:
        """The version held. REST takes no condition, and PUT would create a row that is gone: so look first."""
        held = self._version(record_id, absent=_GONE)
        if version is not None and held is not None and held != version:
            raise SiebelFaultError(_CHANGED)
        return held

    def _not_overtaken(self, record_id: str, before: str | None) -> None:
        """Whether our PUT alone moved the version since we looked: Siebel counts it by one with each write.

        Raises:
            OutcomeUnknown: somebody, or a rule of the site, wrote as well; what stands there now has to be read.
        """
        now = self._version(record_id)
        if before is None or now is None or not before.isdigit() or not now.isdigit() or int(now) <= int(before) + 1:
            return
        raise OutcomeUnknown(
            "the record was written, and edited by somebody else in the same moment: read it again and compare",
            system=self._site.system,
        )

    def _version(self, record_id: str, *, absent: Fault | None = None) -> str | None:
        names = self._learned()
        fields = [names.name_of[tag] for tag in (ROW_ID, VERSION) if tag in names.name_of]
        asked = {
            "uniformresponse": "y",
            "ViewMode": self._site.view_mode,
            "childlinks": "None",
            "fields": ",".join(fields),
            "searchspec": spec_text(Compare(ROW_ID, "=", record_id), named=lambda _: "Id"),
        }
        try:
            rows = self._page(asked, size=1, start=0)
        except (SiebelFaultError, OutcomeUnknown):
            if absent is not None:
                raise
            return None
        if not rows and absent is not None:
            raise SiebelFaultError(absent)
        return names.record(rows[0]).get(VERSION) if rows else None

    def _learned(self) -> FieldNames:
        if self._names is not None and not self._names.guessed:
            return self._names
        try:
            rows = self._get(self._place, {"uniformresponse": "y", "PageSize": "1", "ViewMode": self._site.view_mode})
        except NotFoundError:
            rows = []
        self._proved = self._proved or bool(rows)
        self._names = names_for(self._component, given=self._given.fields, seen=rows[0].keys() if rows else None)
        return self._names

    def _names_of_child(self, component: Component, rows: Sequence[Mapping[str, Any]]) -> FieldNames:
        known = self._child_names.get(component.tag)
        if known is None or (known.guessed and rows):
            given = self._given.child_fields.get(component.tag, {})
            known = names_for(component, given=given, seen=rows[0].keys() if rows else None)
            self._child_names[component.tag] = known
        return known

    def _child(self, container: str) -> str:
        named = self._given.children.get(container)
        return named if named is not None else split(container.removeprefix("ListOf"))

    def _body(self, row: Mapping[str, Any], names: FieldNames, component: Component) -> dict[str, Any]:
        unknown = next((tag for tag in row if tag not in names.name_of), None)
        if unknown is not None:
            raise RejectRecord(
                f"{component.tag} has no field for {unknown} in REST; name it in rest.{self._kind}.fields",
                path=unknown,
                code="unknown_field",
            )
        return {names.name_of[tag]: value for tag, value in row.items()}

    def _get(self, place: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        answer = self._exchange("GET", f"{place}?{urlencode(parameters, quote_via=quote)}", None)
        return rows_of(answer, classify=self._site.classify, system=self._site.system)

    def _call(
        self, method: str, place: str, *, body: Mapping[str, Any] | None = None, gone: Fault | None = None
    ) -> list[dict[str, Any]]:
        content = orjson.dumps(body) if body is not None else None
        answer = self._exchange(method, f"{self._place}{place}", content)
        try:
            return rows_of(answer, classify=self._site.classify, system=self._site.system)
        except NotFoundError:
            if gone is not None:
                raise SiebelFaultError(gone) from None
            if method == "DELETE":
                return []
            raise ConfigMistake(
                f"{self._site.system}: {self._kind}: REST does not take {method} at {self._place}{place}"
            ) from None

    def _exchange(self, method: str, place: str, body: bytes | None) -> HttpAnswer:
        headers = {"Accept": "application/json", **_authorization(self._site.identity())}
        if body is not None:
            headers["Content-Type"] = "application/json"
        with self._site.line.open(method, f"{self._site.base}{place}", headers=headers, body=body) as incoming:
            if is_html(incoming.peek(2048), content_type=incoming.content_type):
                refuse_login_page(incoming.peek(LONGEST_PAGE), system=self._site.system)
            return HttpAnswer(status=incoming.status, body=incoming.read())


def _authorization(identity: Identity) -> dict[str, str]:
    if identity.password is None:
        return {}
    plain = f"{identity.username}:{identity.password.reveal()}".encode()
    return {"Authorization": f"Basic {base64.b64encode(plain).decode()}"}


def _segment(text: str) -> str:
    return quote(text, safe="")


def _written(record_id: str, version: str | None) -> Answer:
    record = {ROW_ID: record_id} | ({VERSION: version} if version is not None else {})
    return Answer(records=(record,), broken=(), last_page=True, last=None)


def _broken(row: Mapping[str, Any], *, position: str, cause: str, code: str = "unreadable") -> BrokenRecord:
    return BrokenRecord(
        position=position,
        cause=f"the row does not fit: {cause}",
        raw=orjson.dumps(dict(row)).decode()[:100_000],
        code=code,
        record_id=str(row["Id"]) if row.get("Id") else None,
    )
