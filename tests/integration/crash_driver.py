"""Kills a run at every commit and every call, and a sync after random waits; restarts; says what came of it.

Calls are made one after another, in the same order each time, so every point is tried. Run as a program, in a process
of its own: ``crash_driver.py FOLDER SCENARIO... [--deaf] [--sample N]``, scenarios of ``crash_scenarios.py``. One JSON
line a crash. The points are counted from outside, by wrapping the store's transactions and the systems' calls here;
the product knows nothing of it.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from crash_scenarios import SCENARIOS, Scenario
from doomed import doomed
from kept import keep_parsed_yaml, open_unsynced
from memory_world import Deaf, Peer, World, capable
from stores import SQLITE, empty_file

from crm_bridge.run_context.pools import in_turn
from crm_bridge.store import opening
from crm_bridge.store.database import Database


class KeptPeer(Peer):
    """A system that is a process of its own: whatever happens to the bridge, it keeps what it was given."""

    file: Path

    def __init__(self, **given):
        super().__init__(**given)
        self.sent = []

    def save(self) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_bytes(pickle.dumps((self._kinds, self._answered, self.sent)))
        draft.replace(self.file)

    def restore(self) -> None:
        self._kinds, self._answered, self.sent = pickle.loads(self.file.read_bytes())
        moved = [at for kind in self._kinds.values() for at in kind.moved.values()]
        self._changes = count(max(moved, default=0) + 1)

    def read_changes(self, kind, cursor):
        point(f"before reading {kind} of {self.file.stem}")
        for page in super().read_changes(kind, cursor):
            yield page
            point(f"behind a page of {kind} of {self.file.stem}")

    def read(self, kind, record_ids):
        point(f"before looking at a record of {self.file.stem}")
        return super().read(kind, record_ids)

    def find_write(self, kind, write):
        point(f"before asking {self.file.stem} for a write")
        return super().find_write(kind, write)

    def write(self, kind, writes):
        point(f"before writing {len(writes)} into {self.file.stem}")
        outcomes = super().write(kind, writes)
        self.save()
        point(f"after writing {len(writes)} into {self.file.stem}")
        return outcomes

    def send(self, message):
        point(f"before sending by {self.file.stem}")
        outcome = super().send(message)
        self.sent.append(message.text)
        self.save()
        point(f"after sending by {self.file.stem}")
        return outcome


class _Killer:
    """Ends this process at the n-th point."""

    at = 0
    passed = 0
    note: Path | None = None


def point(where: str) -> None:
    if not _Killer.at:
        return
    _Killer.passed += 1
    if _Killer.passed == _Killer.at:
        _Killer.note.write_text(where, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)


_transaction = Database.transaction


@contextmanager
def _counted(self):
    with _transaction(self) as connection:
        yield connection
        point("before a commit")
    point("after a commit")


Database.transaction = _counted


opening.open_sqlite = open_unsynced  # what is killed are processes, and never the machine
keep_parsed_yaml()


def opened(folder: Path, scenario: Scenario, *, deaf: bool, fresh: bool = False) -> World:
    store = None if fresh else (folder / "bridge.db").read_bytes()
    options = {"systems": dict.fromkeys("ab", capable()), "store": SQLITE, **scenario.world}
    world = World(folder, **options)
    if store is not None:
        (folder / "bridge.db").write_bytes(store)
    for name in "ab":
        peer = KeptPeer(capabilities=options["systems"][name])
        peer.file = folder / f"{name}.pickle"
        world.peers[name] = world.opened[name] = peer
        if fresh:
            peer.save()
        else:
            peer.restore()
    world.pool = in_turn  # the same order of calls each time: the n-th point is one place
    if deaf:
        world.opened["b"] = Deaf(world["b"])
    return world


def prepare(folder: Path, scenario: Scenario, *, deaf: bool) -> None:
    world = opened(folder, scenario, deaf=deaf, fresh=True)
    scenario.prepare(world)
    for name in "ab":
        world[name].save()


def converge(folder: Path, scenario: Scenario, *, deaf: bool) -> str:
    """After the restart: a person repeats what he asked for, and two syncs later nothing is left. What is wrong."""
    world = opened(folder, scenario, deaf=deaf)
    world.now = world.now.replace(hour=12)
    if scenario.repeated:
        scenario.run(world)
    world.sync()
    world.sync()
    third = world.sync()
    wrong = [f"the third cycle wrote {third.written}"] if third.written else []
    if third.exit_code and not scenario.may_doubt:
        wrong.append(f"the third cycle ended with {int(third.exit_code)}")
    return "; ".join([*wrong, *scenario.judge(world)])


def crash(base: Path, folder: Path, scenario: Scenario, *, deaf: bool, at: int = 0, after: float | None = None) -> bool:
    """One crash and its aftermath. ``False``: the run ended before it."""
    shutil.copytree(base, folder)
    note, verdict = folder / "where", folder / "verdict"

    def struck() -> None:
        _Killer.at, _Killer.note = at, note
        scenario.run(opened(folder, scenario, deaf=deaf))

    _, ended = doomed(struck, killed_after=after)
    killed = ended < 0
    if not killed and after is None:
        shutil.rmtree(folder)
        return False
    told = lambda: verdict.write_text(converge(folder, scenario, deaf=deaf), encoding="utf-8")  # noqa: E731  # for the fork
    doomed(told)
    where = note.read_text(encoding="utf-8") if note.exists() else f"after {after:.3f} s"
    wrong = verdict.read_text(encoding="utf-8") if verdict.exists() else "the restart failed"
    print(json.dumps({"scenario": folder.parent.name, "point": at, "where": where, "wrong": wrong}), flush=True)
    shutil.rmtree(folder)
    return True


def points(base: Path, folder: Path, scenario: Scenario, *, deaf: bool) -> int:
    """How many places there are to die at."""
    shutil.copytree(base, folder)

    def counted() -> None:
        _Killer.at = sys.maxsize
        scenario.run(opened(folder, scenario, deaf=deaf))
        (folder / "points").write_text(str(_Killer.passed), encoding="utf-8")

    doomed(counted)
    found = int((folder / "points").read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    return found


def rehearse(base: Path, folder: Path, scenario: Scenario, *, deaf: bool) -> None:
    """All of it once, undisturbed, in this process: the forks begin with what was parsed and compiled for it."""
    shutil.copytree(base, folder)
    scenario.run(opened(folder, scenario, deaf=deaf))
    converge(folder, scenario, deaf=deaf)
    shutil.rmtree(folder)


def main(folder: Path, scenario: Scenario, *, deaf: bool, sample: int) -> None:
    empty_file()  # once, before the forks
    base, crashed = folder / "base", folder / "crashed"
    base.mkdir(parents=True)
    doomed(lambda: prepare(base, scenario, deaf=deaf))
    unchanged = base / "unchanged"
    doomed(lambda: unchanged.write_text("; ".join(scenario.judge(opened(base, scenario, deaf=deaf)))))
    assert unchanged.read_text(), "what is to be done stands already: the judge could not tell"
    unchanged.unlink()
    rehearse(base, crashed, scenario, deaf=deaf)
    chance = random.Random(212)
    if sample:
        every = range(1, points(base, crashed, scenario, deaf=deaf) + 1)
        for at in sorted(chance.sample(every, min(sample, len(every)))):
            assert crash(base, crashed, scenario, deaf=deaf, at=at), "the points are not the same each time"
        return
    started = time.monotonic()
    numbers = count(1)
    while crash(base, crashed, scenario, deaf=deaf, at=(number := next(numbers))):
        pass
    once = (time.monotonic() - started) / number / 4  # a sync is about a quarter of a round
    for _ in range(6):
        crash(base, crashed, scenario, deaf=deaf, after=chance.uniform(0, 2 * once))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("scenarios", choices=list(SCENARIOS), nargs="+", metavar="SCENARIO")
    parser.add_argument("--deaf", action="store_true", help="B cannot be asked whether a write arrived")
    parser.add_argument("--sample", type=int, default=0, help="so many points alone")
    asked = parser.parse_args()
    for name in asked.scenarios:
        main(asked.folder / name, SCENARIOS[name], deaf=asked.deaf, sample=asked.sample)
