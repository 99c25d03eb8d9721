"""``--input``: records of persons from a Parquet or CSV file, as they are, with the truth where the file has it.

Column names are those of the public Splink data sets (``unique_id, cluster, first_name, surname, full_name, dob …``) or
their everyday synonyms. Empty cells are nothing said; odd dates and codes pass through for the bridge to judge.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crm_bridge.demo.parquet_rows import Rows, open_parquet
from crm_bridge.errors import DataMistake
from crm_bridge.model.formats import is_blank

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("unique_id", "id", "record_id"),
    "cluster": ("cluster", "cluster_id", "person_id"),
    "given": ("first_name", "given_name", "given"),
    "family": ("surname", "last_name", "family_name", "family"),
    "full": ("full_name", "name", "first_and_surname"),
    "birth_date": ("dob", "birth_date", "date_of_birth"),
    "city": ("birth_place", "city", "town"),
    "postal_code": ("postcode_fake", "postcode", "postal_code", "zip"),
    "gender": ("gender", "sex"),
    "job_title": ("occupation", "job_title"),
    "email": ("email", "e-mail"),
    "phone": ("phone", "mobile", "mobile_phone"),
}

DELIMITERS = (",", ";", "\t", "|")
IDS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One record of the file. ``None``: the file says nothing.

    Attributes:
        id: the file's own; for messages only.
        cluster: records of one person share it; a record's own id when the file has no such column.
    """

    id: str
    cluster: str
    given: str | None = None
    family: str | None = None
    birth_date: str | None = None
    city: str | None = None
    postal_code: str | None = None
    gender: str | None = None
    job_title: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class InputData:
    """The records of a file. ``labelled``: it has a cluster column, so merges can be judged."""

    records: tuple[InputRecord, ...]
    labelled: bool


def read_input(path: Path) -> InputData:
    """The records of a ``.parquet`` or ``.csv`` file (UTF-8; comma, semicolon, tab or bar).

    Raises:
        DataMistake: no such file, another kind of file, missing columns, columns without single values, broken rows,
            records without an id, ids that stand twice, or no records.
    """
    _demand_file(path)
    if path.suffix.lower() == ".parquet":
        header, rows = open_parquet(path)
    elif path.suffix.lower() == ".csv":
        header, rows = _csv(path)
    else:
        raise DataMistake(f"{path}: only .parquet and .csv files are read; convert it to one of them")
    columns = _find_columns(header, file=path)
    records = tuple(_record(row, columns=columns) for row in rows(list(columns.values())))
    if not records:
        raise DataMistake(f"{path}: the file has a header and no records: add rows, or choose another file")
    _demand_ids(records, file=path)
    return InputData(records, labelled="cluster" in columns)


def _demand_file(path: Path) -> None:
    try:
        what = None if path.is_file() else "this is a folder" if path.is_dir() else "there is no such file"
        if what is None:
            path.open("rb").close()
    except OSError as error:  # the name is too long, or the file is not ours to read
        what = f"it cannot be opened ({error.strerror})"
    if what is not None:
        raise DataMistake(f"{path}: {what}; give the path of a .parquet or .csv file")


def _demand_ids(records: Sequence[InputRecord], *, file: Path) -> None:
    """One id is one record: of two with the same id, or without any, nobody could say which is meant."""
    first: dict[str, int] = {}
    wrong: list[str] = []
    for number, record in enumerate(records, start=1):
        if is_blank(record.id):
            wrong.append(f"record {number} has no id")
        elif first.setdefault(record.id, number) != number:
            wrong.append(f"record {number} has the id of record {first[record.id]}")
    if wrong:
        more = f", and {len(wrong) - IDS_SHOWN:,} more" if len(wrong) > IDS_SHOWN else ""
        raise DataMistake(
            f"{file}: {', '.join(wrong[:IDS_SHOWN])}{more} (the header not counted). Give every record an id of its "
            "own; records of one person may share a cluster"
        )


def _find_columns(header: Sequence[str], *, file: Path) -> dict[str, str]:
    """Meaning → column. A column is taken once, by its first meaning. A message names none that is not known: where a
    header is missing, its place is taken by somebody's record."""
    names = [name.strip().lower() for name in header]
    twice = sorted({names.index(name) + 1 for name in names if name and names.count(name) > 1})
    if twice:
        same = " and ".join(str(at + 1) for at, name in enumerate(names) if name == names[twice[0] - 1])
        raise DataMistake(f"{file}: columns {same} have the same name. Rename or remove one of them")
    by_name = dict(zip(names, header, strict=True))
    found = {}
    for meaning, synonyms in _COLUMNS.items():
        column = next((by_name[name] for name in synonyms if name in by_name), None)
        if column is not None:
            found[meaning] = column
    missing = [f"an id ({' or '.join(_COLUMNS['id'])})"] if "id" not in found else []
    if "family" not in found and "full" not in found:
        missing.append("a name (first_name and surname, or full_name)")
    if "birth_date" not in found:
        missing.append(f"a birth date ({' or '.join(_COLUMNS['birth_date'])})")
    if missing:
        known = ", ".join(name.strip() for name in found.values()) or "none"
        raise DataMistake(
            f"{file}: the file lacks {', '.join(missing)}; of the {len(header)} columns in its first line these are "
            f"known: {known}. Rename its columns or choose another file"
        )
    return found


def _record(row: Mapping[str, str | None], *, columns: Mapping[str, str]) -> InputRecord:
    cells = {meaning: (row[column] or "").strip() or None for meaning, column in columns.items()}
    full = cells.pop("full", None)
    if "family" not in columns and full:
        given, _, family = full.rpartition(" ")
        cells |= {"given": given or None, "family": family}
    record_id = cells.pop("id") or ""
    cluster = cells.pop("cluster", None) or f"alone: {record_id}"
    return InputRecord(id=record_id, cluster=cluster, **cells)


def _csv(path: Path) -> tuple[Sequence[str], Rows]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataMistake(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from error
    if not text.strip():
        raise DataMistake(f"{path}: the file is empty; choose one with a header and a row for each record")
    rows = _csv_rows(text, delimiter=max(DELIMITERS, key=text.partition("\n")[0].count), file=path)
    _, header = next(rows)
    return header, lambda _: _by_column(rows, header=header, file=path)


def _csv_rows(text: str, *, delimiter: str, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the number of the line that it ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise DataMistake(
                f"{file}: line {reader.line_num} cannot be read as CSV ({error}): is a quote open, or a cell too long?"
            ) from None
        if row is None:
            return
        if len(row) > 1 or "".join(row).strip():
            yield reader.line_num, row


def _by_column(
    rows: Iterator[tuple[int, list[str]]], *, header: Sequence[str], file: Path
) -> Iterator[Mapping[str, str]]:
    for line, row in rows:
        if len(row) != len(header):
            raise DataMistake(
                f"{file}: line {line} has {len(row)} cells and the header {len(header)}: "
                "put quotes around a cell with the delimiter in it, or add what is missing"
            )
        yield dict(zip(header, row, strict=True))
