"""``--input``: records of persons from a Parquet or CSV file, as they are, with the truth where the file has it.

Column names are those of the public Splink data sets (``unique_id, cluster, first_name, surname, full_name, dob …``) or
their everyday synonyms. Empty cells are nothing said; odd dates and codes pass through for the bridge to judge.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_bridge.errors import DataMistake

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
    """The records of a ``.parquet`` or ``.csv`` file (UTF-8, comma or semicolon).

    Raises:
        DataMistake: no such file, another kind of file, missing columns, or no records.
    """
    if not path.is_file():
        raise DataMistake(f"{path}: there is no such file; give the path of a .parquet or .csv file")
    if path.suffix == ".parquet":
        header, rows = _parquet(path)
    elif path.suffix == ".csv":
        header, rows = _csv(path)
    else:
        raise DataMistake(f"{path}: only .parquet and .csv files are read; convert it to one of them")
    columns = _find_columns(header, file=path)
    records = tuple(_record(row, columns=columns, number=number) for number, row in enumerate(rows, start=1))
    if not records:
        raise DataMistake(f"{path}: the file has a header and no records")
    return InputData(records, labelled="cluster" in columns)


def _find_columns(header: Sequence[str], *, file: Path) -> dict[str, str]:
    """Meaning → column. A column is taken once, by its first meaning."""
    by_name = {name.strip().lower(): name for name in header}
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
        raise DataMistake(
            f"{file}: the file lacks {', '.join(missing)}; it has the columns: {', '.join(header) or 'none'}. "
            "Rename its columns or choose another file"
        )
    return found


def _record(row: Mapping[str, Any], *, columns: Mapping[str, str], number: int) -> InputRecord:
    cells = {meaning: _cell(row.get(column)) for meaning, column in columns.items()}
    full = cells.pop("full", None)
    if "family" not in columns and full:
        given, _, family = full.rpartition(" ")
        cells |= {"given": given or None, "family": family}
    record_id = cells.pop("id") or f"row {number}"
    cluster = cells.pop("cluster", None) or f"alone: {record_id}"
    return InputRecord(id=record_id, cluster=cluster, **cells)


def _cell(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _csv(path: Path) -> tuple[Sequence[str], Iterator[Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataMistake(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    first = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    return reader.fieldnames or (), iter(reader)


def _parquet(path: Path) -> tuple[Sequence[str], Iterator[Mapping[str, Any]]]:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types; here, as only this reader needs it
        from pyarrow import parquet
    except ImportError as error:
        raise DataMistake(
            f"{path}: reading Parquet needs pyarrow; install crm-bridge[parquet], or give a CSV file"
        ) from error
    try:
        table = parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataMistake(f"{path}: this is not a Parquet file that can be read; was it cut in transfer?") from error
    return table.column_names, iter(table.to_pylist())
