"""How much one target that hangs until its timeout costs the others: ``python bench/dead_target.py``.

Two healthy targets take new clients, each call after a fixed answering time; beside them stands a third one that is
healthy too, then one whose calls hang until their timeout and fail. The figure is when the last healthy target was
done, since its first call; the dead one runs on by itself. Systems are memory, the engine and the store are real.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "integration")]

from memory_world import World, capable  # noqa: E402  # found by the line above

from crm_bridge.errors import OutcomeUnknown  # noqa: E402  # behind the line above

ANSWERS_IN = 0.05
HANGS_FOR = 2.0


def run(clients: int, *, dead: bool) -> float:
    """Seconds that the two healthy targets took."""
    with TemporaryDirectory() as folder:
        systems = {"a": capable(page_size=500), **dict.fromkeys("bcd", capable(batch_size=10))}
        world = World(
            Path(folder),
            systems=systems,
            create=["b", "c", "d"],
            more='[guard]\nmin_records = 99999\n[outbox]\npatience = "1s"',
        )
        made = [
            {
                "last_name": f"Invented{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}",
                "first_name": "Anna",
                # everybody's own: two who share it and nearly a name would be a question, and not be created
                "birth_date": (date(1940, 1, 1) + timedelta(days=17 * n)).isoformat(),
                "email": f"u{n}@example.com",
            }
            for n in range(clients)
        ]
        world["a"].load("person", made)
        calls: list[float] = []
        for name in "bcd":
            world[name].write = _slow(world[name].write, calls, dead=dead and name == "d", counted=name != "d")  # type: ignore[method-assign]  # stands in front of it
        world.sync()
        assert all(len(world[name].records("person")) == clients for name in "bc"), "a healthy target lacks clients"
        return max(calls) - min(calls)


def _slow(write: Any, calls: list[float], *, dead: bool, counted: bool) -> Any:
    def slowly(kind: str, writes: Any) -> Any:
        if counted:
            calls.append(time.perf_counter())
        time.sleep(HANGS_FOR if dead else ANSWERS_IN)
        if dead:
            raise OutcomeUnknown("no answer within the timeout")
        outcomes = write(kind, writes)
        if counted:
            calls.append(time.perf_counter())
        return outcomes

    return slowly


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, default=600)
    options.add_argument("--repeat", type=int, default=3)
    options.add_argument("--short", action="store_true", help="60 clients, once, for CI: that it runs, not how fast")
    given = options.parse_args()
    if given.short:
        given.clients, given.repeat = 60, 1
    pairs = [(run(given.clients, dead=False), run(given.clients, dead=True)) for _ in range(given.repeat)]
    healthy, beside_dead = (statistics.median(each) for each in zip(*pairs, strict=True))
    slower = 100 * (beside_dead / healthy - 1)
    print(f"all healthy {healthy:.2f} s, one dead {beside_dead:.2f} s: {slower:+.1f} % (goal: at most +10 %)")
    print("runs:", ", ".join(f"{a:.2f}/{b:.2f}" for a, b in pairs))
    sys.exit(0 if slower <= 10 or given.short else 1)


if __name__ == "__main__":
    main()
