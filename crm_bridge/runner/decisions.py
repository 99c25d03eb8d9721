"""What a person decides: merge and unmerge, answers to the review queue. Links are superseded, never lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.errors import UserMistake
from crm_bridge.matching import traits
from crm_bridge.matching.tax_ids import contradicting_systems
from crm_bridge.outbox.truces import WAR
from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.cards import recompute, to_carry
from crm_bridge.runner.queries import required
from crm_bridge.runner.rulings import drop_rulings_for, is_ruling, rule
from crm_bridge.store import clients, history, journal, outbox, records, review
from crm_bridge.store.echoes import echoes_from
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord
from crm_bridge.store.review import Doubt
from crm_bridge.sync.claims import Claim
from crm_bridge.sync.proposals import unit_of
from crm_bridge.sync.units import split


def merge(
    run: RunContext, survivor: str, absorbed: str, *, by: str, reason: str, despite_identifiers: bool = False
) -> dict[str, Any]:
    """All records of ``absorbed`` become ``survivor``'s. The absorbed client stays as a signpost.

    Args:
        despite_identifiers: also when their tax identifiers say that they are two.

    Raises:
        UserMistake: one of them does not exist, was merged away, or has another valid tax identifier.
    """
    with run.database.transaction() as connection:
        return merge_within(
            run, connection, survivor, absorbed, by=by, reason=reason, despite_identifiers=despite_identifiers
        )


def merge_within(
    run: RunContext,
    connection: Connection,
    survivor: str,
    absorbed: str,
    *,
    by: str,
    reason: str,
    despite_identifiers: bool = False,
) -> dict[str, Any]:
    """:func:`merge`, as part of a transaction."""
    if survivor == absorbed:
        raise UserMistake("a client cannot be merged with itself")
    at = run.now()
    for client_id in (survivor, absorbed):
        if required(connection, client_id).replaced_by is not None:
            raise UserMistake(f"{client_id} was merged away already; use the client that replaced it")
    if not despite_identifiers:
        _refuse_contradiction(connection, survivor, absorbed)
    moved = records.of_clients(connection, [absorbed])[absorbed]
    for row in moved:
        records.relink(connection, row.pk, survivor, at=at, by=by, rule=f"merge: {reason}")
    journal.hand_over(connection, journal.unanswered_creates(connection, absorbed), survivor)
    signpost = required(connection, absorbed)
    version = signpost.version + 1
    card = orjson.dumps({**signpost.doc(), "status": "merged", "version": version})
    merged = signpost._replace(version=version, card=card, updated_at=at, replaced_by=survivor)
    clients.update_all(connection, [merged])
    told = {"survivor": survivor, "absorbed": absorbed, "records": [row.key for row in moved]}
    _tell(run, connection, "client.merged", (survivor, absorbed), {**told, "by": by, "reason": reason}, at)
    card_anew(run, connection, survivor, at=at)
    together = [row.key for row in records.of_clients(connection, [survivor])[survivor]]
    review.close_answered(connection, together, by=by, at=at)
    return told


def _refuse_contradiction(connection: Connection, survivor: str, absorbed: str) -> None:
    left, right = (traits(required(connection, each).doc()).tax for each in (survivor, absorbed))
    systems = contradicting_systems(left, right)
    if systems:
        raise UserMistake(
            f"{survivor} and {absorbed} have different valid tax identifiers ({', '.join(systems)}), so they are two; "
            "if one of the numbers is wrong, say --despite-identifiers"
        )


def unmerge(run: RunContext, client_id: str, record_key: str, *, by: str, reason: str) -> dict[str, Any]:
    """Take a record out of its client: back to the client it was merged from, else to one of its own.

    Records that were merged in together go back together.

    Raises:
        UserMistake: the record is not this client's, or is its only one.
    """
    at = run.now()
    with run.database.transaction() as connection:
        required(connection, client_id)
        known = [row for row in records.of_clients(connection, [client_id])[client_id] if row.entity == "client"]
        rows = [row for row in known if not is_ruling(row)]
        rulings = [row for row in known if is_ruling(row)]
        chosen = next((row for row in rows if row.key == record_key), None)
        if chosen is None:
            raise UserMistake(f"{record_key} is not a record of {client_id}: {', '.join(row.key for row in rows)}")
        former = _merged_from(connection, chosen, client_id)
        moved = [
            row
            for row in rows
            if row.pk == chosen.pk or (former and _merged_from(connection, row, client_id) == former)
        ]
        if len(moved) == len(rows):
            raise UserMistake(f"{client_id} would have no record left; there is nothing to take apart")
        target = former or run.new_id()
        beside = _beside(connection, client_id, moved)
        leaving = [row for row in rulings if former and _merged_from(connection, row, client_id) == former]
        for row in [*moved, *leaving, *beside]:
            records.relink(connection, row.pk, target, at=at, by=by, rule=f"unmerge: {reason}")
        _creates_go_too(connection, client_id, target, {row.key for row in [*moved, *leaving]})
        stays = [row for row in rows if row not in moved]
        staying = [row for row in rulings if row not in leaving]
        drop_rulings_for(connection, staying, {row.key for row in moved}, at=at, by=by)
        pairs = [tuple(sorted((left.key, right.key))) for left in moved for right in stays]
        doubts = [Doubt("duplicate", left, right, "probable", "unmerge") for left, right in pairs]
        review.put(connection, doubts, at=at)
        review.reject_pairs(connection, pairs, by=by, at=at)
        if former is not None:
            signpost = required(connection, former)
            clients.update_all(connection, [signpost._replace(replaced_by=None)])
        body = {"from": client_id, "to": target, "records": [row.key for row in moved], "by": by, "reason": reason}
        _tell(run, connection, "client.unmerged", (client_id, target), body, at)
        card_anew(run, connection, client_id, at=at)
        card_anew(run, connection, target, at=at)
    return {"from": client_id, "to": target, "records": [row.key for row in moved]}


def _creates_go_too(connection: Connection, client_id: str, target: str, leaving: Collection[str]) -> None:
    """Unanswered creates that carry the words of the records ``leaving`` alone are for the client that these go to."""
    theirs = [
        each
        for each in journal.unanswered_creates(connection, client_id)
        if {echo.origin for echo in echoes_from(each.request).values()} <= set(leaving)
    ]
    journal.hand_over(connection, theirs, target)


def _merged_from(connection: Connection, row: SourceRecord, client_id: str) -> str | None:
    """The client that the record belonged to before its merge into ``client_id``, if that one is a signpost to it."""
    for former in reversed(records.former_clients(connection, row.pk)):
        signpost = clients.get(connection, former)
        if signpost is not None and signpost.replaced_by == client_id:
            return former
    return None


def _beside(connection: Connection, client_id: str, moved: Sequence[SourceRecord]) -> list[SourceRecord]:
    """What lies beside the client and refers to one of the records that leave."""
    names = {
        f"id:{item['system']}:{item['value']}"
        for row in moved
        for item in orjson.loads(row.doc).get("identifiers", ())
        if item.get("type") == "record"
    }
    rows = records.of_clients(connection, [client_id])[client_id]
    return [row for row in rows if row.entity != "client" and row.refers_to in names]


def card_anew(run: RunContext, connection: Connection, client_id: str, *, at: str) -> None:
    """Compute the client's card from its records, and make due what follows."""
    rows = [row for row in records.of_clients(connection, [client_id])[client_id] if row.entity == "client"]
    contributions = [row.contribution() for row in rows]
    stored = clients.get(connection, client_id)
    change = recompute(stored, client_id, contributions, policy=run.survivorship, at=at)
    if change.new:
        clients.insert_all(run.database, connection, [change.stored])
    elif change.moved:
        clients.update_all(connection, [change.stored])
    kind = str(contributions[0].doc.get("kind", "person"))
    outbox.enqueue(connection, sorted(set(to_carry(client_id, contributions, kind, run.systems))), at=at)


