"""Going on when our own store was away in the middle of a run: a database server that restarts, a disk that was full.

A run may be begun again at any point: what was committed is there, what was sent is in the journal, and the rest is
read and planned anew. So nothing is mended here; the run is done once more when the store answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from crm_bridge.errors import StoreAway
from crm_bridge.outbox.gate import Stopwatch

T = TypeVar("T")

_log = structlog.get_logger("crm_bridge")

PATIENCE = 60.0  # seconds without a store that we wait for it
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 4.0


def through_outages(work: Callable[[int], T], *, watch: Stopwatch) -> T:
    """What ``work`` returns, begun again each time that the store was away; it is told how often that was. The log says
    of each outage that it is waited for.

    Raises:
        StoreAway: it stayed away.
    """
    outages, since, pause = 0, watch.now(), FIRST_PAUSE
    while True:
        begun = watch.now()
        try:
            return work(outages)
        except StoreAway as error:
            failed = watch.now()
            if outages == 0 or failed - begun > LONGEST_PAUSE:  # it was back meanwhile: this is another outage
                since, pause = failed, FIRST_PAUSE
                _log.warning(f"this run waits for its store, for {PATIENCE:g} s at most: {error.message}")
            if failed - since >= PATIENCE:
                raise
        watch.sleep(pause)
        outages, pause = outages + 1, min(pause * 2, LONGEST_PAUSE)
