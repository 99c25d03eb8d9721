"""``undo``: a run's writes taken back in all systems, without taking back what people did since.

It is planned from the journal, against the records as they are now: they are read again first. What goes back is kept
as a person's word (:mod:`crm_bridge.runner.undo_words`), committed before anything is sent; from then on it is carried
like any other change: journaled, behind the guard, and by the next run where this one breaks off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from crm_bridge.connector import RecordTarget
from crm_bridge.errors import SafetyStop, UserMistake
from crm_bridge.hookspecs import PlannedWrite
from crm_bridge.outbox import guard as mass_change
from crm_bridge.outbox.batches import batches
from crm_bridge.outbox.pauses import gates_of, keep, set_aside, stopped_by
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM
from crm_bridge.run_context.report import RunReport
from crm_bridge.runner.delivery import deliver_all, recover_all
from crm_bridge.runner.pull import reread
from crm_bridge.runner.sync import SyncOptions, finish
from crm_bridge.runner.undo_choice import Choice, choose
from crm_bridge.runner.undo_scope import AT_ONCE, beyond_records, entered_anew, unsettled, written_by
from crm_bridge.runner.undo_words import place, without_what_stands_above
from crm_bridge.store import clients, history, journal, records, runs
from crm_bridge.sync.survivorship import survive


@dataclass(slots=True)
class UndoReport:
    """What an undo does, and what it leaves.

    Attributes:
        writes: what is written, with old and new; empty once it was written.
        kept: what people changed since, and is left as it is.
        cannot: what cannot be taken back, and why: sent messages, records that cannot be deleted.
        links: records that the run linked to one of these clients, with the command that takes that back.
        clients: those with anything to take back.
    """

    run: str
    report: RunReport
    writes: list[PlannedWrite] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    cannot: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    clients: set[str] = field(default_factory=set)
    applied: bool = False

    @property
    def nothing_left(self) -> bool:
        return not self.clients

    def as_dict(self) -> Mapping[str, Any]:
        return {
            "undo": self.run,
            "writes": [asdict(each) for each in self.writes],
            "kept": self.kept,
            "cannot": self.cannot,
            "links": self.links,
            "clients": len(self.clients),
            "applied": self.applied,
            "nothing_left": self.nothing_left,
            "report": self.report.as_dict(),
        }


def plan_undo(run: RunContext, undone: str) -> UndoReport:
    """What :func:`undo` would do. ``run.database`` must be a sandbox."""
    set_aside(run, list(run.systems))
    told = _prepare(run, undone, by="plan")
    mine = replace(run, only=frozenset(told.clients))
    for name, system in run.systems.items():
        if name not in run.report.stopped and isinstance(system.connector, RecordTarget):
            for batch in batches(mine, system):
                told.writes.extend(draft.planned for _, draft in batch.drafts)
                told.cannot.extend(
                    {"record": f"{each.system}/{each.kind}/{each.record_id}", "path": each.path, "why": each.message}
                    for _, each in [*batch.letters, *batch.waits]
                )
    told.writes.sort(key=lambda each: (each.system, each.kind, each.record_id or "", each.client_id))
    return told


def undo(run: RunContext, undone: str, options: SyncOptions, *, by: str) -> UndoReport:
    """Take back what the run ``undone`` wrote. The caller owns the store.

    Raises:
        UserMistake: there is no such run.
    """
    _required(run, undone)
    with run.database.transaction() as connection:
        runs.start(connection, run.run_id, "undo", at=run.now())
    systems = list(run.systems)
    ended = False
    try:
        set_aside(run, systems)
        gates = gates_of(run, systems, options.gate)
        recover_all(run, systems, gates)
        told = _prepare(run, undone, by=by)
        mine = replace(run, only=frozenset(told.clients))
        if told.clients and _may_leave(mine, systems, options):
            deliver_all(mine, systems, gates, retry=options.retry)
        told.applied = not run.report.too_much
        keep(run, gates)
        ended = True
    finally:
        finish(run, ended=ended)
    return told


def _may_leave(run: RunContext, systems: Sequence[str], options: SyncOptions) -> bool:
    for name in systems:
        try:
            if options.guard is not None and name not in run.report.stopped:
                mass_change.check(run, run.systems[name], options.guard)
        except SafetyStop as error:
            run.report.stop(name, str(error), int(error.exit_code))
    return not run.report.too_much


def _required(run: RunContext, undone: str) -> Mapping[str, Any]:
    with run.database.reading() as connection:
        found = runs.get(connection, undone)
    if found is None:
        raise UserMistake(f"there is no run {undone}; see `crm-bridge runs list`")
    return found


def _prepare(run: RunContext, undone: str, *, by: str) -> UndoReport:
    """Read the records again, decide, and keep what was decided."""
    found = _required(run, undone)
    told = UndoReport(undone, run.report)
    with run.database.reading() as connection:
        whose = journal.clients_of_run(connection, undone)
    for start in range(0, len(whose), AT_ONCE):
        _take_back(run, told, undone, whose[start : start + AT_ONCE], by=by)
    until = found["finished_at"] or run.now()
    with run.database.reading() as connection:
        messages, links = beyond_records(connection, whose, since=found["started_at"], until=until)
    told.cannot.extend(messages)
    told.links.extend(links)
    return told


def _take_back(run: RunContext, told: UndoReport, undone: str, whose: Sequence[str], *, by: str) -> None:
    """One portion of the clients that the run wrote for."""
    with run.database.reading() as connection:
        told.cannot.extend(unsettled(connection, undone, whose))
        owners = {each.row.client_id for each in written_by(connection, undone, whose).written if each.row.client_id}
    _read_again(run, sorted(owners))
    with run.database.reading() as connection:
        scope = written_by(connection, undone, whose)
        linked = records.of_clients(connection, scope.owners)
        stored = clients.get_all(connection, scope.owners)
        changes = history.of_clients(connection, scope.owners)
        deleted = [each.row for each in scope.written if each.deleted and each.row.gone_at is not None]
        anew = entered_anew(connection, deleted) if deleted else {}
    chosen: list[tuple[str, Choice]] = []
    for client_id in scope.owners:
        if client_id not in stored:
            continue
        rows = linked[client_id]
        contributions = [row.contribution() for row in rows if row.entity == "client"]
        card = survive(contributions, policy=run.survivorship, current=stored[client_id].doc())
        mine = [each for each in scope.written if each.row.client_id == client_id]
        away = [each for each in mine if each.row.system in run.report.stopped]
        for each in away:
            told.cannot.append({"record": each.row.key, "why": f"{each.row.system} does not answer; undo again later"})
        choice = choose(
            [each for each in mine if each not in away], rows, card, changes[client_id], run.systems, anew=anew
        )
        taken = without_what_stands_above(rows, choice.words, policy=run.survivorship, seq=run.seq.next, at=run.now())
        for unit in choice.words.keys() - taken.keys():
            told.cannot.append({"client": client_id, "path": unit, "why": "nobody's word turns this value over"})
        choice.words = taken
        told.kept.extend(choice.kept)
        told.cannot.extend(choice.cannot)
        if choice.changes:
            chosen.append((client_id, choice))
    with run.database.transaction() as connection:
        for client_id, choice in chosen:
            place(run, connection, stored[client_id], linked[client_id], choice, undone=undone, by=by)
    told.clients.update(client_id for client_id, _ in chosen)


def _read_again(run: RunContext, owners: Sequence[str]) -> None:
    """The records of these clients as they are now: what people did since must be seen before anything is decided."""
    with run.database.reading() as connection:
        rows = [row for mine in records.of_clients(connection, owners).values() for row in mine]
    by_kind: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.system in run.systems and row.kind in run.systems[row.system].kinds and row.gone_at is None:
            by_kind.setdefault((row.system, row.kind), []).append(row.record_id)
    for (name, kind_name), ids in sorted(by_kind.items()):
        system = run.systems[name]
        kind = system.kinds[kind_name]
        if name in run.report.stopped or not kind.read:
            continue
        try:
            for start in range(0, len(ids), max(1, kind.capabilities.page_size)):
                reread(run, system, kind, ids[start : start + max(1, kind.capabilities.page_size)])
        except STOPS_ITS_SYSTEM as error:
            stopped_by(run, name, error)
