"""One implementation called by itself: under a time limit, its failures counted, suspended when it has too many.

Why not let pluggy call: its broadcast stops at the first exception and cannot be timed, so one bad plugin would cost
every other plugin its call.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TypeVar

from crm_bridge.plugin_manager.worker import Done, Hung, Raised, Worker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plugin may cost a run.

    Attributes:
        seconds: that one call may take.
        hangs: calls over that time, after which the plugin is suspended for the run. They cost real time: few.
        failures: calls that raised or returned a wrong type, after which it is suspended. They are cheap: more.
    """

    seconds: float = 5.0
    hangs: int = 3
    failures: int = 20


@dataclass(frozen=True, slots=True)
class PluginFailure:
    """What went wrong in a plugin, counted. It holds no value of any client: classes, names and places alone.

    Attributes:
        error: the exception's class, or ``TimeLimit``, ``WrongResult``, ``Dropped``, ``Suspended``.
        detail: where it was raised (``module.py:17``), or what was wrong with the result.
        seconds: spent in these calls, summed.
        count: how often.
    """

    plugin: str
    hook: str
    error: str
    detail: str
    seconds: float
    count: int = 1

    def __str__(self) -> str:
        what = f"{self.error} ({self.detail})"
        return f"plugin {self.plugin}: {self.hook}: {what}, {self.count} times, {self.seconds:.1f} s"


class WrongResult(Exception):  # noqa: N818  # named for what it says, as all of our errors are
    """A hook returned what its specification does not allow. The message names types, never values."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The call gave no usable result; the ledger knows why."""

    plugin: str


@dataclass(slots=True)
class _Record:
    """What the ledger knows of one plugin. ``lock`` makes its calls follow one another."""

    worker: Worker
    lock: threading.Lock
    hangs: int = 0
    failures: int = 0
    suspended: bool = False


class Isolation:
    """Calls implementations and keeps the ledger. May be used from several threads.

    Each plugin has one thread of its own and gets one call at a time, so an author need not think of threads. Waiting
    for the plugin's earlier call to end does not count against its time.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._records: dict[str, _Record] = {}
        self._failures: dict[tuple[str, str, str, str], PluginFailure] = {}
        self._guard = threading.Lock()

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """Everything that went wrong so far, in the order of first appearance."""
        with self._guard:
            return tuple(self._failures.values())

    @property
    def suspended(self) -> frozenset[str]:
        """Plugins that are not called any more in this run."""
        with self._guard:
            return frozenset(name for name, record in self._records.items() if record.suspended)

    def call(self, plugin: str, hook: str, job: Callable[[], T]) -> T | Failed:
        """Do ``job`` within the time limit, or tell that it failed. Never raises what the plugin raises."""
        record = self._record(plugin)
        with record.lock:
            if record.suspended:
                self.note(plugin, hook, "Suspended", "not called any more in this run")
                return Failed(plugin)
            match record.worker.run(job, seconds=self.limits.seconds):
                case Done(value):
                    return value
                case Raised(WrongResult() as error, seconds):
                    self.note(plugin, hook, "WrongResult", str(error), seconds=seconds)
                    record.failures += 1
                case Raised(error, seconds):
                    self.note(plugin, hook, type(error).__name__, _place(error), seconds=seconds)
                    record.failures += 1
                case Hung(seconds):
                    self.note(plugin, hook, "TimeLimit", f"over {self.limits.seconds:g} s, abandoned", seconds=seconds)
                    record.hangs += 1
            record.suspended = record.hangs >= self.limits.hangs or record.failures >= self.limits.failures
            return Failed(plugin)

    def note(self, plugin: str, hook: str, error: str, detail: str, *, seconds: float = 0.0, count: int = 1) -> None:
        """Add to the ledger without counting towards suspension."""
        key = (plugin, hook, error, detail)
        with self._guard:
            known = self._failures.get(key) or PluginFailure(plugin, hook, error, detail, seconds=0.0, count=0)
            self._failures[key] = replace(known, seconds=known.seconds + seconds, count=known.count + count)

    def close(self) -> None:
        """Let the threads end."""
        with self._guard:
            for record in self._records.values():
                record.worker.close()

    def _record(self, plugin: str) -> _Record:
        with self._guard:
            if plugin not in self._records:
                self._records[plugin] = _Record(Worker(f"plugin {plugin}"), threading.Lock())
            return self._records[plugin]


def _place(error: BaseException) -> str:
    """Where it was raised. Not its message: authors put values in messages."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown place"
