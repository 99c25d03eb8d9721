"""What a write does to a row: user keys, ModId, lists of values, and what becomes of child rows. Pure but for new ids.

After Siebel's documents: Update and ``sync`` delete the child rows that a present container does not repeat, an empty
container deletes all, an absent one is untouched; upsert deletes nothing; a misspelt operation means ``sync``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_bridge_siebel.simulator.catalogue import Kind, Rules
from crm_bridge_siebel.simulator.messages import Message
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.table import Table

OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "sync", "skipnode"})
_SERVER_KEPT = frozenset({"Id", "ModId", "Created", "Updated"})
_NAME_PARTS = ("LastName", "FirstName", "MiddleName")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """What one message comes to: ``row`` is ``None`` when it was deleted."""

    row_id: str
    row: Row | None
    shown: Row


@dataclass(frozen=True, slots=True)
class Desk:
    """What carrying out needs: the rows, new ids, the present second, and whether ModId is a Modification Key here."""

    table: Table
    new_id: Callable[[], str]
    now: str
    modification_key: bool

    @property
    def kind(self) -> Kind:
        return self.table.kind


def effect_of(message: Message, *, method: str, desk: Desk) -> Effect:
    """What ``message`` does, without doing it.

    Raises:
        RefusalError: a rule of the component is broken; nothing of the message takes effect.
    """
    operation = _operation(method, message.operation)
    current = _matched(message, desk)
    if operation == "insert":
        if current is not None:
            raise RefusalError("SBL-EAI-04383", "Insert operation failed because a matching record was found")
        return _inserted(message, desk)
    if current is None:
        if operation in {"upsert", "sync"} and not message.fields.get("ModId"):
            return _inserted(message, desk)
        if not (message.fields.get("Id") or message.fields.get("IntegrationId")):
            raise RefusalError("SBL-EAI-04397", "No user key can be used for the component")
        raise RefusalError("SBL-DAT-00523", "The selected record has been modified by another user or deleted")
    _check_version(message, current, desk)
    if operation == "delete":
        return Effect(row_id=current["Id"], row=None, shown=current)
    return _changed(message, current, operation, desk)


def bumped(row: Row, *, now: str) -> Row:
    """``row`` as it is after one more change."""
    return row | {"ModId": str(int(row["ModId"]) + 1), "Updated": now}


def with_full_name(row: Row) -> Row:
    """``row`` with its calculated name."""
    return row | {"FullName": " ".join(row[part] for part in _NAME_PARTS if row.get(part))}


def _operation(method: str, said: str | None) -> str:
    if method != "Execute":
        return method.lower()
    if said is None:
        return "upsert"
    return said if said in OPERATIONS else "sync"


def _matched(message: Message, desk: Desk) -> Row | None:
    row_id = message.fields.get("Id")
    if row_id:
        return desk.table.rows.get(row_id)
    key = message.fields.get("IntegrationId")
    found = desk.table.by_integration_id(key) if key else []
    if len(found) > 1:
        raise RefusalError("SBL-EAI-04390", "Multiple records match the user key")
    return desk.table.rows[found[0]] if found else None


def _check_version(message: Message, current: Row, desk: Desk) -> None:
    version = message.fields.get("ModId")
    if desk.modification_key and version and version != current["ModId"]:
        raise RefusalError(
            "SBL-DAT-00523", "The selected record has been modified by another user since it was retrieved"
        )


def _inserted(message: Message, desk: Desk) -> Effect:
    component = desk.kind.component
    _check(message.fields, desk.kind.rules[component], component, new=True)
    row: Row = {"Id": desk.new_id(), "Created": desk.now, "Updated": desk.now, "ModId": "0"}
    row |= {name: value for name, value in message.fields.items() if name not in _SERVER_KEPT}
    for tag, rows in message.children.items():
        row[f"ListOf{tag}"] = {tag: _children([], rows, tag=tag, deletes=False, desk=desk)}
    if "FullName" in desk.kind.fields:
        row = with_full_name(row)
    return Effect(row_id=row["Id"], row=row, shown=row)


def _changed(message: Message, current: Row, operation: str, desk: Desk) -> Effect:
    kind = desk.kind
    row = dict(current)
    if operation != "skipnode":
        _check(message.fields, kind.rules[kind.component], kind.component, new=False)
        row |= {name: value for name, value in message.fields.items() if name not in _SERVER_KEPT}
        if "FullName" in row and any(row.get(part) != current.get(part) for part in _NAME_PARTS):
            row = with_full_name(row)
    for tag, rows in message.children.items():
        held = list(current.get(f"ListOf{tag}", {}).get(tag, ()))
        row[f"ListOf{tag}"] = {tag: _children(held, rows, tag=tag, deletes=operation in {"update", "sync"}, desk=desk)}
    row = bumped(row, now=desk.now)
    return Effect(row_id=row["Id"], row=row, shown=row)


def _children(held: list[Row], messages: tuple[Message, ...], *, tag: str, deletes: bool, desk: Desk) -> list[Row]:
    rules = desk.kind.rules[tag]
    rows = {row[rules.key]: row for row in held}
    named: set[str] = set()
    for message in messages:
        operation = message.operation or "upsert"
        key = message.fields.get(rules.key, "")
        current = rows.get(key) if key else None
        if operation == "delete":
            if current is None:
                raise RefusalError("SBL-DAT-00523", f"The '{tag}' record has been deleted by another user")
            del rows[key]
            continue
        if operation == "insert" and current is not None:
            raise RefusalError("SBL-EAI-04383", f"Insert operation failed because a matching '{tag}' was found")
        if operation == "update" and current is None:
            raise RefusalError("SBL-DAT-00523", f"The '{tag}' record has been deleted by another user")
        _check(message.fields, rules, tag, new=current is None)
        if current is None:
            key = desk.new_id()
        rows[key] = {**(current or {}), **message.fields, rules.key: key}
        named.add(key)
    if deletes:
        return [row for key, row in rows.items() if key in named]
    return list(rows.values())


def _check(fields: Mapping[str, str], rules: Rules, component: str, *, new: bool) -> None:
    for name in sorted(rules.required):
        if (new and not fields.get(name)) or fields.get(name) == "":
            raise RefusalError("SBL-DAT-00498", f"'{name}' is a required field. Please enter a value for the field")
    for name, value in fields.items():
        if name in rules.read_only:
            raise RefusalError("SBL-EAI-04421", f"Field '{name}' of component '{component}' is read only")
        allowed = rules.lists_of_values.get(name)
        if allowed is not None and value and value not in allowed:
            raise RefusalError(
                "SBL-EAI-04401",
                f"Field '{name}' in '{component}' contains value '{value}' which is not in its picklist",
            )
        if name not in _SERVER_KEPT and len(value) > rules.lengths.get(name, rules.other_length):
            raise RefusalError("SBL-EAI-04184", f"The value of field '{name}' in '{component}' is too long")
