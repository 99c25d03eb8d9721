"""What calls to the systems are made in: threads beside each other, or one after another in the order of asking."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeAlias

Pool: TypeAlias = Callable[[int], Executor]


def threads(count: int) -> Executor:
    """So many calls at once."""
    return ThreadPoolExecutor(max_workers=max(1, count), thread_name_prefix="outbox")


class InTurn(Executor):
    """Makes each call as soon as it is asked for, in the caller's thread: the same order every time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # raised again where the result is asked for
            done.set_exception(error)
        return done


def in_turn(_count: int) -> Executor:
    """One call after another, whatever number is asked for."""
    return InTurn()
