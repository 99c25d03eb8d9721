"""Whether a system is worth calling: a circuit breaker as a value, decided from its past answers and the time.

Closed, every call goes. When half of the last calls failed it opens: nothing goes for a while. Then one call goes as a
probe; if it is answered the breaker is closed, else it opens for twice as long. A refused record is an answer.

A system that names a time (Retry-After) did answer: it is left alone for just that long, and then one call goes as a
probe. The breaker neither adds to that time nor counts it as silence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WINDOW = 30.0  # seconds that an answer counts for
FEWEST = 10  # calls before anything is decided
SHARE = 0.5
SHORTEST, LONGEST = 15.0, 300.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one system. Times are seconds of a clock that only goes forward.

    Attributes:
        answers: (when, whether it was answered) of the calls in the window.
        opened: how many times in a row it opened.
        open_until: nothing goes before; then one call does, as a probe. ``None``: closed.
        asked_until: the system asked to be left alone until then; then one call goes, as a probe.
    """

    answers: tuple[tuple[float, bool], ...] = ()
    opened: int = 0
    open_until: float | None = None
    asked_until: float | None = None

    def wait(self, *, now: float) -> float:
        """Seconds until the next call may go."""
        return max(self.asked(now=now), self.open_until - now if self.open_until is not None else 0.0)

    def asked(self, *, now: float) -> float:
        """Seconds that are left of the time that the system asked for."""
        return max(0.0, self.asked_until - now) if self.asked_until is not None else 0.0

    @property
    def silence(self) -> float:
        """Seconds that as many failed probes are worth, whatever the longest wait: how hopeless it is."""
        return _rest(self.opened - 1) if self.open_until is not None else 0.0

    @property
    def probing(self) -> bool:
        """Whether the next call goes alone, and decides."""
        return self.open_until is not None or self.asked_until is not None


def after_call(breaker: Breaker, *, answered: bool, now: float, longest: float = LONGEST) -> Breaker:
    """The breaker once it is known what came of a call. ``longest``: seconds that it opens for at most."""
    # A call that was under way when the system asked for time says nothing about that time.
    asked = breaker.asked_until if breaker.asked(now=now) else None
    if breaker.open_until is not None:
        return Breaker(asked_until=asked) if answered else _open(breaker, asked, now=now, longest=longest)
    recent = (*((at, ok) for at, ok in breaker.answers if now - at < WINDOW), (now, answered))
    failed = sum(not ok for _, ok in recent)
    grown = replace(breaker, answers=recent, asked_until=asked)
    opens = len(recent) >= FEWEST and failed >= SHARE * len(recent)
    return _open(grown, asked, now=now, longest=longest) if opens else grown


def asked_to_wait(breaker: Breaker, *, seconds: float, now: float) -> Breaker:
    """The system named a time itself (Retry-After): nobody calls it before, and then one call finds out."""
    return Breaker(breaker.answers, asked_until=max(breaker.asked_until or 0.0, now + seconds))


def _open(breaker: Breaker, asked: float | None, *, now: float, longest: float) -> Breaker:
    return Breaker((), breaker.opened + 1, now + min(longest, _rest(breaker.opened)), asked)


def _rest(opened: int) -> float:
    return min(LONGEST, SHORTEST * 2.0 ** max(0, opened))
