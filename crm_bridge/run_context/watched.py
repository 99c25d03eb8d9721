"""A connector under a time limit: a call that does not come back costs its own system, and nobody waits for it.

First-party connectors keep deadlines of their own on the wire; this is for whatever an author forgot. Reading calls
follow one another in one thread of the connector's own, which also opened it; each write has a thread for itself.
Python cannot stop a thread: a call that was given up ends when it returns, and no later call waits behind it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any

from crm_bridge.plugin_manager.worker import Done, Hung, Raised, Worker
from crm_bridge.run_context.isolation import failure

FOLLOWING = ("check", "read", "fields")  # one after another, in the connector's own thread
PAGED = ("read_changes", "list_keys")  # the same, one step of the iteration at a time
BESIDE = ("write", "find_write", "send")  # beside each other
CLOSING_SECONDS = 10.0
_END = object()


def watched(open_it: Callable[[], Any], *, name: str, seconds: float) -> Any:
    """The connector that ``open_it`` makes, with the same public names; its calls are given up after ``seconds``.

    Raises:
        ConnectorFailed: a call had not come back by then. Whether a write arrived, nobody knows.
        Whatever the call raises.
    """
    return _Watched(open_it, name, seconds)


class _Watched:
    """It has the methods that its connector has, so that it is of the same protocols."""

    def __init__(self, open_it: Callable[[], Any], name: str, seconds: float) -> None:
        self._name, self._seconds = name, seconds
        self._own = Worker(f"{name}: reading")
        self._turn = threading.Lock()
        self.watched: Any = None
        self.watched = self._in_turn("open", open_it)
        for each in dir(self.watched):
            if not each.startswith("_"):
                setattr(self, each, self._limited(each, getattr(self.watched, each)))

    def _limited(self, call: str, method: Any) -> Any:
        if call in FOLLOWING:
            return wraps(method)(
                lambda *given, **named: self._in_turn(call, partial(self._call, call, *given, **named))
            )
        if call in PAGED:
            return wraps(method)(
                lambda *given, **named: self._step_by_step(call, partial(self._call, call, *given, **named))
            )
        if call in BESIDE:
            return wraps(method)(lambda *given, **named: self._beside(call, partial(self._call, call, *given, **named)))
        if call == "close":
            return wraps(method)(lambda: self._beside(call, method, seconds=min(CLOSING_SECONDS, self._seconds)))
        return method

    def _call(self, call: str, *given: Any, **named: Any) -> Any:
        return getattr(self.watched, call)(*given, **named)

    def _in_turn(self, call: str, job: Callable[[], Any]) -> Any:
        with self._turn:
            return self._result(call, self._own.run(job, seconds=self._seconds), self._seconds)

    def _beside(self, call: str, job: Callable[[], Any], *, seconds: float | None = None) -> Any:
        limit = self._seconds if seconds is None else seconds
        worker = Worker(f"{self._name}: {call}")
        try:
            return self._result(call, worker.run(job, seconds=limit), limit)
        finally:
            worker.close()

    def _step_by_step(self, call: str, begin: Callable[[], Any]) -> Iterator[Any]:
        given = self._in_turn(call, lambda: iter(begin()))
        while (each := self._in_turn(call, lambda: next(given, _END))) is not _END:
            yield each

    def _result(self, call: str, answer: Done[Any] | Raised | Hung, seconds: float) -> Any:
        match answer:
            case Done(value):
                return value
            case Raised(error):
                raise error
            case Hung():
                raise failure(self.watched or self._name, call, f"had not come back after {seconds:g} s,")
