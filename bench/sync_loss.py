"""What a two-way sync loses: the bridge beside vdirsyncer, dlt and drt, on the same random work.

Run: ``python bench/sync_loss.py`` (10,000 operations each; an hour), ``--short`` for the bridge alone on a few. Users
of two systems edit, add and delete; the sync runs, and is killed (``kill -9``) at a random moment in two rounds of
three; users go on; then it runs until it should be at rest, and every single edit is judged. How: ``bench/README.md``.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from sync_loss_oracle import KEPT, OTHER, Round, Shown
from sync_loss_systems import EDITED, System, Table, Vcards, served

HERE = Path(__file__).parent
PEER_PACKAGES = {"vdirsyncer": "vdirsyncer", "dlt": "dlt[sqlalchemy]", "drt": "drt-core"}
WRONGS = (
    "edits lost",
    "new clients lost",
    "duplicates",
    "deletes missed",
    "deletes wrongly made",
    "left different",
)
Sync = Callable[[float | None], tuple[float, int]]
Explain = Callable[[str], Iterable[str]]
Side = tuple[Mapping[str, System], Sync, Explain]


class Users:
    """The users of both systems. The same seed does the same, as far as the systems show them the same."""

    def __init__(self, systems: Mapping[str, System], chance: random.Random) -> None:
        self._systems = systems
        self._chance = chance
        self._numbers = count(1)
        self._values = count(5_550_000)

    def new_client(self) -> dict[str, str]:
        number = next(self._numbers)
        letters = "".join(chr(97 + number // 26**at % 26) for at in (3, 2, 1, 0))
        return {
            "last_name": f"Invented{letters}",
            "first_name": "Anna",
            "birth_date": (date(1940, 1, 1) + timedelta(days=7 * number)).isoformat(),  # nobody looks like anybody
            **{field: self._value(field) for field in EDITED},
        }

    def _value(self, field: str) -> str:
        number = next(self._values)
        match field:
            case "email":
                return f"p{number}@example.com"
            case "mobile_phone" | "home_phone":
                return f"+38050{number:07d}"
            case _:
                return f"{field.partition('_')[0]} {number}"

    def work(self, this: Round, operations: int) -> None:
        """So many things done, a few more at most; every third edit has another one beside it."""
        until = this.operations + operations
        while this.operations < until:
            system = self._chance.choice("ab")
            what = self._chance.random()
            there = sorted(self._systems[system].records())
            if what < 0.04 or not there:
                client = self.new_client()
                self._systems[system].add(client)
                this.add(system, client["last_name"])
                continue
            last_name = self._chance.choice(there)
            if what < 0.10 and last_name not in this.added:
                this.delete(system, last_name)
                self._systems[system].delete(last_name)
                if self._chance.random() < 0.3:
                    self._edit(this, OTHER[system], last_name, self._chance.choice(EDITED))
                continue
            field = self._chance.choice(EDITED)
            self._edit(this, system, last_name, field)
            if self._chance.random() < 0.33:
                self._edit(this, OTHER[system], last_name, self._chance.choice(EDITED))

    def _edit(self, this: Round, system: str, last_name: str, field: str) -> None:
        if last_name in self._systems[system].records():
            value = self._value(field)
            this.edit(system, last_name, field, value)
            self._systems[system].edit(last_name, field, value)


def silent(_last_name: str) -> Iterable[str]:
    """A side that keeps no history."""
    return ()


def shown(systems: Mapping[str, System]) -> Shown:
    return {name: system.records() for name, system in systems.items()}


def trial(
    systems: Mapping[str, System], sync: Sync, *, operations: int, clients: int, seed: int, explain: Explain = silent
) -> Counter[str]:
    """All rounds of one side. What is wrong is printed with its story, and what the side has to say of that client.

    Returns:
        What was wrong, and how many ``operations``, ``syncs``, ``killed`` and ``failed`` syncs there were.
    """
    chance = random.Random(seed)  # no secret
    users = Users(systems, chance)
    for _ in range(clients):
        client = users.new_client()
        for system in systems.values():
            system.add(client)
    took = [sync(None)[0] for _ in range(3)][1:]
    found: Counter[str] = Counter()
    start = shown(systems)
    assert start["a"].keys() == start["b"].keys(), "the sides do not even begin in step"
    while found["operations"] < operations:
        this = Round(start)
        users.work(this, clients // 8)
        killed = statistics.median(took[-20:]) * chance.random() if chance.random() < 2 / 3 else None
        ended = sync(killed)[1]
        found["killed"] += ended == -9
        this.observe(systems, killed=ended == -9)
        users.work(this, clients // 16)
        for _ in range(2):
            seconds, ended = sync(None)
            took.append(seconds)
            found["failed"] += ended != 0
        found["syncs"] += 3
        start = shown(systems)
        found += this.judge(start)
        for wrong, last_name in this.wronged:
            print(f"{wrong}, operation {found['operations']} and on, seed {seed}: {last_name}")
            print(
                *(f"    {line}" for line in (*this.story(last_name, start), *explain(last_name))), sep="\n", flush=True
            )
        found["operations"] += this.operations
    return found


@contextmanager
def the_bridge(folder: Path) -> Iterator[Side]:
    from sync_loss_bridge import Bridge  # what the peers' environment does not have

    bridge = Bridge(folder)
    yield bridge.systems, bridge.sync, bridge.explain


@contextmanager
def a_peer(name: str, folder: Path, python: Path) -> Iterator[Side]:
    """A peer in a process of its own, over storages of the kind that it is made for."""
    systems: dict[str, System] = {}
    with ExitStack() as stack:
        more = []
        if name == "vdirsyncer":
            systems = {each: Vcards(folder / each) for each in "ab"}
        if name == "drt":
            tables = {each: Table(folder / f"{each}.db") for each in "ab"}
            systems = dict(tables)
            more = [stack.enter_context(served(tables))]
        told = stack.enter_context((folder / "told").open("wb"))
        command = [str(python), str(HERE / "sync_loss_peers.py"), name, str(folder), *more]
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True)
        )
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"{name} did not start: {(folder / 'told').read_text()[-1000:]}")
        if name == "dlt":
            systems = {each: Table(folder / f"{each}.db", made_by_peer=True) for each in "ab"}

        def sync(killed_after: float | None) -> tuple[float, int]:
            print("-" if killed_after is None else killed_after, file=process.stdin, flush=True)
            seconds, ended = process.stdout.readline().split()  # type: ignore[union-attr]  # it is a pipe
            return float(seconds), int(ended)

        yield systems, sync, silent
        process.stdin.close()


def environment(folder: Path) -> tuple[dict[str, str], Path]:
    """An environment with the peers that can be had here: versions or complaints by name, and its interpreter."""
    python = folder / "bin" / "python"
    uv = shutil.which("uv")
    if uv:
        _quietly(uv, "venv", "--python", sys.executable, str(folder))
        install = [uv, "pip", "install", "--python", str(python)]
    else:
        _quietly(sys.executable, "-m", "venv", str(folder))
        install = [str(python), "-m", "pip", "install", "--quiet"]
    found = {}
    for name, package in PEER_PACKAGES.items():
        try:
            _quietly(*install, package)
        except subprocess.CalledProcessError as error:
            found[name] = f"not run: {package} could not be installed: {error.stderr.decode()[-200:].strip()}"
        else:
            plain = package.partition("[")[0]
            script = f"from importlib.metadata import version; print(version({plain!r}))"
            found[name] = f"{plain} {_quietly(str(python), '-c', script).decode().strip()}"
    return found, python


def _quietly(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def report(name: str, found: Mapping[str, int]) -> None:
    done = found["operations"]
    per = ", ".join(f"{wrong} {found[wrong] * 10_000 / done:.0f} ({found[wrong]})" for wrong in (*WRONGS, KEPT))
    syncs = f"{found['syncs']} syncs, {found['killed']} of them killed, {found['failed']} failed"
    print(f"{name}: {done} operations, {syncs}")
    print(f"  per 10,000 operations (counted): {per}", flush=True)


def main() -> int:
    """Measure and print. Exits with 1 where the bridge did anything wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=400)
    parser.add_argument("--seed", type=int, default=212)
    parser.add_argument("--only", choices=["crm-bridge", *PEER_PACKAGES], action="append", help="these sides alone")
    parser.add_argument("--short", action="store_true", help="the bridge alone, 160 operations, for CI")
    asked = parser.parse_args()
    operations, clients = (160, 80) if asked.short else (asked.operations, asked.clients)
    wanted = ["crm-bridge"] if asked.short else asked.only or ["crm-bridge", *PEER_PACKAGES]
    bad = 0
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as place:
        peers = [name for name in wanted if name != "crm-bridge"]
        said, python = environment(Path(place)) if peers else ({}, Path())
        print("; ".join(said.values()) or f"not run, left out: {', '.join(PEER_PACKAGES)}")
        for name in wanted:
            if said.get(name, "").startswith("not run"):
                continue
            with tempfile.TemporaryDirectory(prefix="bench-") as own:
                side = the_bridge(Path(own)) if name == "crm-bridge" else a_peer(name, Path(own), python)
                with side as (systems, sync, explain):
                    found = trial(
                        systems, sync, operations=operations, clients=clients, seed=asked.seed, explain=explain
                    )
            report(name, found)
            if name == "crm-bridge":
                bad = sum(found[wrong] for wrong in (*WRONGS, "failed"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
