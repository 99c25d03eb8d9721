"""The agency: keeps its own base, drops files with what changed, takes up the files that are left for it.

It reads and writes with :mod:`csv`, not with the connector's code, so that one finds the other's mistakes.
"""

from __future__ import annotations

import csv
import io
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from crm_bridge.api import RawRecord, SimulatorType

KIND = "client"
COLUMNS = (
    "№ договору", "ПІБ", "ІПН", "Телефон", "E-mail", "Дата народження", "Стать", "Місто", "Індекс", "Адреса", "Діти",
    "Дата анкети", "Згода SMS", "Дата згоди", "Улюблена страва",
)  # fmt: skip
RECORD_ID = COLUMNS[0]
ENCODING = "cp1251"
KNOBS: Mapping[str, str] = {
    "broken_row_next": "a row with too few columns stands in the middle of this many files",
    "unclosed_quote_next": "a row with an open quote stands in the middle of this many files",
    "wrong_header_next": "this many files have another header",
    "wrong_encoding_next": "this many files are written in UTF-8",
    "unfinished_next": "this many files keep the name that they have while they are written",
    "pause_pickup": "1: files that are left for the agency lie there",
}
_POLL_SECONDS = 0.2


class AgencySimulator:
    """Fulfils :class:`crm_bridge.api.Simulator`. No port: the folders ``inbox`` and ``out`` are its interface."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._file = folder / "agency.json"
        for name in ("inbox", "out", "taken", "rejected"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        kept = orjson.loads(self._file.read_bytes()) if self._file.exists() else {}
        self._base: dict[str, dict[str, str]] = kept.get("base", {})
        self._knobs: dict[str, int] = dict.fromkeys(KNOBS, 0) | kept.get("knobs", {})
        self._last_stamp = datetime.fromisoformat(kept["stamp"]) if kept else datetime.min.replace(tzinfo=UTC)
        self._stopped = threading.Event()
        self._poller: threading.Thread | None = None

    def start(self, port: int = 0) -> Mapping[str, Any]:  # noqa: ARG002  # a folder has none
        """``port`` is not used."""
        self._stopped.clear()
        self._poller = threading.Thread(target=self._poll, daemon=True, name="agency")
        self._poller.start()
        return {
            "inbox": str(self._folder.resolve() / "inbox"),
            "outbox": str(self._folder.resolve() / "out"),
            "columns": list(COLUMNS),
            "record_id": RECORD_ID,
            "kind": KIND,
            "encoding": ENCODING,
            "delimiter": ";",
            "settle_seconds": 0.0,
        }

    def stop(self) -> None:
        self._stopped.set()
        if self._poller:
            self._poller.join()
        self._poller = None

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        """Into the base, and into one file in the inbox."""
        _known(kind)
        with self._lock:
            rows = [self._whole(record, number) for number, record in enumerate(records, len(self._base) + 1)]
            self._base |= {row[RECORD_ID]: row for row in rows}
            self._drop(rows)
            return [row[RECORD_ID] for row in rows]

    def records(self, kind: str) -> Sequence[RawRecord]:
        """The base, after a look into the folder ``out``."""
        _known(kind)
        self._take_up()
        with self._lock:
            return [dict(row) for _, row in sorted(self._base.items())]

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        """Change a row, and drop a file that holds it."""
        _known(kind)
        with self._lock:
            row = self._whole({**self._base[record_id], **changes, RECORD_ID: record_id}, 0)
            self._base[record_id] = row
            self._drop([row])

    def configure(self, **knobs: object) -> None:
        for name, value in knobs.items():
            if name not in KNOBS or not isinstance(value, int):
                raise ValueError(f"knobs are whole numbers named {', '.join(KNOBS)}, not {name!r}")
        with self._lock:
            self._knobs |= {name: value for name, value in knobs.items() if isinstance(value, int)}
            self._save()

    def _whole(self, record: RawRecord, number: int) -> dict[str, str]:
        unknown = set(record) - set(COLUMNS)
        if unknown:
            raise ValueError(f"the agency has no column {', '.join(sorted(unknown))}")
        row = {name: str(record.get(name) or "") for name in COLUMNS}
        row[RECORD_ID] = row[RECORD_ID] or f"АГ-{number:06}"
        return row

    def _drop(self, rows: Sequence[Mapping[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow([name.upper() for name in COLUMNS] if self._take("wrong_header_next") else COLUMNS)
        middle = len(rows) // 2
        for number, row in enumerate(rows):
            if number == middle and self._take("broken_row_next"):
                text.write("ПОШКОДЖЕНО;лише два стовпці\r\n")
            if number == middle and self._take("unclosed_quote_next"):
                text.write(f'ЛАПКИ;"без кінця{";" * (len(COLUMNS) - 2)}\r\n')
            writer.writerow([row[name] for name in COLUMNS])
        encoding = "utf-8" if self._take("wrong_encoding_next") else ENCODING
        name = f"clients_{self._stamp():%Y%m%dT%H%M%S%f}.csv"
        unfinished = self._folder / "inbox" / f"{name}.part"
        unfinished.write_bytes(text.getvalue().encode(encoding, "replace"))
        if not self._take("unfinished_next"):
            unfinished.replace(self._folder / "inbox" / name)
        self._save()

    def _stamp(self) -> datetime:
        """Now, but behind the file before: files are read in the order of names."""
        self._last_stamp = max(self._clock().astimezone(UTC), self._last_stamp + timedelta(microseconds=1))
        return self._last_stamp

    def _take(self, knob: str) -> bool:
        left = self._knobs[knob]
        self._knobs[knob] = max(0, left - 1)
        return left > 0

    def _poll(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            self._take_up()

    def _take_up(self) -> None:
        with self._lock:
            files = [] if self._knobs["pause_pickup"] else sorted((self._folder / "out").glob("*.csv"))
            for file in files:
                rows = _rows_of(file.read_bytes())
                if rows is not None:
                    self._base |= {row[RECORD_ID]: row for row in rows}
                    self._save()
                file.replace(self._folder / ("rejected" if rows is None else "taken") / file.name)

    def _save(self) -> None:
        kept = {"base": self._base, "knobs": self._knobs, "stamp": self._last_stamp.isoformat()}
        unfinished = self._file.with_suffix(".tmp")
        with unfinished.open("wb") as file:
            file.write(orjson.dumps(kept))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._file)


def _rows_of(content: bytes) -> list[dict[str, str]] | None:
    """The rows of a file that was left for the agency; ``None``: it takes no file that is not as agreed."""
    try:
        header, *rows = csv.reader(io.StringIO(content.decode(ENCODING), newline=""), delimiter=";", strict=True)
        if tuple(header) != COLUMNS:
            return None
        return [dict(zip(header, row, strict=True)) for row in rows]
    except (UnicodeDecodeError, csv.Error, ValueError):
        return None


def _known(kind: str) -> None:
    if kind != KIND:
        raise ValueError(f"the agency holds {KIND}, not {kind!r}")


SIMULATOR = SimulatorType(
    name="vendor_files",
    open=AgencySimulator,
    summary="An outsourced agency at the other end of a drop folder; built from documents.",
    default_port=0,
    knobs=KNOBS,
)
