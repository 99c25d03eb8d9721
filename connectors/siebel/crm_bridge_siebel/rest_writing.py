"""Writes over REST: one call for the record and one for each child row.

That is not one transaction, so a write that breaks off in between is told as such and looked up. REST takes no
condition either: the version is looked at before and after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_bridge.api import OutcomeUnknown, RejectRecord
from crm_bridge_siebel.conditions import Compare, spec_text
from crm_bridge_siebel.faults import Fault, FaultClass, SiebelFaultError
from crm_bridge_siebel.landing import was_there_before
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.rest_answers import NotFoundError
from crm_bridge_siebel.rest_calls import segment
from crm_bridge_siebel.rest_names import FieldNames, text_of
from crm_bridge_siebel.rest_resource import RestResource
from crm_bridge_siebel.shapes import ROW_ID, VERSION, Component
from crm_bridge_siebel.siebel_values import as_siebel
from crm_bridge_siebel.writing import Message

_GONE = Fault(codes=("HTTP-404",), kind=FaultClass.CONFLICT)
_CHANGED = Fault(codes=("ModId",), kind=FaultClass.CONFLICT)


class RestWriter:
    """Writes records of one kind."""

    def __init__(self, resource: RestResource) -> None:
        self._resource = resource
        self._calls = resource.calls
        self._component = resource.component
        self._system = resource.site.system

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
        calls = {name: self._child_calls(name, rows) for name, rows in children.items()}  # before anything is sent
        held = self._unchanged(record_id, version) if record_id is not None else None
        if operation == "delete":
            self._calls.send("DELETE", f"/{segment(str(record_id))}", gone=_GONE)
            self._prove_gone(str(record_id))
            return _written({ROW_ID: str(record_id)})
        body = self._body(row, self._resource.names(), self._component)
        made_so: dict[str, str] = {}
        if record_id is None:
            made = self._calls.send("POST", "", body=body)
            record_id = next((str(each["Id"]) for each in made if each.get("Id")), None)
            if record_id is None:
                raise OutcomeUnknown("Siebel's answer to the insert names no record", system=self._system)
            made_so = self._resource.stand(record_id)
            if was_there_before(made_so):
                return _written({**made_so, ROW_ID: record_id})
        elif body:
            put = self._calls.send("PUT", f"/{segment(record_id)}", body={"Id": record_id, **body}, gone=_GONE)
            met = next((str(each["Id"]) for each in put if each.get("Id")), None)
            if met is not None and met != record_id:
                return _written({ROW_ID: met})
            now = self._not_overtaken(record_id, held)
            if met is None and not _moved(held, now):
                self._prove("", {"Id": record_id, **body})
        try:
            for container, rows in calls.items():
                self._send_children(f"/{segment(record_id)}/{segment(self._place_of(container))}", rows)
        except (SiebelFaultError, OutcomeUnknown) as met:
            raise OutcomeUnknown(
                f"the record was written, and not all of its child rows: {met}", system=self._system
            ) from None
        version = self._resource.stand(record_id).get(VERSION)
        return _written({**made_so, ROW_ID: record_id} | ({VERSION: version} if version is not None else {}))

    def _child_calls(self, container: str, held: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """Each row's operation and body.

        Raises:
            RejectRecord: it cannot be said here.
        """
        self._place_of(container)
        component = next(each.component for each in self._component.lists if each.tag == container)
        calls = []
        for row in held[component.tag]:
            fields = dict(row)
            operation = fields.pop("operation")
            body = self._body(fields, self._resource.names_of_child(component, []), component)
            if operation == "insert":
                body.pop("Id", None)
            elif not body.get("Id"):
                raise RejectRecord(f"a row of {container} has no id", path=container, code="no_record_id")
            calls.append((operation, body))
        return calls

    def _send_children(self, place: str, calls: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        for operation, body in calls:
            where = place if operation == "insert" else f"{place}/{segment(body['Id'])}"
            if operation == "delete":
                self._calls.send("DELETE", where)
                continue
            gone = None if operation == "insert" else _GONE
            if not any(row.get("Id") for row in self._calls.send("PUT", where, body=body, gone=gone)):
                self._prove(place, body)

    def _place_of(self, container: str) -> str:
        """What the child component of ``container`` is called.

        Raises:
            RejectRecord: it is not here.
        """
        name = self._resource.child(container)
        if not name:
            raise RejectRecord(
                f"{container} has no place in REST here: rest.{self._resource.kind}.children leaves it out",
                path=container,
                code="unknown_field",
            )
        return name

    def _prove(self, place: str, body: Mapping[str, Any]) -> None:
        """Look for what was written, since the answer names no record and so says nothing.

        Raises:
            OutcomeUnknown: it is not there, or cannot be seen.
        """
        try:
            rows = self._seen(place, body.get("Id"))
        except (SiebelFaultError, OutcomeUnknown):
            rows = []
        if not any(all(text_of(row.get(name)) == value for name, value in body.items()) for row in rows):
            raise OutcomeUnknown(
                "Siebel's answer to the write names no record, and what was written is not seen there",
                system=self._system,
            )

    def _prove_gone(self, record_id: str) -> None:
        """Look whether a record is there that was deleted, since the answer to a DELETE names none.

        Raises:
            OutcomeUnknown: it is still there, or nobody can tell.
        """
        try:
            rows = self._seen("", record_id)
        except (SiebelFaultError, OutcomeUnknown):
            raise OutcomeUnknown(
                "Siebel took the delete, and whether the record is gone cannot be seen", system=self._system
            ) from None
        if rows:
            raise OutcomeUnknown("Siebel took the delete, and the record is still there", system=self._system)

    def _seen(self, place: str, row_id: str | None) -> Sequence[Mapping[str, Any]]:
        """The rows at ``place``, or the one with an id; none where there are none."""
        site = self._resource.site
        asked = {"uniformresponse": "y", "ViewMode": site.view_mode, "childlinks": "None"}
        asked["PageSize"] = str(site.page_limit)
        if row_id is not None:
            asked["searchspec"] = spec_text(Compare(ROW_ID, "=", row_id), named=lambda _: "Id")
        try:
            return self._calls.get(place, asked)
        except NotFoundError:
            return ()

    def _unchanged(self, record_id: str, version: str | None) -> str | None:
        """The version held. REST takes no condition, and PUT would create a row that is gone: so look first."""
        held = self._resource.stand(record_id, absent=_GONE).get(VERSION)
        if version is not None and held is not None and held != version:
            raise SiebelFaultError(_CHANGED)
        return held

    def _not_overtaken(self, record_id: str, before: str | None) -> str | None:
        """The version now, if our PUT alone moved it since we looked: Siebel counts it by one with each write.

        Raises:
            OutcomeUnknown: somebody, or a rule of the site, wrote as well; what stands there now has to be read.
        """
        now = self._resource.stand(record_id).get(VERSION)
        if before is None or now is None or not before.isdigit() or not now.isdigit() or int(now) <= int(before) + 1:
            return now
        raise OutcomeUnknown(
            "the record was written, and edited by somebody else in the same moment: read it again and compare",
            system=self._system,
        )

    def _body(self, row: Mapping[str, Any], names: FieldNames, component: Component) -> dict[str, Any]:
        unknown = next((tag for tag in row if tag not in names.name_of), None)
        if unknown is not None:
            raise RejectRecord(
                f"{component.tag} has no field for {unknown} in REST; name it in rest.{self._resource.kind}.fields",
                path=unknown,
                code="unknown_field",
            )
        text = as_siebel(component, zone=self._resource.site.zone)(row)
        return {names.name_of[tag]: value for tag, value in text.items()}


def _moved(before: str | None, now: str | None) -> bool:
    """Whether the version tells that something was written."""
    return before is not None and now is not None and before != now


def _written(record: dict[str, str]) -> Answer:
    return Answer(records=(record,), broken=(), last_page=True, last=None)
