"""The composition root: settings become an open bridge, here and nowhere else."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import structlog

from crm_bridge.config import Settings, endpoints_of
from crm_bridge.connector import (
    EventReceiver,
    InboundRequest,
    RawRecord,
    RecordSource,
)
from crm_bridge.errors import RejectRecord, UserMistake
from crm_bridge.hookspecs import PageView
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.outbox.guard import Guard
from crm_bridge.outbox.pauses import set_aside
from crm_bridge.outbox.retry import RetryPolicy
from crm_bridge.plugin_manager import Plugins
from crm_bridge.run_context.context import Counter, RunContext, iso
from crm_bridge.run_context.ids import planned_ids, time_ordered_ids
from crm_bridge.run_context.isolation import to_log
from crm_bridge.run_context.pools import Pool, threads
from crm_bridge.run_context.progress import Progress, Silence
from crm_bridge.run_context.report import RunReport
from crm_bridge.run_context.systems import Systems
from crm_bridge.runner import corrections, decisions, inbox, planning, replay, sampling, undo, unknowns
from crm_bridge.runner.checkup import Checkup, check_up
from crm_bridge.runner.configured import gate_to, open_systems, plugins_of
from crm_bridge.runner.desk import Desk, open_store
from crm_bridge.runner.outages import through_outages
from crm_bridge.runner.plan_file import PlanFile, read_plan, write_plan
from crm_bridge.runner.planning import PlanReport
from crm_bridge.runner.routes import route
from crm_bridge.runner.sync import SyncOptions, sync
from crm_bridge.runner.undo import UndoReport
from crm_bridge.runner.unknown_sources import demand_known_sources
from crm_bridge.runner.waiting import resume
from crm_bridge.store import history, logins
from crm_bridge.store import inbox as inbox_store
from crm_bridge.store.causes import Cause
from crm_bridge.store.database import Database
from crm_bridge.store.logins import StoredLogins
from crm_bridge.store.schema import source_records
from crm_bridge.sync.wars import Patience
from crm_bridge.testing.as_found import check_source

_log = structlog.get_logger("crm_bridge")


@dataclass(frozen=True, slots=True)
class Received:
    """The answer to a system that called us; 2xx: what it said is durable."""

    status_code: int


class Bridge(Desk):
    """Everything that a command, the web edge or the demo does with one installation. ``open_bridge`` makes it."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        plugins: Plugins,
        systems: Systems,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        stopwatch: Stopwatch,
        pool: Pool = threads,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(settings, database=database)
        self._chance = chance
        self._stopwatch = stopwatch
        self._pool = pool
        self._plugins = plugins
        self._systems = systems
        self._clock = clock
        self._new_id = new_id

    def sync(
        self,
        systems: Sequence[str] | None = None,
        progress: Progress | None = None,
        *,
        allow_large_change: bool = False,
        sweep: bool = False,
        plan: Path | None = None,
        all_or_nothing: bool = False,
    ) -> RunReport:
        """Bring the systems into step, once.

        Args:
            sweep: also compare all keys, and mark records gone that their system does not have any more.
            plan: a file of :meth:`save_plan`: its writes are made and no others, those that have drifted are refused.
            all_or_nothing: then none of them is made.

        Raises:
            Locked: another process works on this store.
            ConfigMistake: a mapping names a field that its system does not have.
            DataMistake: the plan's file is not right.
        """
        planned = self._read_plan(plan) if plan is not None else None
        options = replace(
            self._options(allow_large_change=allow_large_change, sweep=sweep or bool(planned and planned.sweep)),
            plan=planned.entries if planned else None,
            all_or_nothing=all_or_nothing,
        )
        chosen = self._chosen(systems)
        demand_known_sources(self._systems.values())

        report = self._report()

        def once(outages: int) -> RunReport:
            with self._database.owned():
                if outages:
                    report.begin_again()
                return sync(self._run(self._database, progress, report=report), chosen, options)

        return through_outages(once, watch=self._stopwatch)

    def plan(
        self, systems: Sequence[str] | None = None, progress: Progress | None = None, *, sweep: bool = False
    ) -> PlanReport:
        """What a sync would write. Nothing is written, here or anywhere, and nobody waits for it."""
        chosen = self._chosen(systems)
        demand_known_sources(self._systems.values())
        with self._database.sandbox() as sandbox:
            return planning.plan(self._run(sandbox, progress, new_id=planned_ids()), chosen, sweep=sweep)

    def save_plan(self, report: PlanReport, path: Path, *, sweep: bool = False) -> None:
        """Write the plan's file, for :meth:`sync`. Raises :class:`UserMistake`."""
        write_plan(path, **self._signed(), sweep=sweep, entries=report.entries)

    def _read_plan(self, path: Path) -> PlanFile:
        kinds = {name: [kind.name for kind in system.targets()] for name, system in self._systems.items()}
        return read_plan(path, **self._signed(), kinds=kinds)

    def _signed(self) -> dict[str, str]:
        return {"bridge": self.settings.bridge.name, "schema": str(self._database.schema_version())}

    def plan_undo(self, run_id: str, progress: Progress | None = None) -> UndoReport:
        """What :meth:`undo` would do. Nothing is written, here or anywhere. Raises :class:`UserMistake`."""
        with self._database.sandbox() as sandbox:
            return undo.plan_undo(self._run(sandbox, progress, new_id=planned_ids()), run_id)

    def undo(
        self, run_id: str, *, by: str, allow_large_change: bool = False, progress: Progress | None = None
    ) -> UndoReport:
        """Take back what a run wrote, but for what people changed since. Raises :class:`UserMistake`."""
        options = self._options(allow_large_change=allow_large_change)
        with self._database.owned():
            return undo.undo(self._run(self._database, progress), run_id, options, by=by)

    def process_inbox(self) -> int:
        """Handle what systems told us. Returns the number of requests handled.

        Raises:
            Locked: there is something to handle, and another process works on this store.
        """
        with self._database.reading() as connection:
            if inbox_store.depth(connection, at=self._clock()) == 0:
                return 0
        with self._database.owned():
            run = self._run(self._database)
            set_aside(run, list(self._systems))
            return inbox.process_inbox(run)

    def resume(self, system: str) -> dict[str, Any]:
        """Let the next run call a system that is left alone: see :func:`resume`. Raises :class:`UserMistake`."""
        return resume(self._database, self._chosen([system])[0], at=iso(self._clock()))

    def receive(self, system: str, request: InboundRequest) -> Received:
        """Verify and keep a request; 202 once it is durable, 200 when we have it already. Safe from any thread."""
        known = self._systems.get(system)
        if known is None or not isinstance(known.connector, EventReceiver):
            return Received(404)
        try:
            known.connector.verify(request)
        except RejectRecord as error:
            _log.warning("an unverified request was refused", system=system, code=error.code)
            return Received(401)
        with self._database.transaction() as connection:
            return Received(202 if inbox_store.put(connection, system, request) else 200)

    def merge(
        self, survivor: str, absorbed: str, *, by: str, reason: str, despite_identifiers: bool = False
    ) -> dict[str, Any]:
        with self._database.owned():
            run, despite = self._run(self._database), despite_identifiers
            return decisions.merge(run, survivor, absorbed, by=by, reason=reason, despite_identifiers=despite)

    def unmerge(self, client_id: str, record: str, *, by: str, reason: str) -> dict[str, Any]:
        with self._database.owned():
            return decisions.unmerge(self._run(self._database), client_id, record, by=by, reason=reason)

    def review_decide(
        self, question: int, accept: bool, *, by: str, value: str | None = None, despite_identifiers: bool = False
    ) -> dict[str, Any]:
        with self._database.owned():
            run, despite = self._run(self._database), despite_identifiers
            return decisions.decide(run, int(question), accept=accept, by=by, value=value, despite_identifiers=despite)

    def unknown_resolve(
        self,
        which: str,
        *,
        arrived: bool,
        record_id: str | None,
        send_again: bool,
        by: str,
        despite_identifiers: bool = False,
        deleted_since: bool = False,
    ) -> dict[str, Any]:
        """A person says what became of a write or message. Raises :class:`UserMistake`."""
        with self._database.owned():
            told = unknowns.Told(arrived, record_id, send_again, despite_identifiers, by, deleted_since)
            return unknowns.resolve(self._run(self._database), which, told)

    def replay(self, ids: Sequence[int] = (), *, cause: Cause | None = None, dry_run: bool = False) -> dict[str, Any]:
        """Replay these dead letters, or all of ``cause``; see :func:`crm_bridge.runner.replay.replay`."""
        numbers = [int(each) for each in ids]
        with nullcontext() if dry_run else self._database.owned():
            return replay.replay(self._run(self._database), numbers, cause=cause, dry_run=dry_run)

    def edit_letter(self, letter_id: int, record: Mapping[str, Any], *, by: str) -> dict[str, Any]:
        """Let ``record`` count instead of what the letter's record says. Raises :class:`UserMistake`."""
        with self._database.owned():
            return corrections.edit(self._run(self._database), int(letter_id), record, by=by)

    def discard(self, ids: Sequence[int] = (), *, reason: str, by: str, cause: Cause | None = None) -> dict[str, Any]:
        """Close letters for good, with the reason; see :func:`crm_bridge.runner.replay.discard`."""
        numbers = [int(each) for each in ids]
        with self._database.owned():
            return replay.discard(self._run(self._database), numbers, cause=cause, reason=reason, by=by)

    def check(self, systems: Sequence[str] | None = None) -> Sequence[Checkup]:
        """Reach every system, and read the first page of each kind. Where ``systems`` names some, these alone: and a
        log-in that one of them had refused is tried again, once. Raises :class:`UserMistake`."""
        chosen = self._chosen(systems)
        if systems:
            with self._database.transaction() as connection:
                for name in chosen:
                    logins.forget(connection, name)
        return check_up([self._systems[name] for name in chosen], endpoints=endpoints_of(self.settings))

    def sample(self, system: str, *, kind: str | None, limit: int) -> Sequence[RawRecord]:
        """The first raw records of a system, at most ``limit``. Nothing is kept. Raises :class:`UserMistake`."""
        return sampling.sample(self._systems[self._chosen([system])[0]], kind=kind, limit=limit)

    def check_contracts(self, connector: str) -> list[dict[str, Any]]:
        """Run the reading tests of the source contract against each system that ``connector`` reaches."""
        return [
            {"system": name, "kind": kind.name, "test": result.test, "outcome": result.outcome, "why": result.why}
            for name, configured in self.settings.systems.items()
            if configured.connector == connector and isinstance(self._systems[name].connector, RecordSource)
            for kind in self._systems[name].kinds.values()
            for result in check_source(
                self._systems[name].connector,
                kind=kind.name,
                id_field=kind.mapping.document.header.id.src[-1],
                deadline_seconds=60,
            )
        ]

    def pages(self) -> Sequence[PageView]:
        return self._plugins.pages()

    def commands(self) -> Mapping[str, Callable[..., None]]:
        return self._plugins.commands()

    def close(self) -> None:
        for system in self._systems.values():
            try:
                system.connector.close()
            except Exception as error:  # noqa: BLE001  # a mistake in one connector keeps no other open
                _log.warning("a connector's close failed", system=system.name, **to_log(error))
        self._plugins.close()
        self._database.close()

    def _options(self, *, allow_large_change: bool, sweep: bool = False) -> SyncOptions:
        outbox = self.settings.outbox
        return SyncOptions(
            retry=RetryPolicy(outbox.first_delay, outbox.max_delay, outbox.give_up_after),
            policy=self.settings.policy,
            guard=None if allow_large_change else Guard(**dict(self.settings.guard)),
            routes=partial(route, self._systems.values(), self.settings.web.public_url),
            sweep=sweep,
            gate=partial(gate_to, self.settings.outbox, stopwatch=self._stopwatch),
        )

    def _chosen(self, systems: Sequence[str] | None) -> list[str]:
        unknown = [name for name in systems or () if name not in self._systems]
        if unknown:
            raise UserMistake(f"no such system: {', '.join(unknown)}; configured: {', '.join(self._systems)}")
        return list(systems) if systems else list(self._systems)

    def _report(self) -> RunReport:
        return RunReport(self._new_id(), iso(self._clock()), bridge=self.settings.bridge.name)

    def _run(
        self,
        database: Database,
        progress: Progress | None = None,
        *,
        new_id: Callable[[], str] | None = None,
        report: RunReport | None = None,
    ) -> RunContext:
        with database.reading() as connection:
            seq = history.next_seq(database, connection)
            pks = database.next_number(connection, source_records.c.pk)
        report = report or self._report()
        return RunContext(
            run_id=report.run_id,
            database=database,
            systems=self._systems,
            plugins=self._plugins,
            survivorship=self.settings.survivorship.as_policy(),
            clock=self._clock,
            new_id=new_id or self._new_id,
            random=self._chance,
            report=report,
            seq=Counter(seq),
            pks=Counter(pks),
            progress=progress or Silence(),
            patience=Patience(self.settings.outbox.war_after, self.settings.outbox.war_within),
            pool=self._pool,
        )


