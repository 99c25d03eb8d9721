"""The review queue: what a person has to decide, and what was decided. A decision outranks every later match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Float, bindparam, case, cast, func, or_, select, tuple_, update

from crm_bridge.store.database import among, inserting
from crm_bridge.store.schema import review

# The state of a question that nobody needs to answer any more.
RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question: are these two records of one client (``duplicate``), which value is right (``conflict``), may this be
    written (``objection``), which side stands (``war``)? ``left`` and ``right`` are record keys, or a client id, or
    (of a war) a record key, and a path."""

    kind: str
    left: str
    right: str
    grade: str
    rule: str
    weight: float = 0.0
    evidence: Sequence[str] = ()


def put(connection: Connection, doubts: Iterable[Doubt], *, at: str) -> int:
    """Ask, once: a question that waits, or that a person answered, is not asked again. One about duplicates that was
    resolved without a person is, and so are a conflict of words that were not there when it was answered, and a war
    that begins anew."""
    doubts = list(doubts)
    again = _ask_again(connection, [doubt for doubt in doubts if doubt.kind == "conflict"], at=at)
    values = [
        {
            "state": "open",
            "kind": doubt.kind,
            "left": doubt.left,
            "right": doubt.right,
            "grade": doubt.grade,
            "rule": doubt.rule,
            "weight": f"{doubt.weight:.4f}",
            "evidence": orjson.dumps(list(doubt.evidence)),
            "created_at": at,
        }
        for doubt in doubts
    ]
    if not values:
        return 0
    insert = inserting(connection, review)
    anew = {name: insert.excluded[name] for name in ("state", "grade", "rule", "weight", "evidence", "created_at")}
    insert = insert.on_conflict_do_update(
        index_elements=["kind", "left", "right"],
        set_={**anew, "decided_by": None, "decided_at": None},
        where=((review.c.kind == "duplicate") & (review.c.state == RESOLVED))
        | ((review.c.kind == "war") & (review.c.state == "accepted")),
    )
    return again + int(connection.execute(insert, values).rowcount or 0)


def _ask_again(connection: Connection, conflicts: Sequence[Doubt], *, at: str) -> int:
    """Bring the questions about these conflicts up to date; ``evidence`` names the words that contradict each other.
    Returns how many are open again, as there are words that nobody had judged."""
    if not conflicts:
        return 0
    rows = connection.execute(
        select(review).where(review.c.kind == "conflict", among(review.c.left, [each.left for each in conflicts]))
    )
    asked = {(row.left, row.right): row for row in rows}
    count = 0
    for doubt in conflicts:
        row = asked.get((doubt.left, doubt.right))
        if row is None or set(doubt.evidence) <= set(orjson.loads(row.evidence)):
            continue
        count += row.state != "open"
        connection.execute(
            update(review)
            .where(review.c.id == row.id)
            .values(
                state="open",
                rule=doubt.rule,
                evidence=orjson.dumps(list(doubt.evidence)),
                created_at=row.created_at if row.state == "open" else at,
                decided_by=None,
                decided_at=None,
            )
        )
    return count


def object_to(connection: Connection, objections: Sequence[Doubt], *, at: str) -> int:
    """Ask about these objections, with the reasons given now. Returns how many were not open before.

    One that was resolved by itself and is raised again is asked about again; one that a person answered is not.
    """
    if not objections:
        return 0
    was_open = _open_objections(connection, [each.left for each in objections])
    put(connection, objections, at=at)
    connection.execute(
        update(review)
        .where(
            review.c.kind == "objection",
            review.c.left == bindparam("_left"),
            review.c.right == bindparam("_right"),
            or_(review.c.state == "open", review.c.state == RESOLVED),  # in_() takes no several sets of parameters
        )
        .values(state="open", rule=bindparam("_rule"), decided_by=None, decided_at=None),
        [{"_left": each.left, "_right": each.right, "_rule": each.rule} for each in objections],
    )
    now_open = _open_objections(connection, [each.left for each in objections])
    return len(now_open.keys() - was_open.keys())


def resolve_objections(
    connection: Connection, system: str, client_ids: Sequence[str], *, but: Set[tuple[str, str]], at: str
) -> None:
    """Close the open objections to writes of these clients into ``system`` that nobody raises any more.

    Args:
        but: (client id, record) of those that are still raised.
    """
    gone = [
        question
        for (client_id, record), question in _open_objections(connection, client_ids).items()
        if record.startswith(f"{system}/") and (client_id, record) not in but
    ]
    if gone:
        connection.execute(
            update(review)
            .where(among(review.c.id, gone))
            .values(state=RESOLVED, decided_by="crm-bridge", decided_at=at)
        )


