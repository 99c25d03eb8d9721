"""What happens to rows past the Web services: users' edits, bulk loads and merges. Pure but for new ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crm_bridge_siebel.simulator.catalogue import Kind
from crm_bridge_siebel.simulator.writes import bumped, child_begun, child_bumped, with_full_name

MERGES = "MergeSequenceNumber"
_NAME = frozenset({"LastName", "FirstName", "MiddleName"})

Row = dict[str, Any]


def public(row: Mapping[str, Any], kind: Kind) -> Row:
    """The record as the plainest service has it: without hidden system fields and assignments."""
    shown = {name: row[name] for name in row if name in kind.fields}
    for tag, fields in kind.children.items():
        held = row.get(f"ListOf{tag}")
        if held is not None:
            shown[f"ListOf{tag}"] = {
                tag: [{name: child[name] for name in child if name in fields} for child in held[tag]]
            }
    return shown


def cleaned(record: Mapping[str, Any], kind: Kind, *, new_id: Callable[[], str], now: str) -> Row:
    """A record from outside, with keys for its child rows. Nothing but its shape is checked.

    Raises:
        ValueError: a field or container that there is not, or a value that is no text.
    """
    row: Row = {}
    for name, value in record.items():
        tag = name.removeprefix("ListOf")
        if tag in kind.children and name != tag:
            row[name] = {tag: [_child(child, tag, kind, new_id=new_id, now=now) for child in value[tag]]}
        elif name not in kind.fields or not isinstance(value, str):
            raise ValueError(f"{kind.name} has no text field {name}")
        else:
            row[name] = value
    return row


def edited(
    current: Row,
    changes: Mapping[str, Any],
    *,
    kind: Kind,
    new_id: Callable[[], str],
    now: str,
    user: str,
    child_touches_parent: bool,
) -> Row:
    """``current`` as it is after a user's change; ``None`` takes a field away.

    Raises:
        ValueError: a field or container that there is not, or a value that is no text.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    row = {**current, **cleaned(given, kind, new_id=new_id, now=now)}
    row |= {name: current[name] for name in ("Id", "ModId", "Created", "Updated")}
    for name, value in changes.items():
        if value is None:
            row.pop(name, None)
    for tag in kind.children:
        if f"ListOf{tag}" in given:
            row[f"ListOf{tag}"] = {tag: _kept_system(current, row, tag, kind, now=now)}
    if "FullName" in row and "FullName" not in changes and changes.keys() & _NAME:
        row = with_full_name(row)
    parent_alone = any(not name.startswith("ListOf") for name in changes)
    return bumped(row, now=now, user=user) if parent_alone or child_touches_parent else row


def merged(winner: Row, loser: Row, *, kind: Kind, now: str, user: str) -> Row:
    """``winner`` with the child rows of ``loser``. Fields of the loser are lost, as in Siebel."""
    row = dict(winner)
    for tag in kind.children:
        held = [*winner.get(f"ListOf{tag}", {}).get(tag, ()), *loser.get(f"ListOf{tag}", {}).get(tag, ())]
        if held:
            row[f"ListOf{tag}"] = {tag: held}
    row[MERGES] = str(int(winner.get(MERGES) or 0) + 1)
    return bumped(row, now=now, user=user)


def _kept_system(current: Row, row: Row, tag: str, kind: Kind, *, now: str) -> list[Row]:
    """Child rows, of which those that did not change keep what Siebel says of them."""
    key = kind.rules[tag].key
    held = {child[key]: child for child in current.get(f"ListOf{tag}", {}).get(tag, ())}
    rows = []
    for child in row[f"ListOf{tag}"][tag]:
        old = held.get(child[key])
        if old is not None and all(old.get(name) == child.get(name) for name in kind.children[tag]):
            rows.append(old)
        else:
            rows.append(child | (child_bumped(old, now=now) if old is not None else child_begun(now=now)))
    return rows


def _child(child: Mapping[str, Any], tag: str, kind: Kind, *, new_id: Callable[[], str], now: str) -> Row:
    if not set(child) <= set(kind.children[tag]) or not all(isinstance(value, str) for value in child.values()):
        raise ValueError(f"{tag} has other fields than {', '.join(kind.children[tag])}, or one that is not text")
    key = kind.rules[tag].key
    return {**child, **child_begun(now=now), key: child.get(key) or new_id()}
