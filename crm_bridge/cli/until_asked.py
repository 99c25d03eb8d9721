"""Waiting until Ctrl-C or SIGTERM: the first lets a command tidy up, a second ends the process at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from queue import Empty, SimpleQueue


def until_asked(idle: Callable[[], None] = lambda: None, *, every: float = 0.5) -> None:
    """Return at the first SIGINT or SIGTERM. A second one finds the system's own handler, whatever goes on then.

    Args:
        idle: called while nothing comes.
        every: seconds between two calls.
    """
    # An Event is not re-entrant: a signal that comes while another one's handler sets it, as when a group and its
    # parent are both told to end, waits for a lock that its own thread holds. A SimpleQueue is made for that.
    asked: SimpleQueue[int] = SimpleQueue()

    def ask(number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        asked.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))  # a parent's mask is inherited
    while True:  # not one endless wait: a signal that the system gave to another thread wakes nobody here
        try:
            asked.get(timeout=every)
        except Empty:
            idle()
        else:
            return
