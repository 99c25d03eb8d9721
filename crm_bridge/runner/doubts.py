"""What a person is asked about duplicates: which clients may be one, once each, and not where a record says otherwise.

A question is about two clients, however many of their records resemble each other. Whole clients are compared before
it is asked: where one has a record whose birth date, say, rules the other out, nobody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from crm_bridge.hookspecs import DuplicatePair, Grade, SourceView
from crm_bridge.plugin_manager import Plugins
from crm_bridge.store import records, review
from crm_bridge.store.database import Database
from crm_bridge.store.records import SourceRecord
from crm_bridge.store.review import Doubt

DOUBTS_A_RECORD = 3
_ASKED = {Grade.CERTAIN: 0, Grade.PROBABLE: 1, Grade.POSSIBLE: 2}
_APART = (Grade.UNLIKELY, Grade.CERTAINLY_NOT)

TwoClients = frozenset[str]


@dataclass(slots=True)
class Doubts:
    """The questions of a page.

    Attributes:
        asked: new questions, the surest first.
        judged_two: how many pairs of clients were judged to be two persons, and are asked about no more.
        answered: open questions about such pairs, by number.
    """

    asked: list[Doubt] = field(default_factory=list)
    judged_two: int = 0
    answered: list[int] = field(default_factory=list)


def find_doubts(
    pairs: Sequence[DuplicatePair],
    *,
    owner: Mapping[str, str | None],
    new: AbstractSet[str],
    refused: AbstractSet[frozenset[str]],
    database: Database,
    plugins: Plugins,
) -> Doubts:
    """Questions about the pairs whose records belong to different clients.

    Args:
        owner: record key → client, of every record in ``pairs``.
        new: clients that this page makes: nobody was asked about them before.
        refused: pairs that a plugin or a person ruled out.
    """
    apart = _ruled_out(pairs, owner)
    open_pairs = _surest_first(pairs, owner, refused)
    looked_at = {*open_pairs, *(two for two in apart if two.isdisjoint(new))}
    if not looked_at:
        return Doubts(judged_two=len(apart))
    stored = _stored(database, {client for two in looked_at for client in two})
    apart |= _contradicting([two for two in open_pairs if two not in apart], stored, plugins)
    asked_before = _asked_before(database, stored)
    doubts = Doubts(judged_two=len(apart))
    doubts.answered = sorted(case for two in apart for case, state in asked_before.get(two, ()) if state == "open")
    asked: dict[str, int] = {}
    for two, pair in open_pairs.items():
        if two in apart or two in asked_before or asked.get(pair.left, 0) >= DOUBTS_A_RECORD:
            continue
        asked[pair.left] = asked.get(pair.left, 0) + 1
        left, right = sorted((pair.left, pair.right))
        doubts.asked.append(
            Doubt("duplicate", left, right, pair.grade.value, pair.rule, pair.weight, tuple(pair.evidence))
        )
    return doubts


def _clients(pair: DuplicatePair, owner: Mapping[str, str | None]) -> TwoClients | None:
    """The two clients of a pair; ``None`` when it is one."""
    left, right = owner.get(pair.left), owner.get(pair.right)
    return frozenset((left, right)) if left and right and left != right else None


def _ruled_out(pairs: Iterable[DuplicatePair], owner: Mapping[str, str | None]) -> set[TwoClients]:
    """The clients of which some pair of records says that they are two."""
    return {two for pair in pairs if pair.grade in _APART for two in [_clients(pair, owner)] if two is not None}


def _surest_first(
    pairs: Iterable[DuplicatePair], owner: Mapping[str, str | None], refused: AbstractSet[frozenset[str]]
) -> dict[TwoClients, DuplicatePair]:
    """The surest pair of every two clients that may be one, the surest of all first."""
    best: dict[TwoClients, DuplicatePair] = {}
    worth_asking = (
        pair for pair in pairs if pair.grade in _ASKED and frozenset((pair.left, pair.right)) not in refused
    )
    for pair in sorted(worth_asking, key=lambda pair: (_ASKED[pair.grade], -pair.weight, pair.left, pair.right)):
        two = _clients(pair, owner)
        if two is not None:
            best.setdefault(two, pair)
    return best


def _stored(database: Database, client_ids: AbstractSet[str]) -> dict[str, list[SourceRecord]]:
    """The records that are stored of each client; clients that this page makes have none yet."""
    with database.reading() as connection:
        found = records.of_clients(connection, sorted(client_ids))
    return {
        client: [row for row in rows if row.entity == "client" and row.gone_at is None]
        for client, rows in found.items()
    }


def _contradicting(
    asked: Iterable[TwoClients], stored: Mapping[str, Sequence[SourceRecord]], plugins: Plugins
) -> set[TwoClients]:
    """Of these clients, those with two records that rule each other out."""
    batch: dict[str, SourceView] = {}
    others: dict[str, dict[str, SourceView]] = {}
    for two in asked:
        left, right = sorted(two)
        if len(stored[left]) + len(stored[right]) < 2:
            continue  # what the page showed is all that there is
        theirs = {row.key: _view(row) for row in stored[right]}
        for row in stored[left]:
            batch[row.key] = _view(row)
            others.setdefault(row.key, {}).update(theirs)
    if not any(others.values()):
        return set()
    owner: dict[str, str | None] = {row.key: client for client, rows in stored.items() for row in rows}
    found = plugins.find_duplicates(list(batch.values()), {key: list(them.values()) for key, them in others.items()})
    return _ruled_out([pair for _, pair in found], owner)


def _asked_before(
    database: Database, stored: Mapping[str, Sequence[SourceRecord]]
) -> dict[TwoClients, list[tuple[int, str]]]:
    """Questions about any two of these clients that wait or were answered with no: number and state."""
    owner = {row.key: client for client, rows in stored.items() for row in rows}
    found: dict[TwoClients, list[tuple[int, str]]] = {}
    with database.reading() as connection:
        for case, state, left, right in review.asked_among(connection, list(owner)):
            found.setdefault(frozenset((owner[left], owner[right])), []).append((case, state))
    return found


def _view(row: SourceRecord) -> SourceView:
    return SourceView(row.key, row.system, row.kind, row.record_id, row.effective_doc(), row.client_id)