def _tell(
    run: RunContext, connection: Connection, what: str, client_ids: Sequence[str], body: dict[str, Any], at: str
) -> None:
    rows = [HistoryRow(run.seq.take(), at, what, client_id, body, None, None, tells=True) for client_id in client_ids]
    history.insert_all(run.database, connection, rows)


def decide(
    run: RunContext,
    question: int,
    *,
    accept: bool,
    by: str,
    value: str | None = None,
    despite_identifiers: bool = False,
) -> dict[str, Any]:
    """Answer a question of the review queue. Accepting a duplicate merges the two clients.

    Args:
        value: of a war: ``left`` or ``right``, see :func:`_end_war`; of a conflict: whose value stands from now on, see
            :func:`crm_bridge.runner.rulings.choose`. Without it the present one does.
        despite_identifiers: as for :func:`merge`.

    Raises:
        UserMistake: no such question, it was answered, or the answer does not fit it.
    """
    with run.database.reading() as connection:
        asked = review.get(connection, question)
    if asked is None or asked["state"] != "open":
        raise UserMistake(f"there is no open question {question}; see `crm-bridge review list`")
    if value is not None and asked["kind"] not in ("conflict", WAR):
        raise UserMistake(f"question {question} is not about a value; --value is for conflicts")
    answer: dict[str, Any] = {"id": question, "accepted": accept}
    if accept and asked["kind"] == "duplicate":
        left, right = (_owner(run, asked[side]) for side in ("left", "right"))
        if left != right:
            survivor, absorbed = sorted((left, right))  # ids are ordered by time: the older client stays
            reason = f"review {question}: {asked['rule']}"
            answer.update(merge(run, survivor, absorbed, by=by, reason=reason, despite_identifiers=despite_identifiers))
    if accept and asked["kind"] == WAR:
        answer.update(_end_war(run, asked, side=value or "left", by=by))
    elif accept and asked["kind"] == "conflict":
        with run.database.transaction() as connection:
            standing = clients.standing(connection, asked["left"]) or required(connection, asked["left"])
            client_id = standing.id
            if value is not None:
                answer.update(rule(run, connection, client_id, asked["right"], value, by=by, question=question))
            card_anew(run, connection, client_id, at=run.now())
    if accept and asked["kind"] == "objection":
        with run.database.transaction() as connection:
            outbox.enqueue(connection, [(asked["right"].split("/")[0], asked["left"])], at=run.now())
    with run.database.transaction() as connection:
        review.decide(connection, question, state="accepted" if accept else "rejected", by=by, at=run.now())
    return answer


