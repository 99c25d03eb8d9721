"""Siebel's REST interface on the same records: ``/siebel/v1.0/data/{BO}/{BC}`` and child components below a record.

After the REST guide: 10 rows by default, at most 100, ``items`` is an object for a single record unless
``uniformresponse``, PUT upserts, POST inserts, answers to writes hold ``Id`` and ``Link`` alone.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import orjson

from crm_bridge_siebel.simulator.calls import user_keys
from crm_bridge_siebel.simulator.installation import Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.manner import Manner, shown
from crm_bridge_siebel.simulator.messages import Message, count
from crm_bridge_siebel.simulator.refusals import FaultStyle, RefusalError, fault_text
from crm_bridge_siebel.simulator.resources import RESOURCES, Resource, child_resource
from crm_bridge_siebel.simulator.searchspec import parsed
from crm_bridge_siebel.simulator.sessions import Caller, Sessions
from crm_bridge_siebel.simulator.table import Table
from crm_bridge_siebel.simulator.visibility import visible_to
from crm_bridge_siebel.simulator.writes import Desk

BASES = ("/siebel/v1.0/data/", "/siebel-rest/v1.0/data/", "/openintegration/v1.0/data/")
_PARAMETERS = frozenset(
    {"pagesize", "startrownum", "fields", "searchspec", "sortspec", "childlinks", "uniformresponse", "viewmode"}
)
Row = Mapping[str, Any]


class StatusError(Exception):
    """An HTTP status with a plain reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class RestCall:
    """One request. ``headers`` have lower-case names."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method in {"PUT", "POST", "DELETE"}


@dataclass(frozen=True, slots=True)
class _Place:
    """What an address names: a resource, perhaps one row of it, perhaps child rows, perhaps one of those."""

    resource: Resource
    row_id: str = ""
    child: Resource | None = None
    child_id: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """The REST interface of one installation."""

    installation: Installation
    sessions: Sessions
    knobs: Knobs

    def answer(self, call: RestCall, *, style: FaultStyle) -> tuple[int, bytes]:
        """HTTP status and JSON."""
        try:
            caller = self._caller(call)
            self._negotiate(call)
            if call.method == "GET" and urlsplit(call.url).path.endswith("/describe"):
                return 200, orjson.dumps(_description(_place_of(urlsplit(call.url).path.removesuffix("/describe"))))
            place = _place_of(call.url)
            code = self.knobs.take_fault()
            if code:
                return 500, _error(RefusalError(code, "The simulator was told to refuse this call"), style)
            match call.method:
                case "GET":
                    return 200, orjson.dumps(self._read(call, place, caller))
                case "DELETE":
                    self._delete(place, caller)
                    return 204, b""
                case _:
                    return self._write(call, place, caller, style)
        except RefusalError as refusal:
            return 500, _error(refusal, style)
        except StatusError as status:
            return status.status, b"" if status.status == 204 else orjson.dumps({"ERROR": str(status)})

    def _caller(self, call: RestCall) -> Caller:
        scheme, _, said = call.headers.get("authorization", "").partition(" ")
        try:
            username, _, password = base64.b64decode(said, validate=True).decode().partition(":")
        except ValueError:
            username = password = ""
        if scheme.lower() != "basic" or not self.sessions.checked(username=username, password=password):
            raise StatusError(401, "The user ID or password is incorrect")
        return self.sessions.known(username)

    def _negotiate(self, call: RestCall) -> None:
        if call.method not in {"GET", "PUT", "POST", "DELETE"}:
            raise StatusError(405, f"{call.method} is not allowed")
        accepted = call.headers.get("accept", "*/*")
        if not any(kind in accepted for kind in ("*/*", "application/*", "application/json")):
            raise StatusError(406, "Only application/json can be given")
        if call.method in {"PUT", "POST"} and "application/json" not in call.headers.get("content-type", ""):
            raise StatusError(415, "Only application/json is taken")

    def _read(self, call: RestCall, place: _Place, caller: Caller) -> dict[str, Any]:
        asked = {name.lower(): text for name, text in parse_qsl(urlsplit(call.url).query, keep_blank_values=True)}
        unknown = asked.keys() - _PARAMETERS
        if unknown:
            raise RefusalError("SBL-EAI-04316", f"This simulator does not know the parameter '{min(unknown)}'")
        resource = place.child or place.resource
        held, last = self._rows(place, asked, caller)
        if not held:
            raise StatusError(
                int(self.knobs.number("rest_empty_status")), "There is no data for the requested resource"
            )
        wanted = [name.strip() for name in asked.get("fields", "").split(",") if name.strip()]
        manner = self._manner()
        items = [
            _item(row, resource, wanted, place=place, links=asked.get("childlinks"), manner=manner) for row in held
        ]
        uniform = asked.get("uniformresponse", "").lower() in {"y", "yes", "true"}
        one = place.child_id if place.child else place.row_id
        if one and not uniform:
            return items[0]
        links = [{"rel": "self", "href": place.path, "name": resource.name}]
        if not last:
            links.append({"rel": "nextSet", "href": place.path, "name": resource.name})
        return {"items": items[0] if len(items) == 1 and not uniform else items, "Link": links}

    def _rows(self, place: _Place, asked: Mapping[str, str], caller: Caller) -> tuple[Sequence[Row], bool]:
        visible = visible_to(caller, mode=asked.get("viewmode", ""), knobs=self.knobs)
        size = count(asked.get("pagesize"), "PageSize")
        size = int(self.knobs.number("default_page_size")) if size is None else size
        size = min(size, int(self.knobs.number("rest_max_page_size")))
        start = count(asked.get("startrownum"), "StartRowNum") or 0
        resource, kind = place.resource, place.resource.kind
        if place.child is not None:
            parents = [
                row for row in self.installation.by_ids(kind.name, [place.row_id]) if visible is None or visible(row)
            ]
            held = parents[0].get(f"ListOf{place.child.tag}", {}).get(place.child.tag, ()) if parents else ()
            key = place.child.key
            rows = [row for row in held if not place.child_id or row[key] == place.child_id]
            if asked.get("searchspec") or asked.get("sortspec"):
                raise RefusalError("SBL-EAI-04316", "This simulator does not search or sort child components in REST")
            return rows[start : start + size], len(rows) <= start + size
        if place.row_id:
            rows = self.installation.by_ids(kind.name, [place.row_id])
            return [row for row in rows if visible is None or visible(row)], True
        text = asked.get("searchspec", "").strip()
        spec = parsed(text, kind, manner=self._manner(), tag_of=resource.tag_of) if text else None
        reach = int(self.knobs.number("row_limit"))
        if start + size > reach:
            raise RefusalError("SBL-DAT-00500", f"There are more than {reach} rows; narrow the query")
        sort = _sort(asked.get("sortspec", ""), resource)
        return self.installation.select(kind.name, spec, sort=sort, start=start, size=size, visible=visible)

    def _write(self, call: RestCall, place: _Place, caller: Caller, style: FaultStyle) -> tuple[int, bytes]:
        """PUT and POST. Several records in one message are several transactions (our guess)."""
        try:
            body = orjson.loads(call.body)
        except orjson.JSONDecodeError:
            raise RefusalError("SBL-EAI-04316", "The request is not JSON") from None
        given = body if isinstance(body, list) else [body]
        done: list[dict[str, Any]] = []
        refused: list[RefusalError] = []
        for record in given:
            try:
                done.append(self._one(record, place, "insert" if call.method == "POST" else "upsert", caller))
            except RefusalError as refusal:
                if not isinstance(body, list):
                    raise
                refused.append(refusal)
        if refused and not done:
            return 409, _error(refused[0], style)
        return 200, orjson.dumps({"items": done if isinstance(body, list) else done[0]})

    def _one(self, record: object, place: _Place, operation: str, caller: Caller) -> dict[str, Any]:
        if not isinstance(record, dict):
            raise RefusalError("SBL-EAI-04316", "A record is not an object")
        resource = place.child or place.resource
        fields = {resource.tag_of(name): _text(value) for name, value in record.items() if name != "Link"}
        if place.child is not None:
            if place.child_id:
                fields[place.child.key] = place.child_id
            key = fields.get(place.child.key)
            held = self._children(place)
            # A child's PUT with an id that is there updates, and inserts otherwise: these components have no user key.
            exists = key in {row[place.child.key] for row in held}
            if operation == "insert" and exists:
                raise RefusalError("SBL-EAI-04383", "Insert operation failed because a matching record was found")
            row = self._sent(
                place, Message(None, {k: v for k, v in fields.items() if exists or k != place.child.key}), caller
            )
            rows = row[f"ListOf{place.child.tag}"][place.child.tag]
            made = key if exists else rows[-1][place.child.key]
            return {"Id": made, "Link": _self_link(place, str(made))}
        if place.row_id:
            fields["Id"] = place.row_id
            if operation == "upsert" and not self.installation.by_ids(place.resource.kind.name, [place.row_id]):
                fields.pop("Id")
                operation = "insert"  # PUT makes what is not there; its row id is Siebel's to give
        row = self._carried_out(place, operation, Message(None, fields), caller)
        return {"Id": row["Id"], "Link": _self_link(place, row["Id"])}

    def _delete(self, place: _Place, caller: Caller) -> None:
        if not place.row_id or (place.child is not None and not place.child_id):
            raise StatusError(405, "DELETE needs a row id")
        if not self.installation.by_ids(place.resource.kind.name, [place.row_id]):
            raise StatusError(404, "There is no data for the requested resource")
        if place.child is None:
            self._carried_out(place, "delete", Message(None, {"Id": place.row_id}), caller)
            return
        if place.child_id not in {row[place.child.key] for row in self._children(place)}:
            raise StatusError(404, "There is no data for the requested resource")
        self._sent(place, Message("delete", {place.child.key: place.child_id}), caller)

    def _children(self, place: _Place) -> Sequence[Row]:
        rows = self.installation.by_ids(place.resource.kind.name, [place.row_id])
        if not rows:
            raise StatusError(404, "There is no data for the requested resource")
        tag = place.child.tag if place.child else ""
        held: Sequence[Row] = rows[0].get(f"ListOf{tag}", {}).get(tag, ())
        return held

    def _sent(self, place: _Place, child: Message, caller: Caller) -> Row:
        """Write a child row by way of its parent."""
        tag = place.child.tag if place.child else ""
        return self._carried_out(place, "upsert", Message(None, {"Id": place.row_id}, {tag: (child,)}), caller)

    def _carried_out(self, place: _Place, operation: str, message: Message, caller: Caller) -> Row:
        if not place.resource.writable:
            raise StatusError(405, f"{place.resource.name} is read only")
        if not caller.writes:
            raise RefusalError("SBL-EAI-04421", "The responsibility of this user does not allow the operation")
        knobs = self.knobs
        visible = visible_to(caller, mode="", knobs=knobs)

        def desk(table: Table, now: str) -> Desk:
            return Desk(
                table=table,
                new_id=self.installation.new_id,
                now=now,
                user=caller.user,
                visible=visible,
                modification_key=knobs.on("modification_key"),
                user_keys=user_keys(knobs.text("user_keys")),
                child_touches_parent=knobs.on("child_touches_parent"),
                manner=self._manner(),
                read_only_ignored=knobs.on("read_only_ignored"),
                picklist_fault=knobs.text("picklist_fault"),
            )

        (effect,) = self.installation.write(place.resource.kind.name, [(operation, message)], desk=desk)
        return effect.shown

    def _manner(self) -> Manner:
        zone = self.knobs.text("time_zone")
        return Manner(zone=None if zone == "UTC" else ZoneInfo(zone))


def _place_of(url: str) -> _Place:
    path = urlsplit(url).path
    base = next(base for base in BASES if path.startswith(base))
    parts = [unquote(part) for part in path.removeprefix(base).split("/") if part]
    resource = RESOURCES.get((parts[0], parts[1])) if len(parts) > 1 else None
    child = child_resource(resource, parts[3]) if resource is not None and len(parts) > 3 else None
    if resource is None or len(parts) > 5 or (len(parts) > 3 and child is None):
        raise StatusError(404, "There is no such business object or component")
    return _Place(
        resource=resource,
        row_id=parts[2] if len(parts) > 2 else "",
        child=child,
        child_id=parts[4] if len(parts) > 4 else "",
        path=path.rstrip("/"),
    )


def _item(
    row: Row, resource: Resource, wanted: Sequence[str], *, place: _Place, links: str | None, manner: Manner
) -> dict[str, Any]:
    """One record: the fields asked for, and Id always. A field without a value is an empty text."""
    item: dict[str, Any] = {"Id": row[resource.key]}
    for name in wanted or resource.names:
        tag = resource.tag_of(name)
        convert = shown(tag, resource.kind, manner)
        value = row.get(tag) or ""
        item[name] = convert(value) if convert and value else value
    named = {name.strip() for name in links.split(",")} if links is not None else None
    own = place.path if place.child_id or (place.row_id and not place.child) else f"{place.path}/{row[resource.key]}"
    item["Link"] = [
        {"rel": "self", "href": own, "name": resource.name},
        {"rel": "canonical", "href": own, "name": resource.name},
        *(
            {"rel": "child", "href": f"{own}/{quote(child)}", "name": child}
            for child in resource.children
            if named is None or child in named
        ),
    ]
    return item


def _sort(text: str, resource: Resource) -> tuple[tuple[str, bool], ...]:
    """``Updated:asc,Last Name:desc``: how REST writes a sort specification is our guess."""
    sort = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, order = part.partition(":")
        if order.lower() not in {"", "asc", "desc"}:
            raise RefusalError("SBL-EAI-04316", f"This simulator does not know the sort specification '{part}'")
        sort.append((resource.tag_of(name.strip()), order.lower() == "desc"))
    return tuple(sort)


def _self_link(place: _Place, row_id: str) -> dict[str, str]:
    own = place.path if place.path.endswith(f"/{row_id}") else f"{place.path}/{row_id}"
    return {"rel": "self", "href": own, "name": (place.child or place.resource).name}


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "Y" if value else "N"
        case int() | float():
            return str(value)
        case _:
            raise RefusalError("SBL-EAI-04316", "A value is not simple")


def _error(refusal: RefusalError, style: FaultStyle) -> bytes:
    return orjson.dumps({"ERROR": fault_text(refusal, style=style)})


def _description(place: _Place) -> dict[str, Any]:
    """Of a business component, in the words of OpenAPI 2."""
    resource = place.child or place.resource
    name = f"data/{place.resource.name}/{resource.name}/"
    properties = {field: {"type": "string", "title": field} for field in resource.names}
    return {"definitions": {name.replace("/", "_"): {"type": "object", "properties": properties}}, "paths": {name: {}}}
