"""A Parquet file's columns as text, as people write such values: a day without midnight, a number without ``.0``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crm_bridge.errors import DataMistake

Rows = Callable[[Sequence[str]], Iterator[Mapping[str, str | None]]]

# Tools that know no dates write midnight, those that know zones write it somewhere.
_MIDNIGHT = re.compile(r" 00:00:00(\.0+)?(Z|[+-]\d\d:?\d\d)?$")
_NO_FRACTION = re.compile(r"(?<=:\d\d)\.0+(?=$|Z|[+-])")


def open_parquet(path: Path) -> tuple[Sequence[str], Rows]:
    """The names of all columns, and what reads the rows of some of them.

    Raises:
        DataMistake: it is not a Parquet file, or pyarrow is not installed. Of the rows: a column holds no single
            values (lists, records, bytes), or cannot be read.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types; here, as only this reader needs it
        from pyarrow import parquet
    except ImportError as error:
        raise DataMistake(
            f"{path}: reading Parquet needs pyarrow; install crm-bridge[parquet], or give a CSV file"
        ) from error
    try:
        file = parquet.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise DataMistake(f"{path}: this is not a Parquet file that can be read; was it cut in transfer?") from error

    def rows(columns: Sequence[str]) -> Iterator[Mapping[str, str | None]]:
        for name in columns:
            if not _is_single(schema.field(name).type, pa):
                raise DataMistake(
                    f"{path}: column {name} holds {schema.field(name).type}, and no single values: make it text, "
                    "numbers or dates, or call it something else"
                )
        try:
            table = file.read(columns=list(columns))
            texts = [_texts(table.column(name), pa) for name in columns]
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise DataMistake(
                f"{path}: its columns {', '.join(columns)} cannot be read; was it damaged in transfer?"
            ) from error
        for cells in zip(*texts, strict=True):
            yield dict(zip(columns, cells, strict=True))

    return schema.names, rows


def _is_single(kind: Any, pa: Any) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return _is_single(kind.value_type, pa)
    known = (
        types.is_null,
        types.is_string,
        types.is_large_string,
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_date,
        types.is_timestamp,
    )
    return any(each(kind) for each in known)


def _texts(column: Any, pa: Any) -> list[str | None]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.cast(kind.value_type), pa)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):  # as text: Python's own dates end with the year 9999
        return [None if each is None else _moment(each) for each in column.cast(pa.string()).to_pylist()]
    return [None if each is None else each if isinstance(each, str) else _number(each) for each in column.to_pylist()]


def _moment(text: str) -> str:
    return _NO_FRACTION.sub("", _MIDNIGHT.sub("", text))


def _number(value: Any) -> str | None:
    if value != value:  # NaN says nothing
        return None
    return str(int(value)) if _is_whole(value) else str(value)


def _is_whole(value: Any) -> bool:
    try:
        return bool(value == int(value))
    except (OverflowError, ValueError):  # infinite
        return False
