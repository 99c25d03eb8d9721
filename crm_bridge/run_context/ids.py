"""Ids, made from a clock that is handed in."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable
from datetime import datetime

DRAWN_AT_ONCE = 256  # numbers of eight bytes: asking the system for each costs more than all else about an id


def time_ordered_ids(clock: Callable[[], datetime], *, draw: Callable[[int], bytes]) -> Callable[[], str]:
    """UUID version 7 (RFC 9562): ordered by time, so that new rows land together, and unguessable.

    Args:
        draw: so many random bytes, which nobody can foresee.
    """
    state = {"last": 0}
    drawn = itertools.chain.from_iterable(iter(lambda: array("Q", draw(8 * DRAWN_AT_ONCE)), None))

    def new_id() -> str:
        count = max(int(clock().timestamp() * 1000) << 12, state["last"] + 1)
        state["last"] = count  # milliseconds, and 12 bits of counter, which keep the order within one
        millis, bits = count >> 12, next(drawn)
        return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031  # twice as fast as slices of one long text
            millis >> 16,
            millis & 0xFFFF,
            count & 0xFFF,
            0x8000 | bits >> 50,  # the variant, and 14 bits
            bits & 0xFFFF_FFFF_FFFF,
        )

    return new_id


def planned_ids() -> Callable[[], str]:
    """Ids of clients that a plan would make: the same each time, and behind all real ones in order."""
    numbers = itertools.count(1)
    return lambda: f"new-{next(numbers):08d}"
