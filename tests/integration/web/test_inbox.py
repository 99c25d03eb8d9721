"""Stored requests are processed beside the server."""

from __future__ import annotations

import threading

from crm_bridge.errors import RetryLater
from crm_bridge.web import InboxWorker


def test_waking_processes_at_once():
    """Not at the next regular round."""
    rounds = threading.Semaphore(0)

    with InboxWorker(rounds.release, every_seconds=3600) as worker:
        assert rounds.acquire(timeout=5)  # what an earlier life left behind
        worker.wake()
        assert rounds.acquire(timeout=5)


def test_a_round_that_fails_does_not_end_the_next():
    """Neither an error of ours nor a bug."""
    rounds = threading.Semaphore(0)
    errors = [RetryLater("later"), ValueError("a bug")]

    def process():
        rounds.release()
        if errors:
            raise errors.pop()

    with InboxWorker(process, every_seconds=0.01):
        assert all(rounds.acquire(timeout=5) for _ in range(4))
