"""Working off the inbox: hints lead to a re-read, reports move messages on. Each event counts once."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import structlog
from sqlalchemy import Connection

from crm_bridge.connector import DeliveryReport, EventReceiver, InboundEvent, RecordHint
from crm_bridge.errors import ConnectorFailed, RejectRecord
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM, calling
from crm_bridge.runner.keys_anew import keys_anew
from crm_bridge.runner.pull import reread
from crm_bridge.store import inbox, journal, letters, notices
from crm_bridge.store.inbox import Received
from crm_bridge.store.letters import Letter

AT_ONCE = 500

_log = structlog.get_logger("crm_bridge")


def process_inbox(run: RunContext) -> int:
    """Handle everything that waits. Returns how many requests were handled; those of a system that is away wait on."""
    keys_anew(run)
    handled = 0
    while True:
        with run.database.transaction() as connection:
            waiting = {*run.report.stopped, *_cut_off(connection)}
            taken = inbox.take(connection, limit=AT_ONCE, at=run.clock(), but=sorted(waiting))
        if not taken:
            return handled
        for name in sorted({each.system for each in taken}):
            mine = [each for each in taken if each.system == name]
            if _of_system(run, name, mine):
                handled += sum(not each.looked for each in mine)


def _cut_off(connection: Connection) -> set[str]:
    """Systems where a create of a run that was killed may have made a record: read now, and edited since, that would
    be taken for a new client. The next sync first finds out what became of it."""
    return journal.cut_off_in_creates(connection)


def _of_system(run: RunContext, name: str, received: Sequence[Received]) -> bool:
    system = run.systems.get(name)
    hints: dict[str, list[str]] = {}
    reports: list[DeliveryReport] = []
    bad: list[Letter] = []
    early: list[int] = []
    for each in received:
        if system is None or not isinstance(system.connector, EventReceiver):
            bad.append(_letter(each, "no configured system takes this request"))
            continue
        try:
            with calling(system.connector, "parse"):
                events = list(system.connector.parse(each.request))
            _sort(events, hints, reports)
            if not each.looked and any(isinstance(event, RecordHint) and event.early for event in events):
                early.append(each.id)
        except (RejectRecord, ConnectorFailed) as error:
            bad.append(_letter(each, error.message))
    if system is not None:
        for kind, ids in hints.items():
            if kind not in system.kinds or not system.kinds[kind].read:
                continue
            try:
                reread(run, system, system.kinds[kind], sorted(set(ids)))
            except STOPS_ITS_SYSTEM as error:
                stopped_by(run, name, error)
                return False
    at = run.now()
    with run.database.transaction() as connection:
        for report in reports:
            if inbox.first_time(connection, name, report.event_id, at=at):
                notices.report(
                    connection,
                    report.message_id,
                    report.status,
                    at=iso(report.at) if report.at else None,
                    received_at=at,
                    detail=report.detail,
                )
        new = letters.put(connection, bad, at=at, run_id=run.run_id)
        run.report.new_dead_letters += new
        inbox.done(connection, early, state="again")
        inbox.done(connection, [each.id for each in received if each.id not in early])
    if new:  # whoever runs `serve` sees no report
        _log.warning("requests that nobody can read became dead letters", system=name, count=new)
    return True


def _sort(events: Sequence[InboundEvent], hints: dict[str, list[str]], reports: list[DeliveryReport]) -> None:
    for event in events:
        match event:
            case RecordHint():
                hints.setdefault(event.kind, []).append(event.record_id)
            case DeliveryReport():
                reports.append(event)


def _letter(received: Received, why: str) -> Letter:
    return Letter(
        stage="inbox",
        system=received.system,
        kind="request",
        record_id=str(received.id),
        code="malformed",
        message=why,
        raw=orjson.dumps(received.request.body.decode("utf-8", "replace")),
        hint="nothing was lost if the system is read regularly; ask its owner why it sends this",
    )
