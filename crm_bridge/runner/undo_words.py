"""The word of an undo: kept beside the records of the client, as a person's edit of all that it takes back.

It is one row for each client, like a ruling on a conflict (:mod:`crm_bridge.runner.rulings`): it flows to the systems
as any edit, is superseded by the next edit on top of it, and leaves with a merge that is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.outbox.kept_apart import FIELD
from crm_bridge.outbox.undone_creates import FIELD as REMOVED
from crm_bridge.outbox.undone_deletes import FIELD as RESTORED
from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.cards import recompute, to_carry
from crm_bridge.runner.rulings import KIND
from crm_bridge.runner.undo_choice import WHOLE, Choice, Word
from crm_bridge.store import clients, history, outbox, records
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord, marks_from, marks_to
from crm_bridge.sync.claims import ABSENT, REMEMBERED, Contribution, Mark, canonical
from crm_bridge.sync.deletions import SPENT, SPREAD, lives
from crm_bridge.sync.rules import PERSON, Survivorship
from crm_bridge.sync.slots import slot_of
from crm_bridge.sync.survivorship import survive
from crm_bridge.sync.units import is_value_keyed, join, split


def place(
    run: RunContext,
    connection: Connection,
    stored: StoredClient,
    rows: Sequence[SourceRecord],
    choice: Choice,
    *,
    undone: str,
    by: str,
) -> None:
    """Keep the word, compute the card anew, and make due what has to be written."""
    at = run.now()
    back = (*choice.apart, *choice.removed, *choice.restored, *choice.released, *choice.pending)
    due = {key.split("/")[0] for key in back}
    if choice.words or choice.apart or choice.removed or choice.restored or choice.released:
        others = [row for row in rows if row.record_id != f"{stored.id}:undo"]
        before = next((row for row in rows if row not in others), None)
        row = _row(run, stored.id, others, before, choice, undone=undone, by=by)
        if before is None:
            records.insert_all(run.database, connection, [row])
            records.relink(connection, row.pk, stored.id, at=at, by=by, rule=f"undo {undone}")
        else:
            records.update_all(connection, [row])
        contributions = [each.contribution() for each in (*others, row) if each.entity == "client"]
        if choice.restored:
            _call_off(connection, others)
        if not lives(contributions):  # until a record of it is there again, the card stays as it was
            if choice.restored:
                told_again = HistoryRow(run.seq.take(), at, "client.reopened", stored.id, {"undo": undone}, run.run_id)
                history.insert_all(run.database, connection, [told_again])
            outbox.enqueue(connection, [(system, stored.id) for system in sorted(due)], at=at)
            return
        change = recompute(stored, stored.id, contributions, policy=run.survivorship, at=at)
        if change.moved:
            clients.update_all(connection, [change.stored])
        told = {"version": change.stored.version, "by": by, "undo": undone}
        origins = change.card.origins() if change.card else {}
        body = {
            **told,
            "units": {unit: list(pair) for unit, pair in change.units.items()},
            "origins": {unit: origins[unit] for unit in change.units if unit in origins},
        }
        history.insert_all(
            run.database,
            connection,
            [HistoryRow(run.seq.take(), at, "client.changed", stored.id, body, run.run_id)],
        )
        if choice.words:
            due |= {system for system, _ in to_carry(stored.id, contributions, _kind(others), run.systems)}
    outbox.enqueue(connection, [(system, stored.id) for system in sorted(due)], at=at)


def _call_off(connection: Connection, rows: Sequence[SourceRecord]) -> None:
    """The deletions that took the client's records along do so no more, and what their users deleted stays deleted."""
    records.set_gone_how(connection, [(row.pk, None) for row in rows if row.gone_how in (SPREAD, SPENT)])


