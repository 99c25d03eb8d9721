"""Systems side by side: each has a lane, whose calls run in threads; whatever touches the store runs in ours.

A lane is a generator. It plans, journals and settles in the caller's thread, one lane at a time, so the store has one
writer and nothing here needs a lock. Where it has to call its system it yields the calls, and goes on when they are
done; meanwhile the other lanes do. A system that hangs keeps its own lane waiting and nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from crm_bridge.run_context.pools import Pool
from crm_bridge.run_context.pools import threads as of_threads

T = TypeVar("T")

Call: TypeAlias = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a call: its value, or what it raised."""

    value: Any = None
    error: BaseException | None = None

    def get(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


# It yields calls to be made beside each other, and is sent what came of each.
Lane: TypeAlias = Generator[Sequence[Call], Sequence[Done], T]


def asked(call: Callable[[], T]) -> Lane[T]:
    """One call, as part of a lane: ``found = yield from asked(lambda: …)``."""
    [done] = yield (call,)
    value: T = done.get()
    return value


def here(lane: Lane[T]) -> T:
    """Walk one lane to its end in the caller's thread, call after call."""
    done: Sequence[Done] | None = None
    while True:
        try:
            calls = next(lane) if done is None else lane.send(done)
        except StopIteration as end:
            value: T = end.value
            return value
        done = [_made(call) for call in calls]


def side_by_side(lanes: Mapping[str, Lane[None]], *, threads: int, pool: Pool = of_threads) -> None:
    """Walk all lanes to their ends.

    Args:
        threads: the most calls at once; as many as the lanes together may ask for.
        pool: what the calls are made in.

    Raises:
        Whatever a lane lets out. The other lanes are left where they are: what they sent is in the journal.
    """
    with pool(threads) as made_in:
        walking = [_Walk(lane) for lane in lanes.values()]
        try:
            for each in walking:
                each.go_on(made_in)
            while any(each.calls for each in walking):
                pending = [call for each in walking for call in each.calls if not call.done()]
                ready = [each for each in walking if each.calls and all(call.done() for call in each.calls)]
                if not ready:  # looked at after `pending`: what was done before that is ready, the rest wakes us
                    wait(pending, return_when=FIRST_COMPLETED)
                for each in ready:
                    each.go_on(made_in)
        finally:
            for each in walking:
                each.lane.close()
            made_in.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class _Walk:
    """How far one lane has come. ``calls``: under way; none: it has ended."""

    lane: Lane[None]
    calls: list[Future[Done]] = field(default_factory=list)
    begun: bool = False

    def go_on(self, made_in: Executor) -> None:
        done = [call.result() for call in self.calls]
        self.calls = []
        try:
            wanted = self.lane.send(done) if self.begun else next(self.lane)
        except StopIteration:
            return
        self.begun = True
        self.calls = [made_in.submit(_made, call) for call in wanted]


def _made(call: Call) -> Done:
    try:
        return Done(call())
    except BaseException as error:  # noqa: BLE001  # raised again in the lane that asked
        return Done(error=error)