@contextmanager
def open_bridge(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], str] | None = None,
    installed: Iterable[EntryPoint] | None = None,
    stopwatch: Stopwatch | None = None,
    pool: Pool = threads,
    chance: Callable[[], float] = random.random,
) -> Iterator[Bridge]:
    """The bridge that ``settings`` describe, closed afterwards.

    Args:
        installed: entry points to choose plugins from; those of this environment by default.
        stopwatch: by which calls of the systems are paced; this machine's by default.
        pool: what calls to the systems are made in; handed in where their order must be the same each time.
        chance: evenly from 0 to 1, for the jitter of waits.

    Raises:
        ConfigMistake: plugins, connectors' settings or mappings are not right, with file and line.
    """
    plugins = plugins_of(settings, installed=installed)
    database = open_store(settings)
    try:
        remembered = partial(StoredLogins, database, clock=clock, draw=secrets.token_bytes)
        systems = open_systems(settings, plugins, clock, logins=remembered)
    except BaseException:
        database.close()
        raise
    bridge = Bridge(
        settings,
        database=database,
        plugins=plugins,
        systems=systems,
        clock=clock,
        new_id=new_id or time_ordered_ids(clock, draw=secrets.token_bytes),
        stopwatch=stopwatch or Stopwatch(),
        pool=pool,
        chance=chance,
    )
    try:
        yield bridge
    finally:
        bridge.close()
