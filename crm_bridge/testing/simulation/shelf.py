"""What a simulator keeps on disk: JSON values by kind and id, in one SQLite file, on disk as soon as they are put."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson


class Shelf:
    """Survives the end of the process at any instant: each ``put`` is one transaction."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS things (kind TEXT, id TEXT, value BLOB, PRIMARY KEY (kind, id))")

    def put(self, kind: str, values: Mapping[str, Any]) -> None:
        """Keep ``values`` by id, all or none."""
        self.put_written(kind, {name: orjson.dumps(value) for name, value in values.items()})

    def put_written(self, kind: str, values: Mapping[str, bytes]) -> None:
        """The same, of values that are JSON already."""
        rows = [(kind, name, value) for name, value in values.items()]
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", rows)
            self._db.execute("COMMIT")

    def all(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Every value of a kind, in the order of ids."""
        with self._lock:
            rows = self._db.execute("SELECT id, value FROM things WHERE kind = ? ORDER BY id", (kind,)).fetchall()
        return ((name, orjson.loads(value)) for name, value in rows)

    def get(self, kind: str, name: str) -> Any:
        """One value; ``None`` when there is none."""
        with self._lock:
            row = self._db.execute("SELECT value FROM things WHERE kind = ? AND id = ?", (kind, name)).fetchone()
        return None if row is None else orjson.loads(row[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()


def kept_secret(file: Path, value: str) -> str:
    """What the file holds, or ``value``, which it holds from now on; readable by its owner alone."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(value, encoding="ascii")
    return file.read_text(encoding="ascii")
