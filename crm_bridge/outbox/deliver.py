"""Carrying due clients to a system: plan against what it holds, journal, send, settle.

Every write is journaled before it leaves. Whatever then happens to us or to the answer, the journal knows what was
sent, and :mod:`crm_bridge.outbox.recover` finds out what became of it. How long before, :mod:`~.portions` says.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from crm_bridge.connector import (
    EffectSafety,
    Postponed,
    RawRecord,
    RecordTarget,
    RecordWrite,
    Refused,
    Stale,
    Unknown,
    WriteLookup,
    WriteOutcome,
)
from crm_bridge.errors import (
    BridgeError,
    ConnectorFailed,
    CredentialsRefused,
    OutcomeUnknown,
    RejectRecord,
    RetryLater,
    StaleVersion,
)
from crm_bridge.hookspecs import Objection
from crm_bridge.outbox.batches import Batch, batches, planned
from crm_bridge.outbox.drafts import Draft
from crm_bridge.outbox.entries import Selection
from crm_bridge.outbox.fresh_look import changed_meanwhile
from crm_bridge.outbox.gate import Gate
from crm_bridge.outbox.lanes import Lane, asked
from crm_bridge.outbox.outcomes import take_outcomes
from crm_bridge.outbox.parcels import Parcel, intent_of, write_of
from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.outbox.portions import calls, settles_itself, wave
from crm_bridge.outbox.retry import RetryPolicy
from crm_bridge.outbox.settle import found_there
from crm_bridge.plugin_manager.plugins import FAILED_RULE
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM, calling, outcomes_of
from crm_bridge.run_context.systems import System
from crm_bridge.store import journal, letters, outbox, review
from crm_bridge.store.review import Doubt


def deliver(
    run: RunContext, system: System, *, retry: RetryPolicy, gate: Gate, only: Selection | None = None
) -> Lane[list[tuple[str, str]]]:
    """Deliver everything that is due to ``system``, as part of its lane.

    Args:
        only: these alone; the rest stays due.

    Returns:
        (kind, record id) of records that somebody else changed meanwhile: to be read again and merged.
    """
    connector = system.connector
    if not isinstance(connector, RecordTarget):
        return []
    way = _Way(run, system, connector, retry, gate, _without_answer(run, system))
    if gate.hopeless():
        _pause(way)
        return []
    again: list[tuple[str, str]] = []
    stage = f"{system.name}: writes"
    with run.database.reading() as connection:
        total = outbox.depth(connection).get((system.name, "due"), 0)
    run.progress.start(stage, total)
    try:
        for due in batches(run, system):
            again.extend((yield from _deliver_batch(way, due, only)))
            run.progress.advance(stage, len(due.rows))
    except _LeftAlone:
        _pause(way)
    except STOPS_ITS_SYSTEM as error:
        error.system = error.system or system.name
        stopped_by(run, system.name, error)
    finally:
        run.progress.done(stage)
    return again


@dataclass(frozen=True, slots=True)
class _Way:
    """What every batch to one system has in common."""

    run: RunContext
    system: System
    connector: RecordTarget
    retry: RetryPolicy
    gate: Gate
    alone: Set[str]  # clients whose writes go by themselves


def _deliver_batch(way: _Way, due: Batch, only: Selection | None) -> Lane[list[tuple[str, str]]]:
    run, system, gate = way.run, way.system, way.gate
    batch = due if only is None else only.narrow(due)
    if isinstance(way.connector, WriteLookup) and any(draft.repeats for _, draft in batch.drafts):
        again, arrived = yield from _look_before_repeating(way, way.connector, batch)
        # Meanwhile the other lanes went on: what they read may have changed what is to be written here.
        due = planned(run, system, [row for row in due.rows if row.id not in arrived])
        batch = due if only is None else only.narrow(due)
    else:
        again = []
    if not batch.rows:
        return again
    objections = _objections(run, batch)
    parcels = [
        Parcel(row, draft, intent_of(run, draft)) for row, draft in batch.drafts if _subject(draft) not in objections
    ]
    early = {
        parcel.intent.id
        for parcel in parcels
        if settles_itself(system.connector, parcel.draft.kind, parcel.intent.operation)
    }
    _journal(run, system, batch, parcels, objections, early=early)
    figures = run.report.of_write(system.name)
    figures.held += len(objections) + len(batch.waits)
    busy = {row.id for row, _ in [*batch.drafts, *batch.letters, *batch.waits]}
    figures.same += len(batch.rows) - len(busy)
    left = Counter([*batch.unfinished, *(parcel.row.id for parcel in parcels)])
    unsent = deque(calls(system, parcels, one_each=gate.limits.per_second is not None, alone=way.alone))
    try:
        while unsent:
            yield from _until_open(way)
            going = wave(unsent, width=1 if gate.breaker.probing else gate.limits.at_once)
            _journal_late(run, [parcel for _, chunk in going for parcel in chunk if parcel.intent.id not in early])
            done = yield [partial(_send_chunk, way, kind, chunk) for kind, chunk in going]
            stops: list[BaseException] = []
            for (_, chunk), each in zip(going, done, strict=True):
                if each.error is not None:
                    stops.append(each.error)
                    continue
                outcomes, stop = each.value
                again.extend(take_outcomes(run, system, chunk, outcomes, way.retry, left))
                gate.heard(answered=was_answered(outcomes), retry_after=_asked_for(outcomes))
                stops.extend([stop] if stop is not None and not _passes(gate, stop) else [])
            if stops:
                raise stops[0]
    finally:
        _give_back(run, [parcel for _, chunk in unsent for parcel in chunk], journaled=early)
        if batch.unfinished:
            with run.database.transaction() as connection:
                outbox.put_back(connection, sorted(batch.unfinished))
    return again


def _without_answer(run: RunContext, system: System) -> Set[str]:
    """The clients whose writes got no answer in this run so far. One record that makes the system silent costs itself
    alone when the writes that were sent together are sent again one by one."""
    if not run.report.of_write(system.name).unknown:
        return frozenset()
    with run.database.reading() as connection:
        return frozenset(journal.tried_in_vain(connection, run.run_id, system.name, states=journal.NO_ANSWER))


def _send_chunk(way: _Way, kind: str, chunk: Sequence[Parcel]) -> tuple[Sequence[WriteOutcome], BridgeError | None]:
    try:
        changed = changed_meanwhile(way.connector, [parcel.draft for parcel in chunk])
    except RejectRecord:
        changed = frozenset()  # one of them cannot be read: that says nothing of a write to it
    except (RetryLater, CredentialsRefused, ConnectorFailed) as error:
        after = error.retry_after if isinstance(error, RetryLater) else None
        return [Postponed(error.message, after)] * len(chunk), error
    going = [write_of(parcel.intent) for parcel in chunk if parcel.intent.record_id not in changed]
    outcomes, stop = send(way.connector, kind, going, gate=way.gate) if going else ((), None)
    told = iter(outcomes)
    stale = Stale("it changed since it was read")
    return [stale if parcel.intent.record_id in changed else next(told) for parcel in chunk], stop


class _LeftAlone(Exception):  # noqa: N818  # no error: the rest of this system's writes is left to a later run
    """Waiting for the system would take longer than a run waits."""


def _until_open(way: _Way) -> Lane[None]:
    """Wait while the system asked for time, or does not answer.

    Raises:
        _LeftAlone: it would take too long.
    """
    if way.gate.hopeless():
        raise _LeftAlone
    if way.gate.wait():
        yield from asked(way.gate.wait_for_it)


def _passes(gate: Gate, stop: BridgeError) -> bool:
    """The system asked for so little time that this run waits for it."""
    return isinstance(stop, RetryLater) and bool(stop.retry_after) and not gate.hopeless()


def _pause(way: _Way) -> None:
    """What was not sent waits as long as the system asked for. Where it was silent, the next run finds out."""
    wait = way.gate.asked()
    until = way.run.clock() + timedelta(seconds=wait)
    reason = outbox.ASKED if wait else f"{outbox.AWAY}the writes before were not answered"
    with way.run.database.transaction() as connection:
        outbox.pause(connection, way.system.name, now=way.run.now(), until=iso(until), reason=reason)


def was_answered(outcomes: Sequence[WriteOutcome]) -> bool:
    """Whether the system did something with any of them; that it refused a record is an answer too."""
    return any(not isinstance(outcome, Postponed | Unknown) for outcome in outcomes)


def _asked_for(outcomes: Sequence[WriteOutcome]) -> float | None:
    """Seconds that the system asked for."""
    named = [each.retry_after for each in outcomes if isinstance(each, Postponed) and each.retry_after is not None]
    return max(named, default=None)


def _look_before_repeating(
    way: _Way, connector: WriteLookup, batch: Batch
) -> Lane[tuple[list[tuple[str, str]], set[int]]]:
    """Ask once more for creates that were sent before and not found: what was carried out late is there by now.

    Returns:
        (kind, record id) of those that are, and the ids of their rows: these wait until the records were read.
    """
    found: list[tuple[str, str]] = []
    arrived: set[int] = set()
    for row, draft in batch.drafts:
        earlier = draft.repeats
        if earlier is None or draft.kind.capabilities.effect_safety is EffectSafety.NONE:
            continue
        record = yield from asked(partial(look_up, connector, draft.kind.name, write_of(earlier)))
        if record is None:
            continue
        if found_there(way.run, draft.kind, earlier, record, draft.units):
            found.append((draft.kind.name, draft.kind.mapping.record_id(record)))
            arrived.add(row.id)
    return found, arrived


def look_up(connector: WriteLookup, kind: str, write: RecordWrite) -> RawRecord | None:
    """``find_write``, kept apart."""
    with calling(connector, "find_write"):
        return connector.find_write(kind, write)


def _subject(draft: Draft) -> tuple[str, str | None, str]:
    return draft.planned.kind, draft.planned.record_id, draft.planned.client_id


def _objections(run: RunContext, batch: Batch) -> dict[tuple[str, str | None, str], Objection]:
    if not batch.drafts or not run.plugins.implements("review_plan"):
        return {}
    said = run.plugins.review_plan([draft.planned for _, draft in batch.drafts])
    with run.database.reading() as connection:
        overruled = review.allowed(connection, [each.client_id for _, each in said])
    found: dict[tuple[str, str | None, str], Objection] = {}
    for plugin, each in said:
        if (each.client_id, _doubt(each).right) not in overruled:
            found[each.kind, each.record_id, each.client_id] = each
            if each.reason.startswith(FAILED_RULE):
                run.report.hold_for(plugin)
    return found


def _journal(
    run: RunContext,
    system: System,
    batch: Batch,
    parcels: Sequence[Parcel],
    objections: Mapping[tuple[str, str | None, str], Objection],
    *,
    early: Set[str],
) -> None:
    """One transaction before anything is sent: intents, letters, objections, and the rows that need nothing.

    Args:
        early: ids of the intents that may stand open in the journal long before they are sent.
    """
    at = run.now()
    sending = {parcel.row.id for parcel in parcels}
    lettered = {row.id: letter.code for row, letter in batch.letters}
    held = {row.id: "objection" for row, draft in batch.drafts if _subject(draft) in objections}
    held |= {row.id: letter.message.removeprefix("waits for ") for row, letter in batch.waits}
    with run.database.transaction() as connection:
        outbox.sending(connection, [row.id for row in batch.rows])
        journal.record(connection, [parcel.intent for parcel in parcels if parcel.intent.id in early])
        new = letters.put(connection, [letter for _, letter in batch.letters], at=at, run_id=run.run_id)
        doubts = [_doubt(objection) for objection in objections.values()]
        newly_held = review.object_to(connection, doubts, at=at)
        wars = [war for _, war in batch.wars if not war.asked]
        review.put(connection, [war.doubt(run.patience.after) for war in wars], at=at)
        raised = {(doubt.left, doubt.right) for doubt in doubts}
        asked_about = [row.client_id for row in batch.rows]
        review.resolve_objections(connection, system.name, asked_about, but=raised, at=at)
        for row_id, code in lettered.items():
            outbox.park(connection, row_id, state="dead", reason=code)
        for row_id in held.keys() - lettered.keys():
            outbox.park(connection, row_id, state="held", reason=held[row_id])
        settled = [row.id for row in batch.rows if row.id not in sending | lettered.keys() | held.keys()]
        outbox.delivered(connection, settled)
        in_step = set(settled)
        mine = [row.client_id for row in batch.rows if row.id in in_step and row.client_id not in batch.in_doubt]
        letters.supersede_writes(connection, system.name, mine, at=at)
    run.report.new_dead_letters += new
    run.report.new_held += newly_held
    run.report.wars.extend(
        {"system": system.name, "record": f"{war.record.kind}:{war.record.record_id}", "path": war.path} for war in wars
    )


def _doubt(objection: Objection) -> Doubt:
    record = f"{objection.system}/{objection.kind}/{objection.record_id or 'new'}"
    return Doubt("objection", objection.client_id, record, "probable", objection.reason)


def send(
    connector: RecordTarget, kind: str, writes: Sequence[RecordWrite], *, gate: Gate
) -> tuple[Sequence[WriteOutcome], BridgeError | None]:
    """Send, and say what came of each write; with the error that makes going on pointless, if there was one."""
    try:
        with calling(connector, "write"):
            answer = gate.call(lambda: connector.write(kind, writes))
    except StaleVersion as error:
        return [Stale(error.message)] * len(writes), None
    except RejectRecord as error:
        return [Refused(error.message, error.code)] * len(writes), None
    except OutcomeUnknown as error:
        return [Unknown(error.message)] * len(writes), None
    except (RetryLater, CredentialsRefused) as error:
        after = error.retry_after if isinstance(error, RetryLater) else None
        return [Postponed(error.message, after)] * len(writes), error
    except ConnectorFailed as error:
        return [Unknown(error.message)] * len(writes), error  # it may have been sent before the mistake
    return outcomes_of(connector, answer, count=len(writes))


def _journal_late(run: RunContext, parcels: Sequence[Parcel]) -> None:
    """Those of which nobody could tell what became of them, as their calls are about to go out."""
    if parcels:
        with run.database.transaction() as connection:
            journal.record(connection, [parcel.intent for parcel in parcels])


def _give_back(run: RunContext, parcels: Sequence[Parcel], *, journaled: Set[str]) -> None:
    """Not sent at all: the target went away before their turn. ``journaled``: ids of the intents that were."""
    if not parcels:
        return
    ids = [parcel.intent.id for parcel in parcels if parcel.intent.id in journaled]
    unsent = [(intent, "abandoned", journal.NOT_SENT) for intent in ids]
    with run.database.transaction() as connection:
        journal.settle(connection, unsent, at=run.now())
        outbox.put_back(connection, [parcel.row.id for parcel in parcels])
