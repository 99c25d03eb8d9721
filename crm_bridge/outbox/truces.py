"""Fields that we stop writing, as the other side puts its value back each time: detected, told, released by a person.

The question is kept in the review queue as ``war``: the record, and the path there. While it waits, and after a *no*,
the path is not written into that record; everything else is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection

from crm_bridge.mapping import FieldChange, WriteBack
from crm_bridge.outbox.cells import cells_of
from crm_bridge.outbox.reasons import units_of
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.store import journal, review
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import SourceRecord
from crm_bridge.store.review import Doubt
from crm_bridge.sync.slots import unit_of_row
from crm_bridge.sync.units import changed, head, split
from crm_bridge.sync.wars import Patience, Written, turns_back

WAR = "war"


@dataclass(frozen=True, slots=True)
class War:
    """A path of a record that is not written. ``asked``: a person knows already; ``row``: of the nested row with that
    id."""

    record: SourceRecord
    path: str
    field: str
    asked: bool
    row: str | None = None

    def doubt(self, times: int) -> Doubt:
        rule = f"{self.field} was written {times} times, and each time put back there"
        return Doubt(WAR, self.record.key, self.path, "certain", rule)

    def letter(self) -> Letter:
        """As a plan shows it."""
        return Letter(
            stage="write",
            system=self.record.system,
            kind=self.record.kind,
            record_id=self.record.record_id,
            code=WAR,
            path=self.path,
            message=f"{self.field}: is put back there each time; see crm-bridge review list",
            client_id=self.record.client_id,
        )


@dataclass(frozen=True, slots=True)
class Truces:
    """What is known of the wars in one system.

    Attributes:
        past: record key → our confirmed writes there, the oldest first.
        asked: (record key, path) → state of the question.
        released: (client id, path) → when a person last said which side stands, whichever record was asked about.
        since: earlier writes count no more.
    """

    patience: Patience = field(default_factory=Patience)
    past: Mapping[str, Sequence[Written]] = field(default_factory=dict)
    asked: Mapping[tuple[str, str], str] = field(default_factory=dict)
    released: Mapping[tuple[str, str], str] = field(default_factory=dict)
    since: str = ""

    def stopped(self, row: SourceRecord, kind: Kind, back: WriteBack) -> list[War]:
        """Those of the changes of ``back`` that are not to be written into ``row``. What a nested row begins with is
        never among them: nothing was there that could be put back."""
        if not self.past and not self.asked:
            return []
        found = []
        cells = cells_of([each.field for each in back.changes], back.full, lists=kind.mapping.document.lists)
        for each in back.changes:
            cell = cells.get(each.field)
            if cell is None:
                continue
            if self.asked.get((row.key, each.path)) in ("open", "rejected"):
                found.append(War(row, each.path, each.field, asked=True, row=cell.row))
                continue
            past = self.past.get(row.key, ())
            since = max(self.since, self.released.get((row.client_id or "", each.path), ""))
            turns = turns_back(cell, each.old, each.new, past=past, since=since)
            if turns >= self.patience.after:
                found.append(War(row, each.path, each.field, asked=False, row=cell.row))
        return found


NO_TRUCES = Truces()


def truces_of(run: RunContext, connection: Connection, system: System, rows: Sequence[SourceRecord]) -> Truces:
    """The wars in ``system`` over these records."""
    owners = {row.key: row.client_id or "" for row in rows if row.entity == "client"}
    client_ids = sorted({row.client_id for row in rows if row.client_id})
    since = iso(run.clock() - run.patience.within)
    often = journal.written_often(connection, system.name, client_ids, since=since, times=run.patience.after)
    past: dict[str, list[Written]] = {}
    for intent in often:
        kind = system.kinds.get(intent.kind)
        if kind is None:
            continue
        why = {name: (old, new) for _, name, old, new, _ in intent.request["why"]}
        cells = cells_of(list(why), intent.request["full"], lists=kind.mapping.document.lists)
        changes = {cell: why[name] for name, cell in cells.items()}
        key = f"{intent.system}/{intent.kind}/{intent.record_id}"
        past.setdefault(key, []).append(Written(intent.created_at, changes))
    answers = review.asked_of(connection, WAR, sorted(owners))
    released: dict[tuple[str, str], str] = {}
    for (key, path), (state, decided) in answers.items():
        if state == "accepted":
            whose = owners[key], path
            released[whose] = max(decided, released.get(whose, ""))
    return Truces(run.patience, past, {which: state for which, (state, _) in answers.items()}, released, since)


def own_there(
    row: SourceRecord, kind: Kind, full: Mapping[str, Any], changes: Sequence[FieldChange], wars: Sequence[War]
) -> dict[str, Any]:
    """Unit → what the record itself says of the units that the wars are about: with that, they are not written."""
    was, would_be = orjson.loads(row.doc), kind.mapping.read(full).doc
    before, after = split(was), split(would_be)
    units = {unit: after.get(unit) for unit in changed(before, after)}
    fields = {(war.path, war.field) for war in wars if war.row is None}
    named = {unit for each in changes if (each.path, each.field) in fields for unit in units_of(each, before, units)}
    for war in wars:
        if war.row is not None:  # both what the nested row says and what it would say
            named |= {unit for doc in (was, would_be) if (unit := unit_of_row(doc, head(war.path), war.row)) in units}
    if not named:  # nothing tells which: all of the list
        heads = {head(war.path.replace("+", "").split(".")[0]) for war in wars}
        named = {unit for unit in units if head(unit).split(".")[0] in heads}
    return {unit: before.get(unit) for unit in named}
