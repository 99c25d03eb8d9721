"""Keeping what plugins proposed in step with which plugins work.

Proposals are stored beside the record that they are about, and a plugin is asked when a record is read. So two things
are done here, at the start of a run: the proposals of a plugin that is not active any more are dropped, and one that is
newly active is asked about what is stored already.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from crm_bridge.hookspecs import ProposalMode, SourceView
from crm_bridge.matching import match_keys
from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.cards import recompute, to_carry
from crm_bridge.store import clients, history, outbox, records
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord, offers_to
from crm_bridge.sync.proposals import Offer

AT_ONCE = 500
_CONSUMER = "offers:"


def renew_offers(run: RunContext) -> None:
    """Go over the stored records, where the active enriching plugins are not those of the run before."""
    active = run.plugins.implementers("enrich_clients")
    with run.database.reading() as connection:
        known = {name.removeprefix(_CONSUMER) for name in history.consumers_of(connection, _CONSUMER)}
        last = records.last_pk(connection)
    newly, gone = set(active) - known, known - set(active)
    if not newly and not gone:
        return
    after = 0
    while after < last:
        with run.database.reading() as connection:
            rows = records.page_of_clients(connection, after=after, limit=AT_ONCE)
        if not rows:
            break
        after = rows[-1].pk
        _renew(run, rows, active, newly)
    with run.database.transaction() as connection:
        for plugin in newly:
            history.handled(connection, f"{_CONSUMER}{plugin}", run.seq.next)
        history.forget_consumers(connection, [f"{_CONSUMER}{plugin}" for plugin in gone])


def _renew(run: RunContext, rows: Sequence[SourceRecord], active: Sequence[str], newly: set[str]) -> None:
    """One page of stored records."""
    proposed: dict[str, list[Offer]] = {}
    if newly:
        for plugin, each in run.plugins.enrich([_view(row) for row in rows if row.system in run.systems]):
            if plugin in newly:
                normalise = each.mode is ProposalMode.NORMALISE
                proposed.setdefault(each.key, []).append(Offer(each.path, each.value, each.reason, plugin, normalise))
    renewed: list[tuple[SourceRecord, SourceRecord]] = []
    for row in rows:
        kept = [offer for offer in row.offers() if offer.plugin in active and offer.plugin not in newly]
        offers = sorted([*kept, *proposed.get(row.key, ())], key=lambda offer: active.index(offer.plugin))
        if offers_to(offers) != row.proposals:
            renewed.append((row, row._replace(proposals=offers_to(offers))))
    if renewed:
        _store(run, renewed)


def _store(run: RunContext, renewed: Sequence[tuple[SourceRecord, SourceRecord]]) -> None:
    at = run.now()
    with run.database.transaction() as connection:
        records.update_all(connection, [now for _, now in renewed])
        for was, now in renewed:
            old, new = set(match_keys(was.effective_doc())), set(match_keys(now.effective_doc()))
            records.drop_keys(connection, [(name, now.pk) for name in old - new])
            records.put_keys(run.database, connection, [(name, now.pk) for name in new - old])
        owners = sorted({now.client_id for _, now in renewed if now.client_id})
        linked, stored = records.of_clients(connection, owners), clients.get_all(connection, owners)
        for client_id in owners:
            group = [row.contribution() for row in linked[client_id] if row.entity == "client"]
            change = recompute(stored.get(client_id), client_id, group, policy=run.survivorship, at=at)
            if not change.moved or change.new:
                continue
            clients.update_all(connection, [change.stored])
            origins = change.card.origins() if change.card else {}
            body = {
                "version": change.stored.version,
                "units": {unit: list(pair) for unit, pair in change.units.items()},
                "origins": {unit: origins[unit] for unit in change.units if unit in origins},
            }
            told = HistoryRow(run.seq.take(), at, "client.changed", client_id, body, run.run_id)
            history.insert_all(run.database, connection, [told])
            kind = str(group[0].doc.get("kind", "person"))
            outbox.enqueue(connection, sorted(set(to_carry(client_id, group, kind, run.systems))), at=at)


def _view(row: SourceRecord) -> SourceView:
    """The record as a plugin is shown it when it is read."""
    return SourceView(row.key, row.system, row.kind, row.record_id, orjson.loads(row.doc), row.client_id)
