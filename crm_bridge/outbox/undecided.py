"""Values that only a person may decide (the rule ``manual``): until then each record keeps what its users typed.

The question stands in the review queue as ``conflict``: the client, and the path. While it waits nothing of it is
written anywhere; turned down, both sides stay as they are. What differs anew is asked about again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from crm_bridge.mapping import FieldChange
from crm_bridge.run_context.systems import Kind
from crm_bridge.store import review
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.rules import Survivorship
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import split


class Question(NamedTuple):
    """A case of the review queue about a path. ``waits``: nobody has answered it."""

    id: int
    waits: bool


NO_QUESTIONS: Mapping[str, Question] = {}


def questions_of(connection: Connection, client_ids: Sequence[str]) -> dict[str, dict[str, Question]]:
    """Client → path → the question about it, of those that wait or were turned down."""
    found: dict[str, dict[str, Question]] = {}
    for case, state, client_id, path in review.conflicts_of(connection, client_ids):
        found.setdefault(client_id, {})[path] = Question(case, state == "open")
    return found


def undecided(card: Card, questions: Mapping[str, Question], *, policy: Survivorship) -> dict[str, Question]:
    """Unit → the question about it, of what is not written. ``questions``: of this client, by path."""
    if not questions:
        return {}
    units: dict[str, Question] = {}
    for unit, verdict in card.verdicts.items():
        question = questions.get(verdict.path) if verdict.ask else None
        if question is not None and policy.rule(unit).kind == "manual":
            units |= dict.fromkeys((unit, *verdict.against), question)
    return units


def own_of(row: SourceRecord, units: Iterable[str]) -> dict[str, Any]:
    """Unit → what the record says of it."""
    holds = split(row.effective_doc())
    return {unit: holds.get(unit) for unit in units}


def waiting(
    kind: Kind,
    row: SourceRecord,
    asked: Iterable[Question],
    *,
    held: Sequence[FieldChange],
    made: Sequence[FieldChange],
) -> list[Letter]:
    """What is not written into the record until somebody decides.

    Args:
        held: all that would be written, were it decided for the card.
        made: what is written now.
    """
    cases = sorted({question.id for question in asked if question.waits})
    if not cases:
        return []
    writing = {(each.path, each.field) for each in made}
    return [
        Letter(
            stage="write",
            system=kind.system,
            kind=kind.name,
            record_id=row.record_id,
            code="waits",
            path=each.path,
            message=f"waits for review case {', '.join(map(str, cases))}",
            client_id=row.client_id,
        )
        for each in held
        if (each.path, each.field) not in writing
    ]
