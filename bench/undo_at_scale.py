"""Undoing a run of many writes: how long plan and undo take, and how much memory: ``python bench/undo_at_scale.py``.

Two systems in memory hold the same clients; a run carries an edit of each to the other. Then that run is planned to be
undone, and undone: everything is read again, decided, written. The engine and the store (SQLite) are real; everybody is
invented.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "integration")]

from memory_world import World, capable  # noqa: E402  # found by the line above

T = TypeVar("T")
LETTERS = "абвгдежзиклмнопрстуф"
GIVEN = ("Anna", "Ivan", "Olha", "Petro", "Sofia", "Taras", "Yuri", "Zoya")


def timed(what: str, work: Callable[[], T]) -> T:
    """What ``work`` returns; its time and the highest memory so far are printed."""
    begun = time.perf_counter()
    answer = work()
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:28} {time.perf_counter() - begun:8.1f} s   highest memory by then {highest:6.0f} MB", flush=True)
    return answer


def clients(number: int) -> list[dict[str, Any]]:
    """Invented people, so unlike each other that nobody is asked about two of them."""
    people = []
    for each in range(number):
        drawn = sha256(str(each).encode()).digest()
        people.append(
            {
                "last_name": "К" + "".join(LETTERS[byte % len(LETTERS)] for byte in drawn[:7]),
                "first_name": GIVEN[drawn[7] % len(GIVEN)],
                "birth_date": f"{1930 + drawn[8] % 75}-{drawn[9] % 12 + 1:02d}-{drawn[10] % 28 + 1:02d}",
                "mobile_phone": f"+38050{1_000_000 + each}",
                "job_title": "pupil",
            }
        )
    return people


def main() -> int:
    """Make the world, and measure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--writes", type=int, default=20_000, help="how many writes the run makes")
    number = options.parse_args().writes
    with TemporaryDirectory() as folder:
        systems = dict.fromkeys("ab", capable(page_size=500, batch_size=100))
        world = World(Path(folder), systems=systems, more="[guard]\nmin_records = 999999\n")
        people = clients(number)
        ids = world["a"].load("person", people)
        world["b"].load("person", people)
        timed("first load", world.sync)
        world.sync()
        for each in ids:
            world["a"].edit("person", each, {"job_title": "teacher"})
        run = timed("the run", world.sync)
        number = run.written  # a few are doubtful pairs, and each a client of its own
        plan = timed("undo, planned", lambda: world.ask("plan_undo", run.run_id))
        planned = len(plan.writes)
        del plan
        done = timed("undo, done", lambda: world.ask("undo", run.run_id, by="bench"))
        print(f"{planned:,} writes planned, {done.report.written:,} made; a card goes back in both systems")
    return 0 if planned == done.report.written == 2 * number else 1


if __name__ == "__main__":
    sys.exit(main())
