"""After a crash or a lost answer: finding out what became of each write that nobody settled.

============  =================================================================================
an update     read the record back: it says what we wrote → it arrived; else plan it anew
a delete      read the record back, or ask for it: it is not there → it arrived; else plan it anew
a create      ask for our key where the system can be asked; send the same key again where that is safe
neither       its record turned up among what was read → it arrived; else it stays ``unknown`` until a person tells
============  =================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from crm_bridge.connector import (
    Accepted,
    EffectSafety,
    Postponed,
    RawRecord,
    RecordSource,
    RecordTarget,
    Refused,
    Stale,
    Unknown,
    WriteLookup,
)
from crm_bridge.outbox.deliver import look_up, send, was_answered
from crm_bridge.outbox.gate import Gate
from crm_bridge.outbox.lanes import Lane, asked
from crm_bridge.outbox.parcels import write_of
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.outbox.settle import arrived, count_late, found_gone, found_there, settle_accepted, unless_of_another
from crm_bridge.run_context.by_ids import read_by_ids
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.store import journal, outbox, records
from crm_bridge.store.journal import Intent
from crm_bridge.sync.read_back import may_have_been_seen, typed_over

REPEATABLE = (EffectSafety.IDEMPOTENT, EffectSafety.KEYED)


def recover(run: RunContext, system: System, *, gate: Gate, fresh: bool = False) -> Lane[list[tuple[str, str]]]:
    """Settle what can be settled of this system's open and unknown writes, as part of its lane.

    Args:
        fresh: their answers were lost in this very run. A create that is not there yet may still be carried out: it
            is asked for once more by the next run, before it is sent again.

    Returns:
        (kind, record id) of records to be read again.
    """
    with run.database.reading() as connection:
        pending = journal.in_state(connection, ["open", "unknown"], system.name)
    again: list[tuple[str, str]] = []
    try:
        for kind, intents in _portions(system, pending):
            if gate.wait():
                break  # it answers nothing: what is open stays so, and the next run asks
            source = _read_back_from(system, kind, intents[0])
            if source is not None:
                found = yield from _read_back(run, source, kind, intents)
            else:
                found = yield from _look(run, system, kind, intents[0], gate, fresh)
            again.extend((kind.name, record_id) for record_id in found)
    except STOPS_ITS_SYSTEM as error:
        stopped_by(run, system.name, error)
    return again


def _portions(system: System, pending: Sequence[Intent]) -> Iterator[tuple[Kind, Sequence[Intent]]]:
    """What is found out by one look each: a page of what is read back, and everything else for itself."""
    pages: dict[str, list[Intent]] = {}
    rest: list[tuple[Kind, Intent]] = []
    for intent in pending:
        kind = system.kinds.get(intent.kind)
        if kind is not None and _read_back_from(system, kind, intent) is not None:
            pages.setdefault(kind.name, []).append(intent)
        elif kind is not None:
            rest.append((kind, intent))
    for name, intents in pages.items():
        at_once = max(1, system.kinds[name].capabilities.page_size)
        for start in range(0, len(intents), at_once):
            yield system.kinds[name], intents[start : start + at_once]
    for kind, intent in rest:
        yield kind, [intent]


def _read_back_from(system: System, kind: Kind, intent: Intent) -> RecordSource | None:
    """The system, where the record that the write was about says what became of it."""
    if intent.operation == "create" or intent.record_id is None or not kind.capabilities.reads_back:
        return None
    return system.connector if isinstance(system.connector, RecordSource) else None


def _read_back(run: RunContext, connector: RecordSource, kind: Kind, intents: Sequence[Intent]) -> Lane[list[str]]:
    names = dict.fromkeys(str(intent.record_id) for intent in intents)
    page = yield from asked(partial(read_by_ids, connector, kind.name, list(names)))
    there = {kind.mapping.record_id(record): record for record in page.records}
    unreadable = {each.record_id for each in page.broken}
    again: list[str] = []
    for intent in intents:
        record_id = str(intent.record_id)
        if record_id in unreadable:
            _wait(run, intent)  # and is read again: what is wrong with it becomes a dead letter
        elif record_id in there and intent.operation == "update":
            _compare(run, kind, intent, there[record_id])
        elif record_id in there or intent.operation == "update":
            plan_anew(run, intent)
        else:
            found_gone(run, intent)
            continue
        again.append(record_id)
    return again


def _compare(run: RunContext, kind: Kind, intent: Intent, record: RawRecord) -> None:
    units, over = _seen_there(run, kind, intent, record)
    if units:
        arrived(run, kind, intent, str(intent.record_id), units, over)
    else:
        plan_anew(run, intent)


def _look(run: RunContext, system: System, kind: Kind, intent: Intent, gate: Gate, fresh: bool) -> Lane[list[str]]:
    connector = system.connector
    if isinstance(connector, WriteLookup) and not _cannot_be_told(kind, intent):
        record = yield from asked(partial(look_up, connector, kind.name, write_of(intent)))
        if intent.operation == "delete":
            if record is None:
                found_gone(run, intent)
            else:
                plan_anew(run, intent)
            return []
        if record is None:
            if fresh and intent.operation == "create" and kind.capabilities.effect_safety not in REPEATABLE:
                _wait(run, intent)
            else:
                plan_anew(run, intent)
            return []
        if found_there(run, kind, intent, record, intent.request["units"]):
            return [kind.mapping.record_id(record)]
        _wait(run, intent)
        return []
    if kind.capabilities.effect_safety in REPEATABLE and isinstance(connector, RecordTarget):
        yield from _send_again(run, connector, kind, intent, gate)
        return []
    if intent.operation == "create" and was_read(run, intent):
        plan_anew(run, intent, state="accepted", reason="its record was read")
        count_late(run, intent)
        return []
    _wait(run, intent)
    return []


def _cannot_be_told(kind: Kind, intent: Intent) -> bool:
    """Whether the system can be asked about other kinds, and nothing tells a create of this one from others."""
    return intent.operation == "create" and kind.capabilities.effect_safety is EffectSafety.NONE


def _seen_there(
    run: RunContext, kind: Kind, intent: Intent, record: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of the write the record's users may have seen, and what stands there instead of it."""
    with run.database.reading() as connection:
        known = records.one(connection, intent.system, intent.kind, str(intent.record_id))
    before = known.effective_doc() if known else {}
    written, holds = kind.mapping.read(intent.request["full"]).doc, kind.mapping.read(record).doc
    seen = may_have_been_seen(before, written, holds, wrote=intent.request["units"])
    return seen, typed_over(seen, before, holds)


