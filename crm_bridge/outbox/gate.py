"""The way to one system: its pace and its breaker, and the few tries of one attempt. Safe from several threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_random_exponential

from crm_bridge.errors import Unreachable
from crm_bridge.outbox.breaker import Breaker, after_call, asked_to_wait
from crm_bridge.outbox.pace import Pace, begin, take_turn
from crm_bridge.outbox.retry import LONGEST_WISH
from crm_bridge.run_context.systems import System

T = TypeVar("T")

LONGEST_GROUP = 30.0  # seconds that the tries of one attempt may take


@dataclass(frozen=True, slots=True)
class Limits:
    """How one system is called. ``tries``: of a call that sent nothing, within one attempt; ``patience``: seconds that
    a run waits for a system that asked for time or whose breaker is open, before it leaves it to the next run;
    ``longest_wait``: seconds, of the time that it asks for and that the breaker opens for."""

    at_once: int = 1
    per_second: float | None = None
    tries: int = 3
    patience: float = 30.0
    longest_wait: float = LONGEST_WISH


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Seconds that only go forward, and waiting for them. Handed in, so that a test moves both."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def declared(system: System) -> Limits:
    """What the connector says of the kinds that are written; of several, the strictest."""
    capabilities = [kind.capabilities for kind in system.targets()]
    rates = [each.rate_per_second for each in capabilities if each.rate_per_second is not None]
    return Limits(min((max(1, each.writes_at_once) for each in capabilities), default=1), min(rates) if rates else None)


@dataclass(slots=True)
class Gate:
    """One for each system and run. The breaker is the run's own thread's alone; the pace is shared by the calls."""

    limits: Limits = field(default_factory=Limits)
    clock: Stopwatch = field(default_factory=Stopwatch)
    breaker: Breaker = field(default_factory=Breaker)
    _waited: float = 0.0  # seconds since the last answer
    _pace: Pace = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._pace = begin(self.limits.per_second, now=self.clock.now())

    def call(self, send: Callable[[], T]) -> T:
        """``send`` when it is its turn; again, a little later each time, while nothing could be sent."""

        def one_try() -> T:
            with self._lock:
                wait, self._pace = take_turn(self._pace, now=self.clock.now())
            if wait:
                self.clock.sleep(wait)
            return send()

        tries = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Unreachable) and error.retry_after is None),
            stop=stop_after_attempt(self.limits.tries) | stop_after_delay(LONGEST_GROUP),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_GROUP / 2),
            sleep=self.clock.sleep,
            reraise=True,
        )
        return tries(one_try)

    def heard(self, *, answered: bool, retry_after: float | None) -> None:
        """Take in what came of a call.

        Args:
            answered: anything was done with it.
            retry_after: seconds that the system asked for; it did answer then, and this is no silence.
        """
        now, longest = self.clock.now(), self.limits.longest_wait
        if answered:
            self._waited = 0.0
        if answered or not retry_after:
            self.breaker = after_call(self.breaker, answered=answered, now=now, longest=longest)
        if retry_after:
            self.breaker = asked_to_wait(self.breaker, seconds=min(retry_after, longest), now=now)

    def wait(self) -> float:
        """Seconds until the system may be called again."""
        return self.breaker.wait(now=self.clock.now())

    def asked(self) -> float:
        """Seconds that are left of the time that the system asked for."""
        return self.breaker.asked(now=self.clock.now())

    def hopeless(self) -> bool:
        """Whether waiting for the system would take longer than a run waits."""
        wait, patience = self.wait(), self.limits.patience
        return bool(wait) and (max(wait, self.breaker.silence) > patience or self._waited >= patience)

    def wait_for_it(self) -> None:
        """Sleep until the system may be called again."""
        wait = self.wait()
        if wait:
            self._waited += wait
            self.clock.sleep(wait)