def asked_of(connection: Connection, kind: str, lefts: Sequence[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(left, right) → state, and when it was decided, of the questions of this kind about one of ``lefts``."""
    rows = connection.execute(
        select(review.c.left, review.c.right, review.c.state, review.c.decided_at).where(
            review.c.kind == kind, among(review.c.left, lefts)
        )
    )
    return {(left, right): (state, decided_at or "") for left, right, state, decided_at in rows}


def conflicts_of(connection: Connection, client_ids: Sequence[str]) -> list[tuple[int, str, str, str]]:
    """(question, state, client id, path) of the conflicts about these clients that wait or were turned down."""
    rows = connection.execute(
        select(review.c.id, review.c.state, review.c.left, review.c.right).where(
            review.c.kind == "conflict", review.c.state.in_(["open", "rejected"]), among(review.c.left, client_ids)
        )
    )
    return [(question, state, client_id, path) for question, state, client_id, path in rows]


def resolve_conflicts(connection: Connection, asked: Mapping[str, Set[str]], *, at: str) -> None:
    """Close the open questions about paths on which nobody contradicts anybody any more.

    Args:
        asked: client id → the paths that a person still has to decide.
    """
    found = conflicts_of(connection, list(asked)) if asked else []
    gone = [case for case, state, client_id, path in found if state == "open" and path not in asked[client_id]]
    withdraw(connection, gone, at=at)


def _open_objections(connection: Connection, client_ids: Sequence[str]) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        select(review.c.left, review.c.right, review.c.id).where(
            review.c.kind == "objection", review.c.state == "open", among(review.c.left, client_ids)
        )
    )
    return {(left, right): question for left, right, question in rows}


def open_pairs(connection: Connection, keys: Sequence[str]) -> list[tuple[int, str, str]]:
    """(question, left, right) of the open duplicates with one of ``keys`` that are more than possible."""
    rows = connection.execute(
        select(review.c.id, review.c.left, review.c.right)
        .where(
            review.c.state == "open",
            review.c.kind == "duplicate",
            review.c.grade.in_(["certain", "probable"]),
            among(review.c.left, keys) | among(review.c.right, keys),
        )
        .order_by(review.c.id)
    )
    return [(question, left, right) for question, left, right in rows]


def asked_among(connection: Connection, keys: Sequence[str]) -> list[tuple[int, str, str, str]]:
    """(question, state, left, right) of the duplicates with both sides among ``keys`` that wait or were refused."""
    rows = connection.execute(
        select(review.c.id, review.c.state, review.c.left, review.c.right).where(
            review.c.kind == "duplicate",
            review.c.state.in_(["open", "rejected"]),
            among(review.c.left, keys),
            among(review.c.right, keys),
        )
    )
    return [(question, state, left, right) for question, state, left, right in rows]


def withdraw(connection: Connection, questions: Sequence[int], *, at: str) -> None:
    """These questions have answered themselves."""
    if questions:
        connection.execute(
            update(review)
            .where(among(review.c.id, questions), review.c.state == "open")
            .values(state=RESOLVED, decided_by="crm-bridge", decided_at=at)
        )


def decided_not(connection: Connection, keys: Sequence[str]) -> set[tuple[str, str]]:
    """Pairs with one of ``keys`` that a person said are not one client."""
    rows = connection.execute(
        select(review.c.left, review.c.right).where(
            review.c.kind == "duplicate",
            review.c.state == "rejected",
            among(review.c.left, keys) | among(review.c.right, keys),
        )
    )
    return {(left, right) for left, right in rows}


def listing(connection: Connection, *, state: str = "open", limit: int = 200, after: int = 0) -> list[dict[str, Any]]:
    """Questions, the surer grades first, and within a grade those for which more speaks.

    Args:
        after: go on behind this question, in that order.
    """
    grade = case({"certain": 0, "probable": 1}, value=review.c.grade, else_=2)
    order = review.c.kind, grade, -cast(review.c.weight, Float), review.c.id
    chosen = select(review).where(review.c.state == state)
    position = connection.execute(select(*order).where(review.c.id == after)).one_or_none()
    if position is not None:
        chosen = chosen.where(tuple_(*order) > tuple_(*position))
    rows = connection.execute(chosen.order_by(*order).limit(limit))
    return [_plain(row._mapping) for row in rows]


def get(connection: Connection, question: int) -> dict[str, Any] | None:
    row = connection.execute(select(review).where(review.c.id == question)).one_or_none()
    return _plain(row._mapping) if row else None


def decide(connection: Connection, question: int, *, state: str, by: str, at: str) -> None:
    connection.execute(update(review).where(review.c.id == question).values(state=state, decided_by=by, decided_at=at))


def reject_pairs(connection: Connection, pairs: Sequence[Sequence[str]], *, by: str, at: str) -> None:
    """These records are not of one client, whatever was thought before."""
    for left, right in pairs:
        connection.execute(
            update(review)
            .where(review.c.kind == "duplicate", review.c.left == left, review.c.right == right)
            .values(state="rejected", decided_by=by, decided_at=at)
        )


def close_answered(connection: Connection, keys: Sequence[str], *, by: str, at: str) -> None:
    """Both sides of these questions are records of one client now: a merge answered them."""
    connection.execute(
        update(review)
        .where(
            review.c.kind == "duplicate",
            review.c.state == "open",
            among(review.c.left, keys),
            among(review.c.right, keys),
        )
        .values(state="resolved", decided_by=by, decided_at=at)
    )


def allowed(connection: Connection, client_ids: Sequence[str]) -> set[tuple[str, str]]:
    """(client id, record) of objections that a person overruled."""
    rows = connection.execute(
        select(review.c.left, review.c.right).where(
            review.c.kind == "objection", review.c.state == "accepted", among(review.c.left, client_ids)
        )
    )
    return {(left, right) for left, right in rows}


def count_open(connection: Connection) -> int:
    return int(
        connection.execute(select(func.count()).select_from(review).where(review.c.state == "open")).scalar_one()
    )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "evidence": orjson.loads(row["evidence"]), "weight": float(row["weight"])}
