"""The bridge between two folders of vCards, for ``bench/sync_loss.py``: a connector, and syncs that can be killed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "integration")]

from doomed import doomed  # noqa: E402  # found by the line above
from memory_world import World, capable  # noqa: E402  # found by the line above
from sync_loss_systems import COLUMNS, Vcards, text_of  # noqa: E402  # beside this file

from crm_bridge.connector import (  # noqa: E402  # behind the lines above
    Accepted,
    Capabilities,
    EffectSafety,
    Page,
    RawRecord,
    RecordWrite,
    Refused,
    Stale,
    WriteOutcome,
)

CAPABLE = capable(
    incremental=False, deletes_visible=False, effect_safety=EffectSafety.IDEMPOTENT, page_size=500, batch_size=50
)


class Folder:
    """A folder of vCards as a system: no cursor, no tombstones, versions by content, new files named by the write."""

    def __init__(self, vcards: Vcards) -> None:
        self._vcards = vcards

    def kinds(self) -> Sequence[str]:
        return ("person", "claim")

    def capabilities(self, _kind: str) -> Capabilities:
        return CAPABLE

    def check(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def read_changes(self, kind: str, _cursor: str | None) -> Iterator[Page]:
        yield Page(records=list(self._all().values()) if kind == "person" else [], cursor=None)

    def read(self, _kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        held = self._all()
        return [held[each] for each in record_ids if each in held]

    def list_keys(self, kind: str) -> Iterator[str]:
        return iter(self._all() if kind == "person" else ())

    def write(self, _kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        return [self._outcome(write) for write in writes]

    def _all(self) -> dict[str, dict[str, Any]]:
        return {name: self._record(name, card) for name, card in self._vcards.by_file().items()}

    def _record(self, name: str, card: Mapping[str, str]) -> dict[str, Any]:
        return {**card, "id": name, "version": blake2b(text_of(card).encode(), digest_size=8).hexdigest()}

    def _outcome(self, write: RecordWrite) -> WriteOutcome:
        name = write.record_id or blake2b(write.key.encode(), digest_size=16).hexdigest()
        card = self._vcards.one(name)
        held = self._record(name, card) if card is not None else None
        if held is None and write.operation != "create":
            return Refused("there is no such file", "not_found")
        if held is not None and write.operation == "create":  # the same write again
            return Accepted(name, held["version"], held)
        if held is not None and write.expected_version not in (None, held["version"]):
            return Stale("it changed since it was read")
        if write.operation == "delete":
            (self._vcards.folder / f"{name}.vcf").unlink()
            return Accepted(name)
        kept = {field: value for field, value in {**(card or {}), **write.full}.items() if field in COLUMNS and value}
        self._vcards.keep(name, kept)
        after = self._record(name, kept)
        return Accepted(name, after["version"], after)


class Bridge:
    """The bridge over two folders; deletions spread both ways, new clients are created both ways."""

    def __init__(self, folder: Path) -> None:
        self.systems = {name: Vcards(folder / name) for name in "ab"}
        self._world = World(folder, systems=dict.fromkeys("ab", CAPABLE), create="ab", spread="ab",
                            store="sqlite:///bridge.db")  # fmt: skip
        self._world.opened.update({name: Folder(vcards) for name, vcards in self.systems.items()})

    def sync(self, killed_after: float | None = None) -> tuple[float, int]:
        """As ``crm-bridge sync --sweep``; killed after so many seconds."""
        self._world.now += timedelta(minutes=5)  # the run's own clock dies with it
        return doomed(self._run, killed_after=killed_after)

    def explain(self, last_name: str) -> Iterator[str]:
        """The history of every client of that name."""
        with self._world.bridge() as bridge:
            for found in bridge.lookup(name=last_name):
                yield f"client {found['id']}"
                yield from (json.dumps(line, ensure_ascii=False) for line in bridge.history(found["id"]))

    def _run(self) -> None:
        self._world.sync(sweep=True, allow_large_change=True)