def without_what_stands_above(
    rows: Sequence[SourceRecord], words: Mapping[str, Word], *, policy: Survivorship, seq: int, at: str
) -> dict[str, Word]:
    """The words that the card would take: some values nobody's word turns over, such as a status that is final."""
    contributions = [row.contribution() for row in rows if row.entity == "client"]
    said = {unit: word.value for unit, word in words.items() if word.value is not None}
    marks = _marks(words, seq=seq, at=at)
    trial = Contribution(f"{PERSON}/{KIND}/trial", PERSON, {"kind": _kind(rows), **join(said)}, seq, at, marks)
    verdicts = survive([*contributions, trial], policy=policy).verdicts
    return {
        unit: word
        for unit, word in words.items()
        if (None if verdicts[unit].value is ABSENT else verdicts[unit].value) == word.value
        or (is_value_keyed(unit) and (verdicts[unit].value is ABSENT) == (word.value is None))
    }


def _row(
    run: RunContext,
    client_id: str,
    rows: Sequence[SourceRecord],
    before: SourceRecord | None,
    choice: Choice,
    *,
    undone: str,
    by: str,
) -> SourceRecord:
    at, seq = run.now(), run.seq.take()
    units = split(orjson.loads(before.doc)) if before else {}
    marks = marks_from(before.marks) if before else {}
    apart: dict[str, Any] = orjson.loads(before.raw).get(FIELD, {}) if before else {}
    for unit, word in choice.words.items():
        units.pop(unit, None)
        if word.value is not None:
            units[unit] = word.value
    marks |= _marks(choice.words, seq=seq, at=at)
    for key, each in choice.apart.items():
        apart[key] = {**apart.get(key, {}), **{unit: list(one) for unit, one in each.items()}}
    removed = {**(orjson.loads(before.raw).get(REMOVED, {}) if before else {}), **choice.removed}
    for key, released in choice.released.items():
        apart[key] = {unit: each for unit, each in apart.get(key, {}).items() if unit not in released}
        if WHOLE in released:
            removed.pop(key, None)
    told: dict[str, Any] = {"by": f"{by}, undoing run {undone}", "at": at, "question": None, "chosen": ""}
    restored = {*(orjson.loads(before.raw).get(RESTORED, ()) if before else ()), *choice.restored}
    told |= {FIELD: apart, REMOVED: removed, RESTORED: sorted(restored)}
    return SourceRecord(
        pk=before.pk if before else run.pks.take(),
        system=PERSON,
        kind=KIND,
        record_id=f"{client_id}:undo",
        entity="client",
        client_id=client_id,
        version=None,
        digest=b"",
        raw=orjson.dumps(told),
        doc=orjson.dumps({"kind": _kind(rows), **join(units)}),
        marks=marks_to(marks),
        proposals=None,
        seq=before.seq if before else seq,
        observed_at=at,
        changed_at=at,
        mapping=PERSON,
    )


def _marks(words: Mapping[str, Word], *, seq: int, at: str) -> dict[str, Mark]:
    """Each word as an edit of all that was said of its unit."""
    marks: dict[str, Mark] = {}
    for unit, word in words.items():
        verdict = word.verdict
        texts = [*verdict.replaced, *([canonical(verdict.value)] if verdict.value is not ABSENT else [])]
        if is_value_keyed(unit) and word.value is not None:  # it takes the place of what leaves its slot
            slot = slot_of(unit, word.value)
            texts = [
                other for other, each in words.items() if each.value is None and _slot(other, each.verdict) == slot
            ]
        right = canonical(word.value) if word.value is not None else None
        replaced = tuple(dict.fromkeys(text for text in texts if text != right))[-REMEMBERED:]
        marks[unit] = Mark(seq=seq, at=at, replaced=replaced)
    return marks


def _slot(unit: str, verdict: Any) -> str | None:
    return slot_of(unit, verdict.value) if is_value_keyed(unit) and verdict.value is not ABSENT else None


def _kind(rows: Sequence[SourceRecord]) -> str:
    return next((str(row.effective_doc()["kind"]) for row in rows if row.entity == "client"), "person")
