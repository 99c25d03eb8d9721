"""A million dead letters: how long groups, pages and a replay take, and how much memory.

    python bench/dead_letters.py            the whole measurement, some minutes
    python bench/dead_letters.py --short    50,000 letters, for CI: ends with 1 where a goal is missed

The letters are made by statements; all that is measured is the bridge. Everybody in them is invented.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import orjson

from crm_bridge.api import ConnectorSettings, ConnectorType, hookimpl
from crm_bridge.app import Bridge, open_bridge
from crm_bridge.config import load_settings
from crm_bridge.store.causes import Cause
from crm_bridge.store.schema import dead_letters
from crm_bridge.testing import MemoryConnector

MAPPING = """
mapping: a.person
version: 1
client: person
record: {id: id, concurrency: version, image: full}
defaults: {trim: true, region: UA}
values:
  gender: {F: female, M: male, X: other}
fields:
  name.family: {src: last_name, required: true}
  name.given: {src: first_name}
  gender: {src: gender, as: code, values: gender, unknown: quarantine}
  birth_date: {src: birth_date, as: date}
lists:
  identifiers:
    - {src: id, dir: read, item: {system: a.id, type: record}}
  contact_points:
    - {src: mobile_phone, as: phone, item: {type: phone, purpose: mobile, features: [voice, sms]}}
"""
CONFIG = """
[bridge]
store = "{store}"
[plugins]
active = ["dedup.exact_keys"]
[systems.a]
connector = "memory"
[systems.a.records.person]
mapping = "a.yaml"
"""
COLUMNS: tuple[str, ...] = (
    "id",
    "state",
    "stage",
    "system",
    "kind",
    "record_id",
    "code",
    "path",
    "message",
    "hint",
    "raw",
)
COLUMNS += ("first_at", "last_at", "count")
AT = "2026-10-20T10:00:00.000000Z"
CODES = tuple(f"code_{number}" for number in range(20))  # groups; the first is replayed
MENDED = CODES[0]


def letter(number: int) -> tuple[Any, ...]:
    """One in twenty can go through by now: its mapping was mended."""
    code = CODES[number % len(CODES)]
    raw = {
        "id": f"r-{number}",
        "version": "1",
        "last_name": f"Тестова{number}",
        "first_name": "Anna",
        "gender": "X" if code == MENDED else "?",
        "birth_date": f"{1950 + number % 50}-{number % 12 + 1:02d}-{number % 28 + 1:02d}",
        "mobile_phone": f"+38050{number % 10_000_000:07d}",
    }
    hint = "mend the record in a, or the mapping a.person, and replay"
    told = ("open", "map", "a", "person", f"r-{number}", code, "gender", "gender: this value is not in the value map")
    return (number, *told, hint, orjson.dumps(raw), AT, AT, 1)


@contextmanager
def installation(folder: Path, store: str) -> Iterator[Bridge]:
    """A bridge between one system of memory and a store."""

    @hookimpl
    def register_connectors() -> list[ConnectorType]:
        return [ConnectorType("memory", ConnectorSettings, lambda *_: MemoryConnector({"person": ()}), "memory")]

    plugin = SimpleNamespace(register_connectors=register_connectors)
    point = SimpleNamespace(name="memory", value="memory:plugin", module="memory", dist=None, load=lambda: plugin)
    (folder / "a.yaml").write_text(MAPPING, encoding="utf-8")
    path = folder / "crm-bridge.toml"
    path.write_text(CONFIG.format(store=store), encoding="utf-8")
    installed: Sequence[Any] = [*entry_points(group="crm_bridge"), point]
    with open_bridge(load_settings(path), clock=lambda: datetime.now(UTC), installed=installed) as bridge:
        yield bridge


def fill(bridge: Bridge, count: int) -> None:
    """Make ``count`` open letters, in 20 groups."""
    database = bridge._database  # a measurement of its own store
    for start in range(1, count + 1, 1_000):  # so that making them is not what is measured
        rows = [letter(number) for number in range(start, min(start + 1_000, count + 1))]
        with database.transaction() as connection:
            database.insert_many(connection, dead_letters, COLUMNS, rows)


def best(work: Callable[[], Any], *, rounds: int = 3) -> float:
    """Seconds of the middle one of some rounds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return sorted(times)[rounds // 2]


def measure(bridge: Bridge, count: int) -> Mapping[str, tuple[float, float, str]]:
    """What was measured → (figure, goal, unit). Of all but the replay rate less is better."""
    some = Cause(code=CODES[7])
    middle = count // 2
    found: dict[str, tuple[float, float, str]] = {}
    found["groups"] = best(bridge.dead_letter_groups), 2.0, "s"
    found["page of 200, all"] = best(lambda: bridge.dead_letters(limit=200, after=middle)) * 1000, 50.0, "ms"
    found["page of 200, one code"] = (
        best(lambda: bridge.dead_letters(cause=some, limit=200, after=middle)) * 1000,
        50.0,
        "ms",
    )
    found["count"] = best(bridge.dead_letters_total) * 1000, 1000.0, "ms"
    cause = Cause(code=MENDED)
    begun = time.perf_counter()
    foreseen = bridge.replay(cause=cause, dry_run=True)["counts"]["replayed"]
    found["replay --dry-run, letters a minute"] = foreseen / (time.perf_counter() - begun) * 60, 10_000.0, ""
    begun = time.perf_counter()
    replayed = bridge.replay(cause=cause)["counts"]["replayed"]
    found["replay, letters a minute"] = replayed / (time.perf_counter() - begun) * 60, 10_000.0, ""
    if not foreseen == replayed == len(range(len(CODES), count + 1, len(CODES))):
        raise SystemExit(f"{foreseen} were foreseen and {replayed} went through")
    begun = time.perf_counter()
    bridge.discard(cause=some, reason="measured", by="bench")
    found["discard of one group"] = time.perf_counter() - begun, 60.0, "s"
    found["memory at its highest"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 256.0, "MB"
    return found


def main() -> int:
    """Make the letters, measure, and say what missed its goal."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--short", action="store_true", help="50,000 letters instead of a million")
    options.add_argument("--store", default="sqlite:///bridge.db", help="an empty store; default: a SQLite file")
    asked = options.parse_args()
    count = 50_000 if asked.short else 1_000_000
    with TemporaryDirectory() as folder, installation(Path(folder), asked.store) as bridge:
        begun = time.perf_counter()
        fill(bridge, count)
        print(f"{count:,} letters made in {time.perf_counter() - begun:.0f} s")
        print(f"memory by then {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        missed = 0
        for name, (figure, goal, unit) in measure(bridge, count).items():
            ok = figure >= goal if unit == "" else figure <= goal
            missed += not ok
            print(f"{name:40} {figure:12,.1f} {unit:3} goal {goal:10,.0f}  {'reached' if ok else 'MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
