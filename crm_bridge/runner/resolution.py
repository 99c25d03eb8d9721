"""Whose is a record? Known links first; then the plugins' pairs; else a new client.

Doubt goes to a person, never into a merge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crm_bridge.hookspecs import DuplicatePair, Grade, SourceView
from crm_bridge.matching import match_keys
from crm_bridge.plugin_manager import Plugins
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.doubts import Doubts, find_doubts
from crm_bridge.runner.reading import Arrival, view_of
from crm_bridge.store import journal, records, review
from crm_bridge.store.database import Database

# A key that more records share than this is a switchboard, a placeholder or a family estate: it says nothing.
LARGEST_BLOCK = 40


class Linked(NamedTuple):
    """Where a new record belongs. ``rule``: what linked it, ``new`` when nothing did."""

    client_id: str
    rule: str
    is_new: bool


@dataclass(slots=True)
class Resolution:
    """The page's decisions: record key → link, and the questions for a person."""

    links: dict[str, Linked] = field(default_factory=dict)
    doubts: Doubts = field(default_factory=Doubts)
    crowded_keys: int = 0


def keys_of(arrivals: Sequence[Arrival]) -> list[tuple[str, ...]]:
    """What each record may be found by."""
    return [match_keys(arrival.effective) for arrival in arrivals]


def resolve(
    arrivals: Sequence[Arrival],
    keys: Sequence[tuple[str, ...]],
    *,
    kind: Kind,
    database: Database,
    plugins: Plugins,
    new_id: Callable[[], str],
) -> Resolution:
    """Decide for every record of a page. Records with a link keep it; what they now resemble becomes a question."""
    resolution = Resolution()
    looked_for = plugins.implements("find_duplicates")
    candidates = _candidates(arrivals, keys, kind, database, resolution) if looked_for else {}
    asked = [view_of(arrival, kind) for arrival in arrivals if arrival.key in candidates]
    pairs = plugins.find_duplicates(asked, candidates) if asked else ()
    owner = {view.key: view.client_id for views in candidates.values() for view in views if view.client_id}
    owner.update({each.key: each.known.client_id for each in arrivals if each.known and each.known.client_id})
    refused = _refused(pairs, database)
    by_key: dict[str, list[DuplicatePair]] = {}
    for _plugin, pair in pairs:
        if frozenset((pair.left, pair.right)) not in refused:
            by_key.setdefault(pair.left, []).append(pair)
            by_key.setdefault(pair.right, []).append(pair)
    for arrival in arrivals:
        if arrival.client_id is None:
            key = arrival.key
            mine = by_key.get(key)
            linked = _link(key, mine, owner, refused, new_id) if mine else Linked(new_id(), "new", is_new=True)
            resolution.links[key] = linked
            owner[key] = linked.client_id
    found = [pair for _plugin, pair in pairs]
    new = {linked.client_id for linked in resolution.links.values() if linked.is_new}
    resolution.doubts = find_doubts(found, owner=owner, new=new, refused=refused, database=database, plugins=plugins)
    return resolution


def _candidates(
    arrivals: Sequence[Arrival],
    keys: Sequence[tuple[str, ...]],
    kind: Kind,
    database: Database,
    resolution: Resolution,
) -> dict[str, list[SourceView]]:
    """For each record, the others that share a key with it: from the store, and from its own page.

    A record that is gone counts while its client may have been created where the others come from, and nobody knows:
    this may be what was made there.

    Nearly every key of a first load is one record's alone, so only those that are shared get a list.
    """
    first: dict[str, int] = {}
    shared: dict[str, list[int]] = {}
    for index, names in enumerate(keys):
        for name in names:
            earlier = first.setdefault(name, index)
            if earlier != index:
                shared.setdefault(name, [earlier]).append(index)
    with database.reading() as connection:
        stored = records.pks_by_key(connection, list(first))
        for name in stored:
            shared.setdefault(name, [first[name]])
        crowded = [name for name, members in shared.items() if len(members) + len(stored.get(name, ())) > LARGEST_BLOCK]
        for name in crowded:
            del shared[name]
        resolution.crowded_keys = len(crowded)
        rows = records.by_pks(connection, {pk for name in shared for pk in stored.get(name, ())})
        any_gone = any(row.gone_at is not None for row in rows.values())
        in_doubt = journal.unsettled_creates(connection, kind.system) if any_gone else set()
    own = {arrival.key for arrival in arrivals}
    views = {
        pk: SourceView(row.key, row.system, row.kind, row.record_id, row.effective_doc(), row.client_id)
        for pk, row in rows.items()
        if row.entity == "client" and row.key not in own and (row.gone_at is None or row.client_id in in_doubt)
    }
    subjects = {index: view_of(arrivals[index], kind) for index in {each for them in shared.values() for each in them}}
    others: dict[int, dict[str, SourceView]] = {}
    for name, members in shared.items():
        known = [views[pk] for pk in stored.get(name, ()) if pk in views]
        for place, index in enumerate(members):
            found = others.setdefault(index, {})
            found.update((view.key, view) for view in known)
            found.update((subjects[before].key, subjects[before]) for before in members[:place])
    return {
        subjects[index].key: mine
        for index in sorted(others)
        if (mine := _of_other_clients(others[index].values(), subjects[index].client_id))
    }


def _of_other_clients(views: Iterable[SourceView], client_id: str | None) -> list[SourceView]:
    return [view for view in views if not (view.client_id and view.client_id == client_id)]


def _refused(pairs: Sequence[tuple[str, DuplicatePair]], database: Database) -> set[frozenset[str]]:
    """Pairs that must not be linked: a plugin's veto, or a person's earlier decision."""
    refused = {frozenset((pair.left, pair.right)) for _, pair in pairs if pair.grade is Grade.CERTAINLY_NOT}
    if pairs:
        with database.reading() as connection:
            said = review.decided_not(connection, [key for _, pair in pairs for key in (pair.left, pair.right)])
        refused |= {frozenset(pair) for pair in said}
    return refused


def _link(
    key: str,
    pairs: Sequence[DuplicatePair],
    owner: Mapping[str, str | None],
    refused: set[frozenset[str]],
    new_id: Callable[[], str],
) -> Linked:
    barred = {owner.get(other) for pair in refused if key in pair for other in pair}
    votes: dict[str, list[DuplicatePair]] = {}
    for pair in pairs:
        client = owner.get(pair.right if pair.left == key else pair.left)
        if pair.grade is Grade.CERTAIN and client is not None and client not in barred:
            votes.setdefault(client, []).append(pair)
    if not votes:
        return Linked(new_id(), "new", is_new=True)
    chosen = min(votes, key=lambda client: (-sum(pair.weight for pair in votes[client]), -len(votes[client]), client))
    return Linked(chosen, max(votes[chosen], key=lambda pair: pair.weight).rule, is_new=False)
