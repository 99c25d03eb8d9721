"""Open questions that a create has to wait for: made before the answer, it could be one person's second record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from crm_bridge.matching import match_keys
from crm_bridge.run_context.systems import System
from crm_bridge.store import letters, review
from crm_bridge.store.records import SourceRecord


def creates_wait_for(
    connection: Connection, system: System, linked: Mapping[str, Sequence[SourceRecord]]
) -> dict[str, str]:
    """Client → what has to be decided before it is created in ``system``, of those that ``system`` does not hold.

    Args:
        linked: the records of each client.
    """
    wanting = [kind.name for kind in system.targets() if kind.create]
    if not wanting:
        return {}
    owner: dict[str, str] = {}
    put_aside = letters.open_keys(connection, system.name)
    found: dict[str, str] = {}
    for client_id, rows in linked.items():
        there = {row.kind for row in rows if row.system == system.name}
        if not there.issuperset(wanting):
            mine = [row for row in rows if row.entity == "client"]
            owner.update({row.key: client_id for row in mine})
            keys = [key for row in mine for key in match_keys(row.effective_doc())] if put_aside else []
            letter = next((put_aside[key] for key in keys if key in put_aside), None)
            if letter is not None:
                found[client_id] = f"dead letter {letter}"
    if owner:
        for question, left, right in review.open_pairs(connection, list(owner)):
            sides = {owner.get(left), owner.get(right)}
            if len(sides) == 2:  # else they were merged meanwhile
                for side in sides:
                    if side is not None:
                        found.setdefault(side, f"review case {question}")
    return found
