"""What one run tells the next of a system: the time that it asked for (Retry-After), and that it answered too little.

Inside one run the gate knows that. A run that is started every minute would not, and would call a system sixty times
that asked for an hour: so it stands in the store, until it is over, the system answers, or a person lifts it. One that
did not answer is not set aside: whoever mended it wants it called. Its first write goes alone, and decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from crm_bridge.errors import BridgeError, ExitCode, RetryLater
from crm_bridge.outbox.breaker import Breaker
from crm_bridge.outbox.gate import Gate
from crm_bridge.outbox.retry import LONGEST_WISH
from crm_bridge.run_context.context import RunContext, iso
from crm_bridge.run_context.systems import System
from crm_bridge.store import pauses
from crm_bridge.store.outbox import ASKED
from crm_bridge.store.pauses import Pause

UNANSWERED = "it answered too few of the last calls"


def set_aside(run: RunContext, systems: Sequence[str]) -> None:
    """Stop those of ``systems`` for this run whose pause is not over: nothing of them is read or written."""
    now = run.now()
    with run.database.reading() as connection:
        kept = pauses.every(connection)
    for name in systems:
        pause = kept.get(name)
        if pause is not None and pause.until > now:
            run.report.paused[name] = {"until": pause.until, "reason": pause.reason}
            run.report.stop(name, told(pause), ExitCode.UNAVAILABLE)


def told(pause: Pause) -> str:
    """A pause in words."""
    until = pause.until[:19].replace("T", " ")
    return f"{pause.system}: left alone until {until} UTC ({pause.reason}); `crm-bridge resume {pause.system}` lifts it"


def gates_of(run: RunContext, systems: Sequence[str], gate: Callable[[System], Gate]) -> dict[str, Gate]:
    """The ways to these systems. Where a pause is over, one call goes alone, and decides."""
    made = {name: gate(run.systems[name]) for name in systems}
    with run.database.reading() as connection:
        kept = pauses.every(connection)
    for name in made.keys() & kept.keys():
        made[name].breaker = Breaker((), kept[name].opened, made[name].clock.now())
    return made


def stopped_by(run: RunContext, system: str, error: BridgeError) -> None:
    """The system could not be worked with in this run; where it asked for time, later runs keep to it."""
    run.report.stop(system, str(error), int(error.exit_code))
    if isinstance(error, RetryLater) and error.retry_after:
        until = run.clock() + timedelta(seconds=min(error.retry_after, LONGEST_WISH))
        run.report.paused[system] = {"until": iso(until), "reason": f"{ASKED}: {error.message}"}


def keep(run: RunContext, gates: Mapping[str, Gate]) -> None:
    """At the end of a run: what later runs have to know. A system that was called and answered is free again."""
    now = run.now()
    with run.database.reading() as connection:
        before = pauses.every(connection)
    with run.database.transaction() as connection:
        for name, gate in gates.items():
            asked, wait = run.report.paused.get(name), gate.asked()
            held = before.get(name)
            if asked is not None and held is not None and held.until == asked["until"]:
                continue  # it was set aside
            opened, latest = gate.breaker.opened, _later(run, gate.limits.longest_wait)
            if wait and (asked is None or _later(run, wait) > asked["until"]):
                asked = run.report.paused[name] = {"until": _later(run, wait), "reason": ASKED}
            if asked is not None and asked["until"] > latest:
                asked = run.report.paused[name] = {**asked, "until": latest}
            if asked is not None:
                pauses.put(connection, Pause(name, asked["until"], asked["reason"], now, opened))
            elif opened:
                pauses.put(connection, Pause(name, now, UNANSWERED, now, opened))
            elif held is not None and (not gate.breaker.probing or not (held.opened or name in run.report.stopped)):
                pauses.lift(connection, name)


def _later(run: RunContext, seconds: float) -> str:
    moment: datetime = run.clock() + timedelta(seconds=seconds)
    return iso(moment)
