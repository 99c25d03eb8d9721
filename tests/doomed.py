"""Work in a process of its own, which may be killed in the middle. Needs nothing but Python."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable


def doomed(work: Callable[[], None], *, killed_after: float | None = None) -> tuple[float, int]:
    """Run ``work`` in a forked process; ``kill -9`` after so many seconds, where given.

    Returns:
        How many seconds it took, and its exit code; ``-9`` where it was killed.
    """
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  # a forked process must not run on into its parent's code
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    timer = None
    if killed_after is not None:
        timer = threading.Timer(killed_after, os.kill, (child, signal.SIGKILL))
        timer.start()
    _, status = os.waitpid(child, 0)
    if timer is not None:
        timer.cancel()
        timer.join()
    return time.monotonic() - begun, os.waitstatus_to_exitcode(status)
