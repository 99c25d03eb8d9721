"""An agency's file into records. Pure. A broken row costs itself alone, a wrong header the file; nothing is half read.

RFC 4180 with a chosen delimiter. Rows are told apart here, not by :mod:`csv`: there, one quote that is never closed
swallows every row behind it without a word.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from crm_bridge.api import BrokenRecord, RawRecord

LONGEST_ROW = 20  # lines: a quoted value may hold line ends, but not half a file
# what a spreadsheet makes of a long number when it saves a file: the digits behind these are gone
_MANGLED = re.compile(r"\s*[+-]?[0-9](?:[.,][0-9]+)?[eEеЕ]\+[0-9]{2,3}\s*")
_LEAST_FOR_UTF8 = 4  # letters in UTF-8 that no text of a one-byte code page has by chance
_OTHER_ENCODINGS = ("utf-8-sig", "cp1251", "cp866", "koi8-u", "utf-16", "cp1252")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file is to look like."""

    columns: tuple[str, ...]
    record_id: str
    encoding: str
    delimiter: str
    ends_with_line_end: bool = False
    cell: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        edge = re.escape(self.delimiter)
        # a quoted value up to its closing quote, or an unquoted one; quotes inside an unquoted one are letters
        cell = re.compile(rf'"([^"]*(?:""[^"]*)*)"(?={edge}|\Z)|((?!")[^{edge}]*)')
        object.__setattr__(self, "cell", cell)


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says."""

    records: Sequence[RawRecord]
    broken: Sequence[BrokenRecord]


class _BrokenRow(Exception):  # noqa: N818  # never leaves this module
    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code, self.cause = code, cause


def read_table(content: bytes, *, file: str, layout: Layout) -> Table:
    """Read a whole file. Empty lines are skipped; the order of columns is the header's.

    A client that stands there twice with different content is broken both times: nobody can tell which row is right.
    """
    lines = content.split(b"\n")
    header = _header(lines[0], layout=layout)
    if header is None:
        return Table((), (_wrong_header(content, lines[0], file=file, layout=layout),))
    rows: list[tuple[int, bytes, dict[str, str]]] = []
    broken: list[BrokenRecord] = []
    if layout.ends_with_line_end and lines[-1].strip() and len(lines) > 1:
        cause = "the file ends in the middle of a row: it was not sent whole"
        broken.append(_broken(file, len(lines) - 1, lines.pop(), "cut_off", cause, layout=layout))
    number = 1
    while number < len(lines):
        taken = 1
        if lines[number].strip():
            try:
                record, taken = _record(lines, number, header=header, layout=layout)
                rows.append((number, lines[number], record))
            except _BrokenRow as error:
                taken = 1
                broken.append(_broken(file, number, lines[number], error.code, error.cause, layout=layout))
        number += taken
    records, twice = _without_contradictions(rows, file=file, layout=layout)
    return Table(records, [*broken, *twice])


def _record(
    lines: Sequence[bytes], number: int, *, header: Sequence[str], layout: Layout
) -> tuple[dict[str, str], int]:
    """The record that begins at ``number``, and how many lines it takes."""
    cells, taken = _row(lines, number, layout=layout)
    record = dict(zip(header, cells, strict=True))
    if not record[layout.record_id].strip():
        raise _BrokenRow("missing_id", f"no {layout.record_id}: the row names no client")
    if _MANGLED.fullmatch(record[layout.record_id]):
        cause = (
            f"{layout.record_id} is a number that a spreadsheet rounded, so two clients could have it: save it as text"
        )
        raise _BrokenRow("mangled_number", cause)
    return record, taken


def _row(lines: Sequence[bytes], number: int, *, layout: Layout) -> tuple[list[str], int]:
    """The cells of the row that begins at ``number``, and how many lines it takes."""
    text = _text(lines[number], layout=layout)
    cells = text.split(layout.delimiter) if '"' not in text else _cells(text, layout=layout)
    taken = 1
    while cells is None:
        behind = number + taken
        if taken == LONGEST_ROW or behind >= len(lines) or _looks_like_a_row(lines[behind], layout=layout):
            raise _BrokenRow("unclosed_quote", "a quote is not closed, or stands in the wrong place")
        line_end = "\r\n" if lines[behind - 1].endswith(b"\r") else "\n"
        text = f"{text}{line_end}{_text(lines[behind], layout=layout)}"
        cells, taken = _cells(text, layout=layout), taken + 1
    if len(cells) != len(layout.columns):
        raise _BrokenRow("wrong_column_count", f"{len(cells)} columns where the header has {len(layout.columns)}")
    return cells, taken


def _looks_like_a_row(line: bytes, *, layout: Layout) -> bool:
    return line.count(layout.delimiter.encode()) >= len(layout.columns) - 1


def _text(line: bytes, *, layout: Layout) -> str:
    try:
        text = line.removesuffix(b"\r").decode(layout.encoding)
    except UnicodeDecodeError as error:
        cause = f"byte {error.object[error.start]:#04x} at {error.start + 1} is nothing in {layout.encoding}"
        raise _BrokenRow("undecodable_byte", cause) from None
    if _is_utf8(line, layout=layout):
        raise _BrokenRow("wrong_encoding", f"the row is written in utf-8, {layout.encoding} is configured")
    if "\0" in text:
        raise _BrokenRow("nul", "a NUL character: the file was damaged on its way")
    return text


def _is_utf8(line: bytes, *, layout: Layout) -> bool:
    """Whether a row that a one-byte code page can read as well is UTF-8 instead."""
    if line.isascii() or codecs.lookup(layout.encoding).name.startswith("utf"):
        return False
    try:
        return sum(not letter.isascii() for letter in line.decode("utf-8")) >= _LEAST_FOR_UTF8
    except UnicodeDecodeError:
        return False


def _cells(text: str, *, layout: Layout) -> list[str] | None:
    """The cells of a row, ``None`` when a quote is open at its end or stands where none may."""
    cells: list[str] = []
    at = 0
    while True:
        found = layout.cell.match(text, at)
        if found is None:
            return None
        quoted = found[1]
        cells.append(quoted.replace('""', '"') if quoted is not None else found[2])
        if found.end() == len(text):
            return cells
        at = found.end() + 1


def _header(line: bytes, *, layout: Layout, encoding: str | None = None) -> list[str] | None:
    """The names in the header, ``None`` when they are not the columns."""
    try:
        text = line.removesuffix(b"\r").decode(encoding or layout.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    names = _cells(text, layout=layout) or []
    return names if sorted(names) == sorted(layout.columns) else None


def _wrong_header(content: bytes, line: bytes, *, file: str, layout: Layout) -> BrokenRecord:
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        return BrokenRecord(
            file, "the file is empty, without a header: the agency has to send it again", "", "empty_file"
        )
    sample = line[:2000].decode(layout.encoding, "backslashreplace")
    first = line.split(b"\r")[0]
    if first != line.removesuffix(b"\r") and _header(first, layout=layout):
        cause = "the lines end with CR alone, as old spreadsheet formats end them: not one row was read"
        return BrokenRecord(
            f"{file}:1", f"{cause}; let it be saved with CR LF or LF", first.decode(layout.encoding), "wrong_line_ends"
        )
    for encoding in _OTHER_ENCODINGS:
        whole = content.decode(encoding, "ignore").encode("utf-8") if encoding == "utf-16" else line
        first, code = whole.split(b"\n")[0], "utf-8" if encoding == "utf-16" else encoding
        if _header(first, layout=layout, encoding=code):
            cause = f"the file is written in {encoding}, {layout.encoding} is configured: not one row was read"
            return BrokenRecord(file, cause, sample, "wrong_encoding")
    names = _cells(line.removesuffix(b"\r").decode(layout.encoding, "replace"), layout=layout) or []
    missing = [name for name in layout.columns if name not in names]
    cause = f"the header is not the configured one (missing: {', '.join(missing) or 'none, but there are others'})"
    return BrokenRecord(f"{file}:1", f"{cause}: not one row was read", sample, "wrong_header")


def _without_contradictions(
    rows: Sequence[tuple[int, bytes, dict[str, str]]], *, file: str, layout: Layout
) -> tuple[list[RawRecord], list[BrokenRecord]]:
    """The same row twice is one; two different rows of one client are none."""
    by_id: dict[str, list[tuple[int, bytes, dict[str, str]]]] = {}
    for row in rows:
        by_id.setdefault(row[2][layout.record_id].strip(), []).append(row)
    if len(by_id) == len(rows):
        return [record for _, _, record in rows], []
    records: list[RawRecord] = []
    broken: list[BrokenRecord] = []
    for name, same in by_id.items():
        if all(record == same[0][2] for _, _, record in same):
            records.append(same[0][2])
            continue
        where = ", ".join(str(number + 1) for number, _, _ in same)
        cause = f"this client stands in lines {where} with different content: the agency has to say which is right"
        broken += [
            _broken(file, number, line, "duplicate_id", cause, layout=layout, name=name) for number, line, _ in same
        ]
    return records, broken


def _broken(
    file: str, number: int, line: bytes, code: str, cause: str, *, layout: Layout, name: str | None = None
) -> BrokenRecord:
    raw = line.removesuffix(b"\r").decode(layout.encoding, "backslashreplace")
    return BrokenRecord(f"{file}:{number + 1}", f"{cause}; the agency has to send it again", raw, code, name)