def _end_war(run: RunContext, asked: Mapping[str, Any], *, side: str, by: str) -> dict[str, Any]:
    """``left``: our value is written there once more, and the count begins anew; ``right``: theirs is right everywhere.

    Raises:
        UserMistake: the side is none of these, or the record says nothing of its own there.
    """
    client_id, at = _owner(run, asked["left"]), run.now()
    system, kind, record_id = asked["left"].split("/", 2)
    with run.database.transaction() as connection:
        outbox.enqueue(connection, [(system, client_id)], at=at)
        if side == "left":
            return {"stands": "ours"}
        row = records.one(connection, system, kind, record_id)
        unit = unit_of(asked["right"])[0]
        units = split(row.effective_doc()) if row is not None else {}
        if side not in ("right", system, asked["left"]):
            raise UserMistake(f"{side!r} is not one side of this: left is ours, right is {system}'s")
        if unit not in units:
            raise UserMistake(
                f"{asked['left']} names no single {unit}: mend it in the systems, and then answer left or reject"
            )
        theirs = Claim(asked["left"], system, units[unit], run.seq.take(), at)
        told = rule(run, connection, client_id, unit, theirs, by=by, question=asked["id"])
        card_anew(run, connection, client_id, at=at)
    return {"stands": asked["left"], **told}


def _owner(run: RunContext, key: str) -> str:
    system, kind, record_id = key.split("/", 2)
    with run.database.reading() as connection:
        row = records.one(connection, system, kind, record_id)
    if row is None or row.client_id is None:
        raise UserMistake(f"{key} is not known any more; reject the question")
    return row.client_id
