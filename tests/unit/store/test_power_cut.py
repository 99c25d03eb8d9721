"""A power cut at any moment keeps every commit that was acknowledged.

A layer under SQLite notes each write and each sync of the store's files. From that, the disk is put together as it may
be after a cut at every point: what was synced is there; of what was not, all, nothing or any part. The store is opened
from each such image.
"""

import random
import shutil
import sqlite3
from contextlib import closing

import apsw
import pytest

from crm_bridge.store.sqlite import PRAGMAS

COMMITS = 12
SEEDS = 3


class Disk:
    """What was done to the files, in order: (file, what, offset, bytes); and the commits that were acknowledged."""

    def __init__(self):
        self.events = []

    def files_after(self, cut, rng):
        """Their content after a cut behind ``cut`` events. ``rng``: draws what arrived of the writes without a sync."""
        synced = {file: at for at, (file, what, *_) in enumerate(self.events[:cut]) if what == "sync"}
        any_sync = max(synced.values(), default=-1)  # carries what was done to the folder, as journaling ones do
        files = {}
        for at, (file, what, offset, data) in enumerate(self.events[:cut]):
            content = files.setdefault(file, bytearray())
            durable = at < synced.get(file, -1)
            if what == "write" and (durable or rng.random() < 0.5):
                arrived = data if durable else data[: rng.choice([len(data), len(data), rng.randrange(len(data))])]
                content.extend(bytes(max(0, offset + len(arrived) - len(content))))
                content[offset : offset + len(arrived)] = arrived
            elif what == "truncate" and durable:
                del content[offset:]
            elif what == "delete" and (at < any_sync or rng.random() < 0.5):
                del files[file]
        return {file: bytes(content) for file, content in files.items()}

    def acknowledged(self, cut):
        return [number for _, what, number, _ in self.events[:cut] if what == "ack"]


class NotedFile(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self.disk = disk
        self.name = name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)

    def xWrite(self, data, offset):
        self.disk.events.append((self.name, "write", offset, bytes(data)))
        return super().xWrite(data, offset)

    def xTruncate(self, size):
        self.disk.events.append((self.name, "truncate", size, b""))
        return super().xTruncate(size)

    def xSync(self, flags):
        self.disk.events.append((self.name, "sync", 0, b""))
        return super().xSync(flags)


class NotedFiles(apsw.VFS):
    def __init__(self, disk):
        self.disk = disk
        super().__init__("noted", "")

    def xOpen(self, name, flags):
        return NotedFile(self.disk, name, flags)

    def xDelete(self, name, sync_folder):
        self.disk.events.append((name, "delete", 0, b""))
        return super().xDelete(name, sync_folder)


def work(file, pragmas):
    """Transactions as the store makes them, with a checkpoint on the way; each is noted when it was acknowledged."""
    disk = Disk()
    files = NotedFiles(disk)
    with closing(apsw.Connection(str(file), vfs="noted")) as connection:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, data BLOB)")
        for number in range(COMMITS):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t VALUES (?, ?)", (number, random.Random(number).randbytes(3000)))
            connection.execute("COMMIT")
            disk.events.append(("", "ack", number, b""))
    files.unregister()
    return disk


def lost(disk, file, folder):
    """Acknowledged commits that are missing, and images that are not sound, over cuts at every point."""
    missing, broken = 0, 0
    for cut in range(1, len(disk.events) + 1):
        for seed in range(SEEDS):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name, content in disk.files_after(cut, random.Random(seed)).items():
                if name:
                    (folder / name.rsplit("/", 1)[-1]).write_bytes(content)
            acknowledged = disk.acknowledged(cut)
            if not acknowledged:
                continue
            with closing(sqlite3.connect(folder / file.name)) as store:
                broken += store.execute("PRAGMA integrity_check").fetchone() != ("ok",)
                whole = store.execute("SELECT 1 FROM sqlite_master").fetchone()
                there = {number for (number,) in store.execute("SELECT n FROM t")} if whole else set()
            missing += len(set(acknowledged) - there)
    return missing, broken


def small_checkpoints(pragmas):
    return ["wal_autocheckpoint=8" if each.startswith("wal_autocheckpoint") else each for each in pragmas]


def test_every_acknowledged_commit_is_there_after_a_cut_at_any_point(tmp_path):
    disk = work(tmp_path / "bridge.db", small_checkpoints(PRAGMAS))

    assert (0, 0) == lost(disk, tmp_path / "bridge.db", tmp_path / "image")


def test_without_the_full_sync_commits_are_lost(tmp_path):
    """The proof that this way of looking finds a loss where there is one."""
    weaker = [each.replace("synchronous=FULL", "synchronous=NORMAL") for each in small_checkpoints(PRAGMAS)]
    disk = work(tmp_path / "bridge.db", weaker)

    missing, broken = lost(disk, tmp_path / "bridge.db", tmp_path / "image")

    assert missing > 0
    assert 0 == broken


@pytest.mark.parametrize("pragma", ["journal_mode=WAL", "synchronous=FULL"])
def test_the_store_runs_as_it_was_tried_here(pragma):
    assert pragma in PRAGMAS
