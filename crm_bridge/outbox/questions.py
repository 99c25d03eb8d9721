"""Open questions that a create has to wait for: made before the answer, it could be one person's second record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from sqlalchemy import Connection

from crm_bridge.matching import match_keys
from crm_bridge.run_context.systems import System
from crm_bridge.store import journal, letters, review
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.units import join


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
    names: dict[str, tuple[str, ...]] = {}
    telling = letters.have_keys(connection)
    for client_id, rows in linked.items():
        there = {row.kind for row in rows if row.system == system.name}
        if not there.issuperset(wanting):
            mine = [row for row in rows if row.entity == "client"]
            owner.update({row.key: client_id for row in mine})
            if telling:
                names[client_id] = tuple(key for row in mine for key in match_keys(row.effective_doc()))
    found = _put_aside(connection, system.name, names)
    if owner:
        for question, left, right in review.open_pairs(connection, list(owner)):
            sides = {owner.get(left), owner.get(right)}
            if len(sides) == 2:  # else they were merged meanwhile
                for side in sides:
                    if side is not None:
                        found.setdefault(side, f"review case {question}")
        for client_id, unknown in _may_be_unanswered(connection, linked).items():
            found.setdefault(client_id, f"unknown write {unknown}")
    return found


def _may_be_unanswered(connection: Connection, linked: Mapping[str, Sequence[SourceRecord]]) -> dict[str, str]:
    """Client → the create of another client, never answered, that may have made one of its records.

    A user who corrected a name there since made two persons of them, by the looks of it.
    """
    found: dict[str, str] = {}
    for create in journal.open_creates(connection):
        sent = set(match_keys(join({unit: each for unit, each in create.request["units"].items() if each is not None})))
        for client_id, rows in linked.items():
            if client_id != create.client_id and any(
                (row.system, row.kind) == (create.system, create.kind)
                and row.observed_at >= create.created_at
                and may_be_one(sent & set(match_keys(row.effective_doc())))
                for row in rows
            ):
                found.setdefault(client_id, create.id)
    return found


def _put_aside(connection: Connection, system: str, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Client → the dead letter of a record of ``system`` that may be it, by the match keys of each client."""
    every = sorted({key for keys in names.values() for key in keys})
    holders: dict[str, list[int]] = {}
    for key, letter in letters.sharing(connection, system, every) if every else ():
        holders.setdefault(key, []).append(letter)
    found: dict[str, str] = {}
    for client_id, keys in names.items():
        shared: dict[int, set[str]] = {}
        for key in keys:
            for letter in holders.get(key, ()):
                shared.setdefault(letter, set()).add(key)
        letter_of_it = min((letter for letter, common in shared.items() if may_be_one(common)), default=None)
        if letter_of_it is not None:
            found[client_id] = f"dead letter {letter_of_it}"
    return found


def may_be_one(common: Set[str]) -> bool:
    """Whether two records with these keys in common may be one client's, as far as a person has to look.

    An identifier, a phone or an e-mail alone; or the whole birth date with family and given name, which would be a
    review case too if both could be read. The birth date with one of the names is half a village.
    """
    return any(not key.startswith("b:") for key in common) or len(common) > 1
