"""A thread that does one job at a time, and can be left behind when a job does not come back.

The threads are daemons: a plugin that hangs for ever must not keep the process from ending, which the joined threads of
``concurrent.futures`` would. Python cannot stop a thread, so an abandoned one ends by itself when its job returns.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The job returned ``value`` after ``seconds``."""

    value: T
    seconds: float


@dataclass(frozen=True, slots=True)
class Raised:
    """The job raised ``error`` after ``seconds``."""

    error: BaseException
    seconds: float


@dataclass(frozen=True, slots=True)
class Hung:
    """The job had not come back after ``seconds``; its thread was abandoned."""

    seconds: float


Answer: TypeAlias = Done[T] | Raised


class Worker:
    """One daemon thread, started by the first job. Not for several threads at once: the caller holds a lock."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] | None = None

    def run(self, job: Callable[[], T], *, seconds: float) -> Answer[T] | Hung:
        """Do ``job`` in the thread and wait at most ``seconds`` for it."""
        answer: SimpleQueue[Answer[T]] = SimpleQueue()
        jobs = self._jobs
        if jobs is None:
            jobs = self._jobs = SimpleQueue()
            threading.Thread(target=_serve, args=(jobs,), name=self._name, daemon=True).start()
        jobs.put(lambda: answer.put(_attempt(job)))
        try:
            return answer.get(timeout=seconds)
        except Empty:
            self.close()
            return Hung(seconds)

    def close(self) -> None:
        """Let the thread end when its job does; a later job starts a fresh one."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None


def _serve(jobs: SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := jobs.get()) is not None:
        job()


def _attempt(job: Callable[[], T]) -> Answer[T]:
    begun = time.monotonic()
    try:
        value = job()
    except BaseException as error:  # noqa: BLE001  # sys.exit() in a plugin is its failure, not our end
        return Raised(error, time.monotonic() - begun)
    return Done(value, time.monotonic() - begun)
