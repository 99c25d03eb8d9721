"""A page, from the wire to the commit: digest, mapping, enrichment, resolution, survivorship, one transaction.

Everything up to the commit only reads the store; the commit takes the page whole, with its cursor, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.connector import Page
from crm_bridge.matching import match_keys
from crm_bridge.outbox.settle import as_created
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.cards import CardChange, first_version, recompute, units_of_card
from crm_bridge.runner.changed_cards import follow
from crm_bridge.runner.gone import forget, tell_of_return
from crm_bridge.runner.newcomers import record_of, take_newcomers
from crm_bridge.runner.page_work import PageWork
from crm_bridge.runner.reading import Arrival, PageReading, enrich, record_ids, sort_page
from crm_bridge.runner.resolution import Linked, Resolution, keys_of, resolve
from crm_bridge.store import clients, history, journal, letters, outbox, records, review, runs
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.journal import Intent
from crm_bridge.store.records import SourceRecord, marks_to, offers_to
from crm_bridge.store.runs import Cursor
from crm_bridge.sync.claims import Contribution
from crm_bridge.sync.deletions import age_of_created
from crm_bridge.sync.edits import observe
from crm_bridge.sync.proposals import as_offered, with_former
from crm_bridge.sync.silence import own_words
from crm_bridge.sync.slots import row_ids
from crm_bridge.sync.units import head, split

STAGES_OF_READING = ("read", "map")


def take_page(
    run: RunContext, kind: Kind, page: Page, *, cursor: Cursor | None, last_seen: int | None = None
) -> frozenset[str]:
    """Take one page of a client kind into the store. Returns the ids of the records that became dead letters.

    Args:
        cursor: moved in the page's transaction; ``None`` for a re-read of single records.
        last_seen: up to which count of the history what is deleted was seen to be there, where nobody told of it.
    """
    ids = record_ids(page, kind)
    with run.database.reading() as connection:
        known = records.known(connection, kind.system, kind.name, ids + [gone.record_id for gone in page.deleted])
    read = sort_page(page, ids, kind, known, today=run.clock().date())
    news = cursor is None or cursor.loaded
    work = PageWork(letters=list(read.letters))
    arrivals = enrich(read.arrivals, kind, run.plugins)
    if arrivals:
        keys = keys_of(arrivals)
        resolution = resolve(arrivals, keys, kind=kind, database=run.database, plugins=run.plugins, new_id=run.new_id)
        work.doubts.extend(resolution.doubts.asked)
        work.answered.extend(resolution.doubts.answered)
        run.report.count("judged_two", resolution.doubts.judged_two)
        _merge(run, kind, arrivals, keys, resolution, work, news=news)
    if page.deleted:
        vanished = [known[gone.record_id].pk for gone in page.deleted if gone.record_id in known]
        forget(run, vanished, work, spread=kind.spreads, news=news, last_seen=last_seen)
    failed = commit_page(run, kind, work, read=read, ids=ids, cursor=cursor)
    run.report.of_read(kind.system, kind.name).gone += len(page.deleted)
    return failed


def _merge(
    run: RunContext,
    kind: Kind,
    arrivals: Sequence[Arrival],
    keys: Sequence[tuple[str, ...]],
    resolution: Resolution,
    work: PageWork,
    *,
    news: bool,
) -> None:
    """Arrivals and links → records, cards, history, outbox."""
    at = run.now()
    shared = {linked.client_id for linked in resolution.links.values() if not linked.is_new}
    newcomers: list[tuple[Arrival, tuple[str, ...], str]] = []
    others: list[tuple[Arrival, tuple[str, ...]]] = []
    for arrival, names in zip(arrivals, keys, strict=True):
        linked = resolution.links.get(arrival.key)
        if linked is not None and linked.is_new and linked.client_id not in shared:
            newcomers.append((arrival, names, linked.client_id))
        else:
            others.append((arrival, names))
    take_newcomers(run, kind, newcomers, work, at=at, news=news)
    if others:
        _take_others(run, kind, others, resolution, shared, work, at=at, news=news)


def _take_others(
    run: RunContext,
    kind: Kind,
    others: Sequence[tuple[Arrival, tuple[str, ...]]],
    resolution: Resolution,
    shared: set[str],
    work: PageWork,
    *,
    at: str,
    news: bool,
) -> None:
    """Records that were there before, or share their client with others: their cards are computed from all of these."""
    involved = shared | {arrival.known.client_id for arrival, _ in others if arrival.known and arrival.known.client_id}
    with run.database.reading() as connection:
        rows = records.of_clients(connection, involved)
        stored = clients.get_all(connection, involved)
        creates = _open_creates(connection, kind)
    groups: dict[str, dict[str, Contribution]] = {
        client_id: {row.key: row.contribution() for row in mine if row.entity == "client"}
        for client_id, mine in rows.items()
    }
    tell_of_return(run, groups, work, at=at, news=news)
    by_pk = {row.pk: row for mine in rows.values() for row in mine}
    edited: dict[str, dict[str, Sequence[str]]] = {}
    for arrival, names in others:
        before = by_pk.get(arrival.known.pk) if arrival.known else None
        if before is not None and before.client_id is not None:
            card = units_of_card(stored.get(before.client_id))
            _take_changed(run, kind, arrival, before, groups[before.client_id], card, edited, work, at=at, keys=names)
        else:
            linked = resolution.links[arrival.key]
            card = units_of_card(stored.get(linked.client_id))
            create = creates.pop(linked.client_id, None)
            _take_new(run, kind, arrival, linked, groups, card, edited, work, at=at, keys=names, create=create)
    for client_id, group in groups.items():
        change = _card(run, client_id, stored.get(client_id), list(group.values()), at=at)
        follow(run, client_id, stored.get(client_id), change, group, edited.get(client_id, {}), work, at=at, news=news)


def _open_creates(connection: Connection, kind: Kind) -> dict[str, Intent]:
    """Client → the create of its record of this kind of which nobody knows yet whether it arrived."""
    unsettled = journal.open_creates(connection, system=kind.system, kind=kind.name) if kind.create else ()
    return {each.client_id: each for each in unsettled}


def _take_new(
    run: RunContext,
    kind: Kind,
    arrival: Arrival,
    linked: Linked,
    groups: dict[str, dict[str, Contribution]],
    card: Mapping[str, Any],
    edited: dict[str, dict[str, Sequence[str]]],
    work: PageWork,
    *,
    at: str,
    keys: tuple[str, ...],
    create: Intent | None,
) -> None:
    """A record that was never seen before.

    Args:
        create: a create of the client's record whose answer was lost. It made this one, and what differs from what
            we sent was edited since.
    """
    record = record_of(run, kind, arrival, linked.client_id, fingerprint=kind.fingerprint, at=at)
    group = groups.setdefault(linked.client_id, {})
    changed_at = record.changed_at or at
    if create is None:
        said = Contribution(arrival.key, kind.system, arrival.effective, record.seq, changed_at)
    else:
        seq, others = run.seq.take(), list(group.values())
        record = record._replace(seq=age_of_created(others, seq=record.seq))
        sent = kind.with_identity(create.request["full"], arrival.record_id, arrival.reading.version)
        made = as_created(kind, create, arrival.record_id, sent, seq=record.seq, at=create.created_at)
        made = replace(made, doc=as_offered(made.doc, (), said=arrival.reading.doc, offers=arrival.offers))
        said, units = observe(made, arrival.effective, seq=seq, at=changed_at, card=dict(card), cluster=others)
        record = record._replace(marks=marks_to(said.marks))
        edited.setdefault(linked.client_id, {})[arrival.key] = units
    work.new_records.append(record)
    work.links.append((record.pk, linked.client_id, linked.rule))
    work.keys.extend([(name, record.pk) for name in keys])
    work.joined.add(linked.client_id)
    group[arrival.key] = said
    if not linked.is_new:
        run.report.count("linked")


def _take_changed(
    run: RunContext,
    kind: Kind,
    arrival: Arrival,
    before: SourceRecord,
    group: dict[str, Contribution],
    card: Mapping[str, Any],
    edited: dict[str, dict[str, Sequence[str]]],
    work: PageWork,
    *,
    at: str,
    keys: tuple[str, ...],
) -> None:
    reading = arrival.reading
    was = group[before.key]
    if offers_to(arrival.offers) != before.proposals:
        offered = as_offered(orjson.loads(before.doc), before.offers(), said=reading.doc, offers=arrival.offers)
        was = replace(was, doc=offered)
    seq = run.seq.take()
    now, units = observe(
        replace(was, gone=False, spread_from=None),
        arrival.effective,
        seq=seq,
        at=reading.changed_at or at,
        card=dict(card),
        cluster=list(group.values()),
        partial=kind.image_partial,
        lagging=not kind.capabilities.reads_back,
        kept_elsewhere=lambda unit: _kept_elsewhere(run, unit, group, but=before.key),
    )
    overlaid = kind.image_partial or not kind.capabilities.reads_back
    doc, offers = reading.doc, arrival.offers
    if overlaid:
        was_said = orjson.loads(before.doc)
        doc = own_words(was_said, reading.doc, arrived=arrival.effective, now=now.doc, partial=kind.image_partial)
        offers = with_former(offers, before.offers(), said=reading.doc, own=doc)
    same_word = not units and before.gone_at is None and before.mapping == kind.fingerprint
    if same_word and offers_to(offers) == before.proposals:
        work.touched.append((before.pk, arrival.digest, arrival.raw, reading.version))
        if row_ids(now.doc) != row_ids(was.doc):  # by that the next edit is known to be of the same nested row
            work.named_rows.append((before.pk, orjson.dumps(doc)))
            group[before.key] = now
        return
    group[before.key] = now
    work.changed_records.append(
        before._replace(
            version=reading.version,
            digest=arrival.digest,
            raw=arrival.raw,
            doc=orjson.dumps(doc),
            marks=marks_to(now.marks),
            proposals=offers_to(offers),
            changed_at=before.changed_at,
            mapping=kind.fingerprint,
        ).back()
    )
    old_keys, new_keys = set(match_keys(was.doc)), set(match_keys(now.doc) if overlaid else keys)
    work.dropped_keys.extend((name, before.pk) for name in old_keys - new_keys)
    work.keys.extend((name, before.pk) for name in new_keys - old_keys)
    old, new = split(was.doc), split(now.doc)
    client_id = before.client_id or ""
    edited.setdefault(client_id, {})[before.key] = units
    if units or before.gone_at is not None:  # else a plugin added something, and nobody changed anything
        work.history.append(
            HistoryRow(
                seq,
                reading.changed_at or at,
                "record.changed",
                client_id,
                {"record": before.key, "units": {unit: [old.get(unit), new.get(unit)] for unit in units}},
                run.run_id,
                before.pk,
            )
        )


def _kept_elsewhere(run: RunContext, unit: str, group: Mapping[str, Contribution], *, but: str) -> bool:
    """Whether another record says this unit by itself, in a system that is not to be emptied."""
    for key, other in group.items():
        if key == but or other.gone or unit not in split(other.doc):
            continue
        mark = other.marks.get(unit)
        system = run.systems.get(other.system)
        kind = system.kinds.get(key.split("/")[1]) if system is not None else None
        if (mark is None or mark.echo is None or mark.shared) and (kind is None or kind.keeps(head(unit))):
            return True
    return False


def _card(
    run: RunContext, client_id: str, stored: StoredClient | None, group: Sequence[Contribution], *, at: str
) -> CardChange:
    if stored is None and len(group) == 1 and not group[0].marks:
        said = orjson.dumps(group[0].doc)
        return CardChange(first_version(client_id, said, at=at), {}, None, new=True)  # its card is what it says
    return recompute(stored, client_id, group, policy=run.survivorship, at=at)


def commit_page(
    run: RunContext,
    kind: Kind,
    work: PageWork,
    *,
    read: PageReading,
    ids: Sequence[str],
    cursor: Cursor | None,
) -> frozenset[str]:
    """Write it all, in one transaction, with the cursor; then count it. Returns the ids of what became dead letters."""
    at = run.now()
    database = run.database
    failed = frozenset(letter.record_id for letter in read.letters)
    with database.transaction() as connection:
        told_before = letters.open_records(connection, kind.system, kind.name, [*{*ids, *failed}])
        went_through = sorted(told_before - failed)
        records.insert_all(database, connection, work.new_records)
        records.update_all(connection, work.changed_records)
        records.touch_all(connection, work.touched)
        records.name_rows(connection, work.named_rows)
        records.link_all(database, connection, work.links, at=at, by="resolver")
        records.drop_keys(connection, work.dropped_keys)
        records.put_keys(database, connection, work.keys)
        clients.insert_all(database, connection, work.new_clients)
        clients.update_all(connection, work.changed_clients)
        history.insert_all(database, connection, work.history)
        outbox.enqueue(connection, sorted(work.outbox), at=at)
        run.report.count("doubts", review.put(connection, work.doubts, at=at))
        review.withdraw(connection, work.answered, at=at)
        review.resolve_conflicts(connection, work.weighed, at=at)
        letters.close_records(connection, kind.system, kind.name, went_through, stages=STAGES_OF_READING, at=at)
        run.report.new_dead_letters += letters.put(connection, work.letters, at=at, run_id=run.run_id)
        outdated = sorted(failed & told_before)
        letters.close_outdated(connection, kind.system, kind.name, outdated, stages=STAGES_OF_READING, at=at)
        if cursor is not None:
            runs.move_cursor(connection, kind.system, kind.name, cursor, at=at)
    figures = run.report.of_read(kind.system, kind.name)
    figures.read += read.total
    figures.unchanged += read.unchanged
    figures.echoes += len(work.touched)
    figures.quarantined += read.quarantined
    figures.new += len(work.new_records)
    figures.changed += len(work.changed_records)
    return failed
