"""The folder that the agency fills: which files are whole, and which were read already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from crm_bridge.api import RejectRecord, RetryLater, Unreachable

UNFINISHED = (".part", ".tmp")


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file that was not being written while it was read."""

    name: str
    content: bytes

    @property
    def seen(self) -> tuple[int, str]:
        """Size and SHA-256: the same name with another content is another file."""
        return len(self.content), hashlib.sha256(self.content).hexdigest()


class Inbox:
    """``settle_seconds``: how old a file has to be; younger ones wait for the next time."""

    def __init__(self, folder: Path, *, pattern: str, settle_seconds: float, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._pattern = pattern
        self._settle_seconds = settle_seconds
        self._clock = clock

    def files(self) -> Iterator[WholeFile]:
        """Whole files in the order of names, up to the first that is not whole yet: what stands behind is newer news.

        Raises:
            Unreachable: the folder is not there. That is a share that is not mounted, not an agency without clients.
            RetryLater: a file cannot be opened.
        """
        for path in self._paths():
            whole = self._read(path)
            if whole is not None:
                yield whole
            elif path.exists():
                return

    def signature(self) -> tuple[tuple[str, int, int], ...]:
        """What the folder holds, without reading it: names, sizes and times."""
        found = []
        for path in self._paths():
            with suppress(FileNotFoundError):  # taken away just now
                stat = path.stat()
                found.append((path.name, stat.st_size, stat.st_mtime_ns))
        return tuple(found)

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            raise Unreachable("the agency's inbox is not there: is the share mounted?")
        found = (path for path in self._folder.glob(self._pattern) if path.is_file() and not path.name.startswith("."))
        return sorted(path for path in found if path.suffix.lower() not in UNFINISHED)

    def _read(self, path: Path) -> WholeFile | None:
        try:
            before = path.stat()
            if self._settle_seconds and self._clock().timestamp() - before.st_mtime < self._settle_seconds:
                return None
            content = path.read_bytes()
            after = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RetryLater(f"{path.name} cannot be read ({error.strerror})") from None
        marks = {(each.st_ino, each.st_size, each.st_mtime_ns) for each in (before, after)}
        same = len(marks) == 1 and after.st_size == len(content)
        return WholeFile(path.name, content) if same else None


@dataclass(slots=True)
class Finished:
    """Which files were read, as the stored cursor says. Names of files that are gone stay: one that comes back is not
    read a second time.

    Attributes:
        files: size and SHA-256 by name.
        last: SHA-256 of the file that was read last.
    """

    files: dict[str, tuple[int, str]]
    last: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> Finished:
        """From a stored cursor.

        Raises:
            RejectRecord: it is not a cursor of this connector.
        """
        if cursor is None:
            return cls({})
        try:
            said = orjson.loads(cursor)
            return cls({name: (size, digest) for name, (size, digest) in said["files"].items()}, said.get("last"))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise RejectRecord("the stored cursor is not one of this connector") from None

    def cursor(self) -> str:
        """As it is stored."""
        return orjson.dumps({"files": self.files, "last": self.last}, option=orjson.OPT_SORT_KEYS).decode()

    def twin_of(self, file: WholeFile) -> str | None:
        """The name under which the same bytes were read before."""
        return min((name for name, seen in self.files.items() if seen == file.seen), default=None)
