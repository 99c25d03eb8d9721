"""One question of the review queue with all that is needed to answer it: what both sides say, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from crm_bridge.errors import UserMistake
from crm_bridge.matching import explain, match
from crm_bridge.runner.queries import required
from crm_bridge.runner.rulings import sides
from crm_bridge.store import records, review
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.proposals import unit_of
from crm_bridge.sync.units import head, is_value_keyed, split

NOTHING = "They have too little in common to be one client: nobody is asked."


def show_case(connection: Connection, question: int) -> dict[str, Any]:
    """The case, its sides, and ``rows``: path, what each side says of it, and whether they say the same.

    Raises:
        UserMistake: there is no such case.
    """
    case = review.get(connection, question)
    if case is None:
        raise UserMistake(f"there is no case {question}; see `crm-bridge review list`")
    match case["kind"]:
        case "duplicate":
            why = explain(case["grade"], case["rule"], case["evidence"])
            return {"case": {**case, "why": why}, **_duplicate(connection, case)}
        case "conflict":
            return {"case": case, **_conflict(connection, case)}
        case "war":
            return {"case": case, **_war(connection, case)}
        case _:
            return {"case": case, **_objection(connection, case)}


def compare_records(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    """What the bridge's own rules say of two records, asked about or not, with both sides as in :func:`show_case`.

    Args:
        keys: two of ``system/kind/id``.

    Raises:
        UserMistake: there is no such record.
    """
    left, right = found = [_record(connection, key) for key in keys]
    for key, record in zip(keys, found, strict=True):
        if record is None:
            raise UserMistake(f"there is no record {key}; write it as SYSTEM/KIND/ID, see `crm-bridge client show`")
    verdict = match(left.effective_doc(), right.effective_doc()) if left and right else None
    told = verdict._asdict() if verdict else {"grade": "nothing", "rule": "", "evidence": (), "weight": 0.0}
    why = explain(verdict.grade, verdict.rule, verdict.evidence) if verdict else NOTHING
    rows = _compared(_units(left), _units(right))
    return {
        "verdict": {**told, "why": why},
        "sides": [_side(*each) for each in zip(keys, found, strict=True)],
        "rows": rows,
    }


def _duplicate(connection: Connection, case: Mapping[str, Any]) -> dict[str, Any]:
    """Two records that may be of one client."""
    left, right = _record(connection, case["left"]), _record(connection, case["right"])
    return {
        "sides": [_side(case["left"], left), _side(case["right"], right)],
        "rows": _compared(_units(left), _units(right)),
    }


def _conflict(connection: Connection, case: Mapping[str, Any]) -> dict[str, Any]:
    """A client whose systems differ on one path: each value that stands there, the left one first."""
    client = required(connection, case["left"])
    path = case["right"]
    said = [
        {"path": path, "record": claim.key, "value": claim.value, "said_at": claim.at}
        for claim in sides(records.of_clients(connection, [client.id])[client.id], path)
    ]
    standing = split(client.doc())
    value = standing.get(path)
    if value is None and is_value_keyed(path):  # a slot: what stands there
        value = next((row["value"] for row in said if row["value"] in standing.values()), None)
    return {"sides": [{"client": client.id, "value": value}], "rows": said}


def _objection(connection: Connection, case: Mapping[str, Any]) -> dict[str, Any]:
    """A write that a plugin held: the client's card, and the record that it would be carried to."""
    client = required(connection, case["left"])
    record = _record(connection, case["right"])
    return {
        "sides": [{"client": client.id}, _side(case["right"], record)],
        "rows": _compared(split(client.doc()), _units(record)),
    }


def _war(connection: Connection, case: Mapping[str, Any]) -> dict[str, Any]:
    """A path that a record puts back each time: the card on the left, the record on the right."""
    record = _record(connection, case["left"])
    client = required(connection, record.client_id) if record is not None and record.client_id else None
    unit = unit_of(case["right"])[0]
    rows = _compared(split(client.doc()) if client else {}, _units(record))
    named = [row for row in rows if row["path"] == unit] or [
        row for row in rows if head(row["path"]) == head(unit) and not row["same"]
    ]
    return {"sides": [{"client": client.id if client else None}, _side(case["left"], record)], "rows": named}


def _compared(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"path": unit, "left": left.get(unit), "right": right.get(unit), "same": left.get(unit) == right.get(unit)}
        for unit in sorted({*left, *right})
    ]


def _side(key: str, record: SourceRecord | None) -> dict[str, Any]:
    if record is None:
        return {"record": key}
    seen = {"client": record.client_id, "said_at": record.changed_at or record.observed_at}
    return {"record": key, **seen, **({"gone_at": record.gone_at} if record.gone_at else {})}


def _record(connection: Connection, key: str) -> SourceRecord | None:
    """The record of ``system/kind/id``; ``None`` for one that is still to be made."""
    system, kind, record_id = (*key.split("/", 2), "", "")[:3]
    return records.one(connection, system, kind, record_id)


def _units(record: SourceRecord | None) -> Mapping[str, Any]:
    return split(dict(record.effective_doc())) if record is not None else {}