def was_read(run: RunContext, intent: Intent) -> bool:
    """Whether the client has a record of this kind by now. Before the create it had none, or a deleted one."""
    with run.database.reading() as connection:
        rows = records.of_clients(connection, [intent.client_id])[intent.client_id]
    there = [row for row in rows if (row.system, row.kind) == (intent.system, intent.kind)]
    return any(row.gone_at is None or row.observed_at >= intent.created_at for row in there)


def plan_anew(run: RunContext, intent: Intent, *, state: str = "abandoned", reason: str = "") -> None:
    """It did not arrive, or its record was read already: what the system still needs is found out from the start."""
    reason = reason or ": ".join(filter(None, ("it did not arrive", intent.outcome)))
    with run.database.transaction() as connection:
        journal.settle(connection, [(intent.id, state, reason)], at=run.now())
        outbox.try_again(connection, intent.system, intent.client_id, at=run.now())


def _send_again(run: RunContext, connector: RecordTarget, kind: Kind, intent: Intent, gate: Gate) -> Lane[None]:
    outcomes, stop = yield from asked(partial(send, connector, kind.name, [write_of(intent)], gate=gate))
    gate.heard(answered=was_answered(outcomes), retry_after=None)
    if stop is not None:
        raise stop
    with run.database.reading() as connection:
        outcome = unless_of_another(connection, intent, outcomes[0])
    match outcome:
        case Accepted():
            with run.database.transaction() as connection:
                settle_accepted(run, connection, kind, intent, outcome)
                journal.settle(connection, [(intent.id, "accepted", "sent again with the same key")], at=run.now())
                outbox.enqueue(connection, [(intent.system, intent.client_id)], at=run.now())
            count_late(run, intent)
        case Stale() | Refused():
            plan_anew(run, intent)  # it did not arrive; planned anew, it meets the same answer and is settled by it
        case Postponed() | Unknown():
            _wait(run, intent)


def _wait(run: RunContext, intent: Intent) -> None:
    with run.database.transaction() as connection:
        journal.settle(connection, [(intent.id, "unknown", "nobody can tell whether it arrived")], at=run.now())
        outbox.park_client(connection, intent.system, intent.client_id, state="unknown", reason="answer lost")
