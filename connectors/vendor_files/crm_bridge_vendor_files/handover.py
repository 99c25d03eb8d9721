"""Planned writes into a file for the agency: which rows may go is decided purely; the file appears whole or not at all.

A spreadsheet carries out a value that begins with ``=``. The usual guard, an apostrophe before it, would change the
agency's data; so such a value is refused, visibly, and everything else leaves byte for byte.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from crm_bridge.api import Accepted, RecordWrite, Refused, Unreachable, WriteOutcome

from .table import Layout

_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9 ().,-]*\Z)")  # a phone or a number may begin with a sign


def decide(write: RecordWrite, *, layout: Layout, refuse_formulas: bool) -> WriteOutcome:
    """Whether a write can stand in a file: ``Accepted`` with its whole row, or the reason why not."""
    if write.operation == "delete":
        return Refused("the agency's files have no deletions", code="unsupported")
    unknown = [name for name in write.full if name not in layout.columns]
    if unknown:
        return Refused(
            f"the agency's files have no column for {', '.join(unknown)}", code="unknown_column", field=unknown[0]
        )
    row: dict[str, str] = {}
    for name in layout.columns:
        value = write.full.get(name)
        text = "" if value is None else value
        if not isinstance(text, str):
            return Refused(f"{name}: text was expected", code="wrong_type", field=name)
        code = _objection(text, encoding=layout.encoding, refuse_formulas=refuse_formulas)
        if code:
            reason = f"{name}: the value cannot stand in the agency's file as it is ({code})"
            return Refused(reason, code=code, field=name)
        row[name] = text
    record_id = row[layout.record_id].strip()
    if not record_id or (write.record_id is not None and record_id != write.record_id.strip()):
        return Refused(f"{layout.record_id} is the agency's to give: the row has to hold it", code="no_record_id")
    return Accepted(record_id=record_id, record=row)


def _objection(text: str, *, encoding: str, refuse_formulas: bool) -> str | None:
    if "\0" in text:
        return "nul"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "unencodable"
    return "formula" if refuse_formulas and _FORMULA.match(text) else None


def content_of(outcomes: Sequence[WriteOutcome], *, layout: Layout) -> bytes | None:
    """The file, ``None`` when no row goes. A client written twice stands there once, as last written."""
    rows = {said.record_id: said.record for said in outcomes if isinstance(said, Accepted) and said.record is not None}
    if not rows:
        return None
    text = io.StringIO()
    writer = csv.DictWriter(text, layout.columns, delimiter=layout.delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows.values())
    return text.getvalue().encode(layout.encoding)


def mark_of(writes: Sequence[RecordWrite]) -> str:
    """What a batch is known by when it is written again."""
    return hashlib.sha256("\n".join(write.key for write in writes).encode()).hexdigest()[:16]


def put_file(folder: Path, content: bytes, *, mark: str, now: datetime) -> None:
    """Let ``clients_<UTC>_<mark>.csv`` appear in ``folder``, whole and durable; one of the same mark is enough.

    Raises:
        Unreachable: nothing appeared.
    """
    if not folder.is_dir():
        raise Unreachable("the outbox is not there: is the share mounted?")
    if any(folder.glob(f"clients_*_{mark}.csv")):
        return
    name = f"clients_{now.astimezone(UTC):%Y%m%dT%H%M%S%f}_{mark}.csv"
    unfinished = folder / f".{name}.tmp"
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / name)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise Unreachable(f"the outbox cannot be written ({error.strerror})") from None
    with suppress(OSError):  # some shares cannot; the file is there, and writing it again would change nothing
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
