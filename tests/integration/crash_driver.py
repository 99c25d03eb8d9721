"""Kills a sync at every commit and every write, and after random waits; restarts; says what came of it.

Calls are made one after another, in the same order each time, so every point is tried. Run as a program, in a process
of its own: ``crash_driver.py FOLDER [--deaf]``. One JSON line a crash. The points
are counted from outside, by wrapping the store's transactions and the systems' writes here; the product knows
nothing of it.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import sys
import time
import traceback
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from memory_world import Deaf, Peer, World
from stores import SQLITE, empty_file

from crm_bridge.run_context.pools import in_turn
from crm_bridge.store.database import Database


class KeptPeer(Peer):
    """A system that is a process of its own: whatever happens to the bridge, it keeps what it was given."""

    file: Path

    def save(self) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_bytes(pickle.dumps((self._kinds, self._answered)))
        draft.replace(self.file)

    def restore(self) -> None:
        self._kinds, self._answered = pickle.loads(self.file.read_bytes())
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


def installation(folder: Path, *, deaf: bool, fresh: bool = False) -> World:
    store = None if fresh else (folder / "bridge.db").read_bytes()
    world = World(folder, systems=dict.fromkeys("ab", Peer().capabilities("person")), create=["b"], store=SQLITE)
    if store is not None:
        (folder / "bridge.db").write_bytes(store)
    for name in "ab":
        peer = KeptPeer()
        peer.file = folder / f"{name}.pickle"
        world.peers[name] = world.opened[name] = peer
        if not fresh:
            peer.restore()
    world.pool = in_turn  # the same order of calls each time: the n-th point is one place
    if deaf:
        world.opened["b"] = Deaf(world["b"])
    return world


def prepare(folder: Path, *, deaf: bool) -> None:
    """One client in step; then edits on both sides, of different fields; and a client that B does not know yet."""
    world = installation(folder, deaf=deaf, fresh=True)
    for name in "ab":
        world[name].save()
    world.person("a", "b", job_title="pupil", dish="борщ")
    world.settle()
    world["a"].edit("person", "m-1", {"job_title": "teacher"})
    world["b"].edit("person", "m-1", {"email": "anna@example.com", "dish": "вареники"})
    world.person("a", number=2, last_name="Бондар")
    for name in "ab":
        world[name].save()


def run(folder: Path, *, deaf: bool) -> None:
    installation(folder, deaf=deaf).sync()


def converge(folder: Path, *, deaf: bool) -> str:
    """After the restart: two cycles, the third writes nothing; no edit lost, nothing twice. Returns what is wrong."""
    world = installation(folder, deaf=deaf)
    world.now = world.now.replace(hour=12)
    world.sync()
    world.sync()
    third = world.sync()
    wrong = [f"the third cycle wrote {third.written}"] if third.written else []
    if third.exit_code:
        wrong.append(f"the third cycle ended with {int(third.exit_code)}")
    for name in "ab":
        held = {each["last_name"]: each for each in world[name].records("person")}
        if len(world[name].records("person")) != 2 or set(held) != {"Коваль", "Бондар"}:
            wrong.append(f"{name} holds {sorted(each['last_name'] for each in world[name].records('person'))}")
            continue
        anna = held["Коваль"]
        said = (anna["job_title"], anna["email"], anna["dish"])
        if said != ("teacher", "anna@example.com", "вареники"):
            wrong.append(f"{name} lost an edit: {said}")
    return "; ".join(wrong)


def in_a_process_of_its_own(work, *, killed_after: float | None = None) -> int:
    """Run ``work`` in a forked process; its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  # a forked process must not run on into its parent's code
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def crash(base: Path, folder: Path, *, deaf: bool, at: int = 0, after: float | None = None) -> bool:
    """One crash and its aftermath. ``False``: the sync ended before it."""
    shutil.copytree(base, folder)
    note, verdict = folder / "where", folder / "verdict"

    def doomed() -> None:
        _Killer.at, _Killer.note = at, note
        run(folder, deaf=deaf)

    killed = os.WIFSIGNALED(in_a_process_of_its_own(doomed, killed_after=after))
    if not killed and after is None:
        return False
    in_a_process_of_its_own(lambda: verdict.write_text(converge(folder, deaf=deaf), encoding="utf-8"))
    where = note.read_text(encoding="utf-8") if note.exists() else f"after {after:.3f} s"
    wrong = verdict.read_text(encoding="utf-8") if verdict.exists() else "the restart failed"
    print(json.dumps({"point": at, "where": where, "wrong": wrong}), flush=True)
    shutil.rmtree(folder)
    return True


def main(folder: Path, *, deaf: bool) -> None:
    empty_file()  # once, before the forks
    base = folder / "base"
    base.mkdir()
    in_a_process_of_its_own(lambda: prepare(base, deaf=deaf))
    started = time.monotonic()
    points = count(1)
    while crash(base, folder / "crashed", deaf=deaf, at=(number := next(points))):
        pass
    shutil.rmtree(folder / "crashed")
    once = (time.monotonic() - started) / number / 4  # a sync is about a quarter of a round
    chance = random.Random(212)
    for _ in range(6):
        crash(base, folder / "crashed", deaf=deaf, after=chance.uniform(0, 2 * once))


if __name__ == "__main__":
    main(Path(sys.argv[1]), deaf="--deaf" in sys.argv)
