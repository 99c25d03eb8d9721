"""A person's ruling on a conflict: kept beside the records of the client, as an edit that had all of them in view.

A ruling is a contribution of the system ``person`` for one unit. It supersedes what was said before, flows to the
systems as any edit, and is itself superseded by the next edit that somebody makes on top of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.errors import UserMistake
from crm_bridge.run_context.context import RunContext
from crm_bridge.store import clients, history, records
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord, marks_to
from crm_bridge.sync.claims import REMEMBERED, Claim, Contribution, Mark, canonical
from crm_bridge.sync.rules import PERSON
from crm_bridge.sync.slots import items_replaced, slot_of, unit_of_item
from crm_bridge.sync.units import head, is_value_keyed, join, split

KIND = "decision"
PARTS_OF_A_NAME = ("family", "given", "patronymic", "prefix", "suffix", "legal_form")


def sides(rows: Sequence[SourceRecord], path: str) -> list[Claim]:
    """What was said of ``path`` and no edit took the place of, in the order of first reading, each value once:
    ``left``, ``right``, and so on. A word that waits behind what we wrote into its record is one of them."""
    words = _words(rows, path)
    said: dict[str, Claim] = {}
    for text, word in words:
        if not any(text in other.replaced and other.seq > word.seq for _, other in words):
            said.setdefault(text, word)
    return list(said.values())


def _words(rows: Sequence[SourceRecord], path: str) -> list[tuple[str, Claim]]:
    """Every record's own word on a unit, or on the slot of an item: there, the items that took another's place."""
    found: list[tuple[str, Claim]] = []
    for contribution in (row.contribution() for row in rows if row.entity == "client"):
        if not _is_slot(rows, path):
            word = _own_word(contribution, path)
            if word is not None:
                found.append((canonical(word.value), word))
        else:  # of items, only those of one slot contradict each other
            units = {*split(contribution.doc), *contribution.marks}
            for unit in sorted(each for each in units if head(each) == head(path)):
                item = _own_word(contribution, unit)
                if item and slot_of(unit, item.value) == path and any(items_replaced(item.replaced)):
                    found.append((unit, item))
    return found


def _is_slot(rows: Sequence[SourceRecord], path: str) -> bool:
    """Whether ``path`` is a place that items meet in; else it is a field, or one item whose description differs."""
    return is_value_keyed(path) and not any(path in split(row.effective_doc()) for row in rows)


def _own_word(contribution: Contribution, unit: str) -> Claim | None:
    if contribution.gone:
        return None
    key, system = contribution.key, contribution.system
    value, mark = split(contribution.doc).get(unit), contribution.marks.get(unit)
    if mark is not None and mark.echo is not None:
        own = mark.own
        return Claim(key, system, own.value, own.seq, own.at, own.replaced) if own is not None else None
    if value is None:
        return None
    if mark is None:
        return Claim(key, system, value, contribution.seq, contribution.at)
    return Claim(key, system, value if mark.said is None else mark.said, mark.seq, mark.at, mark.replaced)


def choose(rows: Sequence[SourceRecord], path: str, side: str) -> Claim:
    """The side that a person means: ``left``, ``right``, a system, or a record as ``system/kind/id``.

    Raises:
        UserMistake: nobody, or more than one, is called that.
    """
    said = sides(rows, path)
    if side in ("left", "right") and len(said) == 2:
        return said[0 if side == "left" else 1]
    named = [claim for claim in said if side in (claim.key, claim.system)]
    if len(named) != 1:
        known = ", ".join(claim.key for claim in said) or "nobody any more"
        raise UserMistake(f"{side!r} is not one side of this; {path} is said by {known}")
    return named[0]


def rule(
    run: RunContext, connection: Connection, client_id: str, path: str, side: str | Claim, *, by: str, question: int
) -> dict[str, Any]:
    """Keep the ruling that ``side`` is right on ``path``. The caller computes the card anew.

    Args:
        side: as for :func:`choose`, or the very word that is right.

    Raises:
        UserMistake: as :func:`choose`.
    """
    at, seq = run.now(), run.seq.take()
    rows = records.of_clients(connection, [client_id])[client_id]
    chosen = side if isinstance(side, Claim) else choose(rows, path, side)
    if path == "name":
        chosen = chosen._replace(value=_whole_name(connection, client_id, chosen.value))
    marks = _marks(rows, path, chosen, seq=seq, at=at)
    record_id = f"{client_id}:{path}"
    before = records.one(connection, PERSON, KIND, record_id)
    told = {"by": by, "at": at, "question": question, "chosen": chosen.key}
    row = SourceRecord(
        pk=before.pk if before else run.pks.take(),
        system=PERSON,
        kind=KIND,
        record_id=record_id,
        entity="client",
        client_id=client_id,
        version=None,
        digest=b"",
        raw=orjson.dumps(told),
        doc=orjson.dumps({"kind": _kind(rows), **join({next(iter(marks)): chosen.value})}),
        marks=marks_to(marks),
        proposals=None,
        seq=seq,
        observed_at=at,
        changed_at=at,
        mapping=PERSON,
    )
    if before is None:
        records.insert_all(run.database, connection, [row])
    else:
        records.update_all(connection, [row])
    records.relink(connection, row.pk, client_id, at=at, by=by, rule=f"review {question}")
    body = {"record": row.key, "unit": path, "value": chosen.value, **told}
    history.insert_all(
        run.database, connection, [HistoryRow(seq, at, "client.decided", client_id, body, run.run_id, None)]
    )
    return {"path": path, "value": chosen.value, "source": chosen.key}


def _whole_name(connection: Connection, client_id: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """``said``, with the parts that it is silent about as they stand: its system may hold only a part of a name."""
    stored = clients.get(connection, client_id)
    stands = stored.doc().get("name", {}) if stored is not None else {}
    return {**{part: stands[part] for part in PARTS_OF_A_NAME if part in stands}, **said}


def _marks(rows: Sequence[SourceRecord], path: str, chosen: Claim, *, seq: int, at: str) -> dict[str, Mark]:
    """The ruling as an edit of all that was said, oldest first: the person had it in view."""
    words = _words(rows, path)
    texts = [each for text, word in words for each in (*word.replaced, text)]
    in_slot = _is_slot(rows, path)
    unit = unit_of_item(head(path), chosen.value) if in_slot else path
    right = unit if in_slot else canonical(chosen.value)
    replaced = tuple(dict.fromkeys(text for text in texts if text != right))[-REMEMBERED:]
    marks = {unit: Mark(seq=seq, at=at, replaced=replaced)}
    if in_slot:  # the other items are not: that is said of each
        others = {text: word for text, word in words if text != unit}
        marks.update({text: Mark(seq=seq, at=at, replaced=(canonical(word.value),)) for text, word in others.items()})
    return marks


def _kind(rows: Sequence[SourceRecord]) -> str:
    return next((str(row.effective_doc()["kind"]) for row in rows if row.entity == "client"), "person")


def is_ruling(row: SourceRecord) -> bool:
    return (row.system, row.kind) == (PERSON, KIND)


def decided_by(row: SourceRecord) -> str:
    """Who made the ruling."""
    return str(orjson.loads(row.raw)["by"])


def drop_rulings_for(
    connection: Connection, rulings: Sequence[SourceRecord], leaving: Collection[str], *, at: str, by: str
) -> None:
    """The records ``leaving`` are of another client after all: what was decided in their favour is theirs no more."""
    for row in rulings:
        if orjson.loads(row.raw)["chosen"] in leaving:
            records.relink(connection, row.pk, None, at=at, by=by, rule="unmerge")
