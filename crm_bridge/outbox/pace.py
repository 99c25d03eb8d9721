"""How fast one system may be called: a pure decision over seconds of any clock that only goes forward."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls at even distances, so that no second holds more of them than allowed, wherever it begins.

    Attributes:
        per_second: calls a second; ``None``: no limit.
        free_at: when the next call may start. The first one waits its turn too: what a run before this one did last is
            not known any more.
    """

    per_second: float | None
    free_at: float


def begin(per_second: float | None, *, now: float) -> Pace:
    """At the start of a run."""
    return Pace(per_second, now + 1 / per_second if per_second else now)


def take_turn(pace: Pace, *, now: float) -> tuple[float, Pace]:
    """How many seconds the next call has to wait, and the pace behind it."""
    if not pace.per_second:
        return 0.0, pace
    starts = max(now, pace.free_at)
    return starts - now, replace(pace, free_at=starts + 1 / pace.per_second)
