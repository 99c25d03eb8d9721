"""What a write does to a row: user keys, ModId, lists of values, and what becomes of child rows. Pure but for new ids.

After Siebel's documents: Update and ``sync`` delete the child rows that a present container does not repeat, an empty
container deletes all, an absent one is untouched; upsert deletes nothing; a misspelt operation means ``sync``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crm_bridge_siebel.simulator.catalogue import PRIMARY, Kind, Rules
from crm_bridge_siebel.simulator.manner import PLAIN, Manner, taken
from crm_bridge_siebel.simulator.messages import Message
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.searchspec import Predicate
from crm_bridge_siebel.simulator.table import Table

OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "sync", "skipnode"})
_SERVER_KEPT = frozenset(
    {"Id", "ModId", "Created", "CreatedBy", "Updated", "UpdatedBy", "ConflictId", "MergeSequenceNumber"}
)
_METHODS = {"InsertOrUpdate": "upsert", "Synchronize": "sync"}
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
    """What carrying out needs.

    Attributes:
        now: the present second as it is stored.
        user: who writes.
        visible: which rows this user sees; ``None``: all.
        modification_key: whether a ModId that is sent is checked.
        user_keys: sets of fields that a record is found by, after ``Id``.
        misspelt_is_sync: else a misspelt operation is refused.
        child_touches_parent: whether a change of child rows alone moves the parent's ModId and Updated.
        manner: how the call writes its values.
        read_only_ignored: whether calculated fields in a message are passed over instead of refused.
        picklist_fault: the code for a value that is not in its list.
        pending: rows as earlier messages of the same transaction leave them; ``None``: deleted.
    """

    table: Table
    new_id: Callable[[], str]
    now: str
    user: str
    visible: Predicate | None = None
    modification_key: bool = True
    user_keys: tuple[tuple[str, ...], ...] = (("IntegrationId",),)
    misspelt_is_sync: bool = True
    child_touches_parent: bool = True
    manner: Manner = PLAIN
    read_only_ignored: bool = False
    picklist_fault: str = "SBL-EAI-04401"
    pending: dict[str, Row | None] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return self.table.kind


def effect_of(message: Message, *, method: str, desk: Desk) -> Effect:
    """What ``message`` does, without doing it.

    Raises:
        RefusalError: a rule of the component is broken; nothing of the message takes effect.
    """
    operation = _operation(method, message.operation, desk)
    message = _stored(message, desk.kind, desk)
    current = _matched(message, desk)
    if operation == "insert":
        if current is not None:
            raise RefusalError("SBL-EAI-04383", "Insert operation failed because a matching record was found")
        return _inserted(message, desk)
    if current is None:
        if not (message.fields.get("Id") or _usable_keys(message, desk)):
            raise RefusalError("SBL-EAI-04397", "No user key can be used for the component")
        if operation in {"upsert", "sync"} and not message.fields.get("ModId"):
            return _inserted(message, desk)
        raise RefusalError("SBL-DAT-00523", "The selected record has been modified by another user or deleted")
    _check_version(message, current, desk)
    if operation == "delete":
        return Effect(row_id=current["Id"], row=None, shown=current)
    return _changed(message, current, operation, desk)


def bumped(row: Row, *, now: str, user: str) -> Row:
    """``row`` as it is after one more change."""
    return row | {"ModId": str(int(row.get("ModId") or 0) + 1), "Updated": now, "UpdatedBy": user}


def begun(row_id: str, *, now: str, user: str) -> Row:
    """What Siebel keeps of a new row."""
    return {
        "Id": row_id, "Created": now, "CreatedBy": user, "Updated": now, "UpdatedBy": user, "ModId": "0",
        "ConflictId": "0",
    }  # fmt: skip


def child_begun(*, now: str) -> Row:
    """What Siebel keeps of a new child row."""
    return {"Created": now, "Updated": now, "ModId": "0"}


def child_bumped(row: Row, *, now: str) -> Row:
    """What Siebel keeps of a child row after one more change."""
    return {
        "Created": row.get("Created", now), "Updated": now, "ModId": str(int(row.get("ModId") or 0) + 1),
    }  # fmt: skip


def with_full_name(row: Row) -> Row:
    """``row`` with its calculated name."""
    return row | {"FullName": " ".join(row[part] for part in _NAME_PARTS if row.get(part))}


def _operation(method: str, said: str | None, desk: Desk) -> str:
    if method not in {"Execute", *_METHODS}:
        return method.lower()
    if method != "Execute":
        return _METHODS[method]
    return _spelt(said, desk, default="upsert")


def _spelt(said: str | None, desk: Desk, *, default: str) -> str:
    if said is None:
        return default
    if said in OPERATIONS:
        return said
    if desk.misspelt_is_sync:
        return "sync"
    raise RefusalError("SBL-EAI-04009", f"Operation '{said}' is not known")


def _stored(message: Message, kind: Kind, desk: Desk) -> Message:
    """The message with its values as they are stored."""
    passed = kind.rules[kind.component].read_only if desk.read_only_ignored else frozenset()
    fields = {name: text for name, text in message.fields.items() if name not in passed}
    for name, text in fields.items():
        convert = taken(name, kind, desk.manner) if name not in _SERVER_KEPT else None
        if convert is not None:
            try:
                fields[name] = convert(text)
            except RefusalError as refusal:
                raise _as_told(refusal, desk) from None
    children = {
        tag: tuple(_stored(child, kind.of_child(tag), desk) for child in rows) for tag, rows in message.children.items()
    }
    return replace(message, fields=fields, children=children)


def _as_told(refusal: RefusalError, desk: Desk) -> RefusalError:
    """What is in no list, with the code that this installation has for it."""
    return RefusalError(desk.picklist_fault, refusal.message) if refusal.code == "SBL-EAI-04401" else refusal


def _usable_keys(message: Message, desk: Desk) -> list[tuple[str, ...]]:
    return [key for key in desk.user_keys if all(message.fields.get(name) for name in key)]


def _matched(message: Message, desk: Desk) -> Row | None:
    """The row that a message means. One that the user does not see cannot be met, but its key is taken all the same."""
    row_id = message.fields.get("Id")
    if row_id:
        row = desk.pending[row_id] if row_id in desk.pending else desk.table.rows.get(row_id)
        return row if row is not None and _seen(row, desk) else None
    for key in _usable_keys(message, desk):
        found = _with_key({name: message.fields[name] for name in key}, desk)
        if found and not any(_seen(row, desk) for row in found):
            raise RefusalError("SBL-DAT-00381", "A record with identical values already exists in the database")
        found = [row for row in found if _seen(row, desk)]
        if len(found) > 1:
            raise RefusalError("SBL-EAI-04390", "Multiple records match the user key")
        if found:
            return found[0]
    return None


def _with_key(values: Mapping[str, str], desk: Desk) -> list[Row]:
    held = [row for row in desk.table.matching(values) if row["Id"] not in desk.pending]
    written = [row for row in desk.pending.values() if row is not None]
    return held + [row for row in written if all(row.get(name) == value for name, value in values.items())]


def _seen(row: Row, desk: Desk) -> bool:
    return desk.visible is None or desk.visible(row)


def _check_version(message: Message, current: Row, desk: Desk) -> None:
    version = message.fields.get("ModId")
    if desk.modification_key and version and version != current["ModId"]:
        raise RefusalError(
            "SBL-DAT-00523", "The selected record has been modified by another user since it was retrieved"
        )


def _inserted(message: Message, desk: Desk) -> Effect:
    component = desk.kind.component
    _check(message.fields, desk.kind.rules[component], component, new=True, desk=desk)
    row = begun(desk.new_id(), now=desk.now, user=desk.user)
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
        _check(message.fields, kind.rules[kind.component], kind.component, new=False, desk=desk)
        row |= {name: value for name, value in message.fields.items() if name not in _SERVER_KEPT}
        if "FullName" in row and any(row.get(part) != current.get(part) for part in _NAME_PARTS):
            row = with_full_name(row)
    for tag, rows in message.children.items():
        held = list(current.get(f"ListOf{tag}", {}).get(tag, ()))
        row[f"ListOf{tag}"] = {tag: _children(held, rows, tag=tag, deletes=operation in {"update", "sync"}, desk=desk)}
    if desk.child_touches_parent or any(row.get(name) != current.get(name) for name in message.fields):
        row = bumped(row, now=desk.now, user=desk.user)
    return Effect(row_id=row["Id"], row=row, shown=row)


def _children(held: list[Row], messages: tuple[Message, ...], *, tag: str, deletes: bool, desk: Desk) -> list[Row]:
    rules = desk.kind.rules[tag]
    rows = {row[rules.key]: row for row in held}
    named: set[str] = set()
    primary = ""
    for message in messages:
        operation = _spelt(message.operation, desk, default="upsert")
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
        _check(message.fields, rules, tag, new=current is None, desk=desk)
        said = {name: value for name, value in message.fields.items() if name not in _SERVER_KEPT}
        if current is None:
            key = desk.new_id()
            rows[key] = {**said, **child_begun(now=desk.now), rules.key: key}
        elif any(current.get(name) != value for name, value in said.items() if name != rules.key):
            rows[key] = {**current, **said, **child_bumped(current, now=desk.now), rules.key: key}
        named.add(key)
        primary = key if message.primary else primary
    if deletes:
        rows = {key: row for key, row in rows.items() if key in named}
    if primary and named >= rows.keys():  # a new primary counts only in a message with the whole set
        return [row | {PRIMARY: "Y" if key == primary else "N"} for key, row in rows.items()]
    return list(rows.values())


def _check(fields: Mapping[str, str], rules: Rules, component: str, *, new: bool, desk: Desk) -> None:
    for name in sorted(rules.required):
        if (new and not fields.get(name)) or fields.get(name) == "":
            raise RefusalError("SBL-DAT-00498", f"'{name}' is a required field. Please enter a value for the field")
    for name, value in fields.items():
        if name in rules.read_only:
            raise RefusalError("SBL-EAI-04421", f"Field '{name}' of component '{component}' is read only")
        allowed = rules.lists_of_values.get(name)
        if allowed is not None and value and value not in allowed:
            raise RefusalError(
                desk.picklist_fault,
                f"Field '{name}' in '{component}' contains value '{value}' which is not in its picklist",
            )
        if name not in _SERVER_KEPT and len(value) > rules.lengths.get(name, rules.other_length):
            raise RefusalError("SBL-EAI-04184", f"The value of field '{name}' in '{component}' is too long")
