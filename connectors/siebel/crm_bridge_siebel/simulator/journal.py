"""The simulator's state on disk: a snapshot, replaced atomically, and a journal of whole rows written since.

Each change is appended before it is answered, so a killed process loses nothing that anyone saw; a power cut may lose
the last second, since the journal is not forced to the disk. Replaying a journal twice changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_SNAPSHOT = "siebel.json"
_JOURNAL = "siebel.journal"


@dataclass(frozen=True, slots=True)
class Change:
    """One row as it now is; ``row`` is ``None`` when it was deleted. ``counter``: the last row id number given."""

    kind: str
    row_id: str
    row: Mapping[str, Any] | None
    counter: int


class Journal:
    """The files of one simulator in ``folder``."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._stream = (folder / _JOURNAL).open("ab", buffering=0)

    def changes(self) -> Iterator[Change]:
        """Everything on disk, oldest first."""
        snapshot = self._folder / _SNAPSHOT
        if snapshot.exists():
            body = orjson.loads(snapshot.read_bytes())
            for kind, rows in body["kinds"].items():
                for row in rows:
                    yield Change(kind=kind, row_id=row["Id"], row=row, counter=body["counter"])
            yield Change(kind="", row_id="", row=None, counter=body["counter"])
        for line in (self._folder / _JOURNAL).read_bytes().splitlines():
            try:
                kind, row_id, row, counter = orjson.loads(line)
            except ValueError:
                return  # the last line of a process that was killed while it wrote
            yield Change(kind=kind, row_id=row_id, row=row, counter=counter)

    def append(self, changes: Iterable[Change]) -> None:
        """Record changes, in one piece."""
        lines = [orjson.dumps((change.kind, change.row_id, change.row, change.counter)) for change in changes]
        if lines:
            self._stream.write(b"\n".join(lines) + b"\n")

    def replace(self, kinds: Mapping[str, Sequence[Mapping[str, Any]]], *, counter: int) -> None:
        """Write a snapshot and empty the journal."""
        temporary = self._folder / f"{_SNAPSHOT}.new"
        with temporary.open("wb") as stream:
            stream.write(orjson.dumps({"format": 1, "counter": counter, "kinds": kinds}))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(self._folder / _SNAPSHOT)
        self._stream.truncate(0)

    def close(self) -> None:
        """Close the files."""
        self._stream.close()
