"""Ids, made from a clock that is handed in."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime


def time_ordered_ids(clock: Callable[[], datetime], *, draw: Callable[[int], int]) -> Callable[[], str]:
    """UUID version 7 (RFC 9562): ordered by time, so that new rows land together, and unguessable.

    Args:
        draw: so many random bits, which nobody can foresee.
    """
    state = {"last": 0}

    def new_id() -> str:
        millis = max(int(clock().timestamp() * 1000), state["last"] >> 12)
        count = max((millis << 12), state["last"] + 1)  # 12 bits of counter keep the order within a millisecond
        state["last"] = count
        high = ((count >> 12) << 16) | 0x7000 | (count & 0xFFF)
        low = 0x8000_0000_0000_0000 | draw(62)
        text = f"{high:016x}{low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    return new_id


def planned_ids() -> Callable[[], str]:
    """Ids of clients that a plan would make: the same each time, and behind all real ones in order."""
    numbers = itertools.count(1)
    return lambda: f"new-{next(numbers):08d}"
