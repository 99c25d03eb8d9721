"""Whether a system is worth calling: a circuit breaker as a value, decided from its past answers and the time.

Closed, every call goes. When half of the last calls failed it opens: nothing goes for a while. Then one call goes as a
probe; if it is answered the breaker is closed, else it opens for twice as long. A refused record is an answer.
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
    """

    answers: tuple[tuple[float, bool], ...] = ()
    opened: int = 0
    open_until: float | None = None

    def wait(self, *, now: float) -> float:
        """Seconds until the next call may go."""
        return max(0.0, self.open_until - now) if self.open_until is not None else 0.0

    @property
    def probing(self) -> bool:
        """Whether the next call goes alone, and decides."""
        return self.open_until is not None


def after_call(breaker: Breaker, *, answered: bool, now: float) -> Breaker:
    """The breaker once it is known what came of a call."""
    if breaker.open_until is not None:
        return Breaker() if answered else _open(breaker, now=now)
    recent = (*((at, ok) for at, ok in breaker.answers if now - at < WINDOW), (now, answered))
    failed = sum(not ok for _, ok in recent)
    grown = replace(breaker, answers=recent)
    return _open(grown, now=now) if len(recent) >= FEWEST and failed >= SHARE * len(recent) else grown


def asked_to_wait(breaker: Breaker, *, seconds: float, now: float) -> Breaker:
    """The system named a time itself (Retry-After): nobody calls it before, and then one call finds out."""
    return replace(breaker, open_until=max(breaker.open_until or 0.0, now + seconds))


def _open(breaker: Breaker, *, now: float) -> Breaker:
    rest = min(LONGEST, SHORTEST * 2**breaker.opened)
    return Breaker((), breaker.opened + 1, now + rest)
