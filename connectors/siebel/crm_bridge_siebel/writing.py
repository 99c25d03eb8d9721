"""A planned write as the message that Siebel takes, chosen so that child rows are never deleted by accident.

Insert for creates, Execute with ``operation="upsert"`` for updates. Siebel's Update and Synchronize delete every
child row that the message does not repeat, upsert never does. So only those child rows are sent that change, each
with its own operation, and a container without changes is left out. An upsert of a row that is gone would create it
anew: ModId, sent whenever it is known, turns that into a conflict.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_bridge.api import RecordWrite, RejectRecord
from crm_bridge_siebel.shapes import INTEGRATION_ID, ROW_ID, SYSTEM_FIELDS, VERSION, Component, ServiceShape

OPERATION = "@operation"
ROW_OPERATIONS = frozenset({"insert", "update", "delete"})
_UPSERT = re.compile(r"(?:Execute|InsertOrUpdate|Upsert)(?:_\d+)?$")
_STAMP_LENGTH = 30  # INTEGRATION_ID is varchar(30) in Siebel's base tables


@dataclass(frozen=True, slots=True)
class Message:
    """Which method to call, and the component's tree."""

    method: str
    row: Mapping[str, Any]


def message_for(write: RecordWrite, shape: ServiceShape) -> Message:
    """The message that carries out ``write``.

    Raises:
        RejectRecord: it cannot be said in this service, and why.
    """
    component = shape.data.component
    match write.operation:
        case "create":
            row = _row(write.fields, component, nested=False, default="insert")
            if INTEGRATION_ID in component.fields and not row.get(INTEGRATION_ID):
                row[INTEGRATION_ID] = integration_stamp(write.key)
            return Message(method=_published("Insert", shape), row=row)
        case "update":
            row = _row(write.fields, component, nested=False)
            _refuse_deleting(row, shape)
            return Message(method=_published("Execute", shape), row=_identified(write) | {"operation": "upsert"} | row)
        case "delete":
            return Message(method=_published(_deleting(shape), shape), row=_identified(write) | {"operation": "delete"})
        case other:
            raise RejectRecord(f"operation {other!r} is not one of create, update, delete", code="bad_operation")


def deletes(shape: ServiceShape) -> bool:
    """Whether the service publishes what deletes a record."""
    return _deleting(shape) in shape.methods


def inserts_only(shape: ServiceShape) -> bool:
    """Whether a create is refused where there is such a record already, rather than carried out on it."""
    return _UPSERT.search(shape.operations.get("Insert", "Insert")) is None


def _deleting(shape: ServiceShape) -> str:
    """Only Execute goes by the operation of the record. An InsertOrUpdate would update, and look as if done."""
    execute = shape.operations.get("Execute", "Execute").endswith("Execute")
    return "Execute" if execute and "operation" in shape.data.component.attributes else "Delete"


def integration_stamp(key: str) -> str:
    """What stands in IntegrationId for a create with ``key``: the key itself, or its digest when it is too long."""
    if len(key) <= _STAMP_LENGTH:
        return key
    digest = base64.b32encode(hashlib.sha256(key.encode()).digest()).decode().rstrip("=").lower()
    return f"cb-{digest}"[:_STAMP_LENGTH]


def stamped_with(write: RecordWrite) -> str:
    """The IntegrationId by which a create can be found again."""
    given = write.fields.get(INTEGRATION_ID)
    return given if isinstance(given, str) and given else integration_stamp(write.key)


def _identified(write: RecordWrite) -> dict[str, Any]:
    if not write.record_id:
        raise RejectRecord(f"{write.operation} names no record", code="no_record_id")
    row: dict[str, Any] = {ROW_ID: write.record_id}
    version = write.expected_version or write.fields.get(VERSION)
    if version:
        row[VERSION] = version
    return row


def _refuse_deleting(row: Mapping[str, Any], shape: ServiceShape) -> None:
    """Update and Synchronize delete child rows that a message does not repeat, also those that were added meanwhile.

    Raises:
        RejectRecord: child rows are to be changed, and the operation is not known for an upsert.
    """
    containers = [tag for tag in _nested(shape) if tag in row]
    if containers and may_delete_rows(shape):
        operation = shape.operations.get("Execute", "Execute")
        raise RejectRecord(
            f"{operation} may delete rows of {containers[0]} that the message does not name; where it is an upsert, "
            "vouch for that with keeps_rows = true, else publish one (Execute, InsertOrUpdate), and name it in "
            "operations",
            path=containers[0],
            code="would_delete",
        )


def may_delete_rows(shape: ServiceShape) -> bool:
    """Whether what carries updates out may delete child rows that a message does not name: no name of an upsert, and
    nobody vouches for it."""
    named = _UPSERT.search(shape.operations.get("Execute", "Execute")) is not None
    return bool(_nested(shape)) and not named and not shape.keeps_rows


def _nested(shape: ServiceShape) -> list[str]:
    component = shape.data.component
    return [*(each.tag for each in component.lists), *(each.tag for each in (*component.parts, *component.rows))]


def _published(method: str, shape: ServiceShape) -> str:
    if method not in shape.methods:
        raise RejectRecord(f"service {shape.prefix} does not publish {method}", code="not_writable")
    return method


def _row(
    fields: Mapping[str, Any], component: Component, *, nested: bool, default: str | None = None
) -> dict[str, Any]:
    """A row as it is sent. ``default``: the operation of child rows that say none, where only one makes sense."""
    lists = {child.tag: child.component for child in component.lists}
    parts = {child.tag: child for child in component.parts}
    direct = {child.tag: child for child in component.rows}
    row: dict[str, Any] = {}
    for name, value in fields.items():
        if name == OPERATION or (not nested and name in SYSTEM_FIELDS):
            continue
        if name in lists:
            rows = _child_rows(value, lists[name], container=name, default=default)
            if rows:
                row[name] = {lists[name].tag: rows}
        elif name in direct:
            rows = _child_rows({name: value}, direct[name], container=name, default=default)
            if rows:
                row[name] = rows
        elif name in parts:
            row[name] = _part(value, parts[name])
        elif name not in component.fields:
            raise RejectRecord(f"{component.tag} has no field {name} in the WSDL", path=name, code="unknown_field")
        elif not isinstance(value, str):
            raise RejectRecord(f"{name} is not text; Siebel takes text alone", path=name, value=value, code="bad_shape")
        else:
            row[name] = value
    return row


def _part(value: object, component: Component) -> dict[str, Any]:
    """The one row of a component without a container; an upsert never deletes."""
    if not isinstance(value, Mapping):
        raise RejectRecord(f"{component.tag} is not an object", path=component.tag, code="bad_shape")
    row = _row(value, component, nested=True)
    return row | {"operation": "upsert"} if "operation" in component.attributes else row


def _child_rows(value: object, component: Component, *, container: str, default: str | None) -> list[dict[str, Any]]:
    rows = value.get(component.tag) if isinstance(value, Mapping) and set(value) == {component.tag} else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise RejectRecord(f"{container} is not a list of {component.tag}", path=container, code="bad_shape")
    built = []
    for row in rows:
        operation = row.get(OPERATION, default)
        if operation not in ROW_OPERATIONS:
            # Siebel takes a misspelt operation for `sync`, which deletes: nothing unknown is ever sent.
            raise RejectRecord(
                f"a row of {container} says no {OPERATION} of insert, update, delete",
                path=container,
                code="bad_operation",
            )
        built.append({**_row(row, component, nested=True, default=default), "operation": operation})
    return built
