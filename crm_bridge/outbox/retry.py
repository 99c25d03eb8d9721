"""When to try again: a pure decision. The waiting itself is a time in the store, not a sleeping thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WISH = 3600.0  # seconds: a system that asks for more is asked again after an hour


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often a write is tried.

    Attributes:
        first_delay: the wait doubles from here on; the actual wait is drawn evenly below it.
        max_delay: no wait is longer, also where the other side asks for more.
        give_up_after: since the change was first due.
    """

    first_delay: timedelta = timedelta(minutes=1)
    max_delay: timedelta = timedelta(hours=6)
    give_up_after: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Again:
    """Try again, not before ``at``."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It has been tried for long enough: a dead letter."""

    reason: str


def next_step(
    policy: RetryPolicy,
    *,
    attempts: int,
    since: datetime,
    now: datetime,
    retry_after: float | None,
    random: Callable[[], float],
) -> Again | GiveUp:
    """What to do after the ``attempts``-th try failed for now.

    Args:
        retry_after: seconds that the other side asked for, obeyed up to an hour. The first time it is just that long;
            who asks for the same write again and again is not believed, and the wait grows.
        random: evenly from 0 to 1.
    """
    if now - since >= policy.give_up_after:
        hours = policy.give_up_after.total_seconds() / 3600
        return GiveUp(f"tried {attempts} times over {hours:.0f} hours")
    if retry_after:
        wish = timedelta(seconds=min(retry_after, LONGEST_WISH))
        wait = wish if attempts <= 1 else max(wish, _backoff(policy, attempts - 1, random))
    else:
        wait = _backoff(policy, attempts, random)
    return Again(now + min(wait, policy.max_delay))


def _backoff(policy: RetryPolicy, attempts: int, random: Callable[[], float]) -> timedelta:
    ceiling: timedelta = min(policy.max_delay, policy.first_delay * 2 ** min(attempts, 20))
    return ceiling * random()
