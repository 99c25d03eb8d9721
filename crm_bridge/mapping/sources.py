"""The fields of a system that a mapping document names: what an unknown name is looked for in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm_bridge.errors import Place
from crm_bridge.mapping.document import Column, Header, ListRow, MappingDocument

ANY_NAME = "*"


@dataclass(frozen=True, slots=True)
class Source:
    """A field that a row reads or writes.

    Attributes:
        name: dotted, as in ``src``, and whole: the field of a nested row with the place of its rows before it.
        label: which row, in the words of problems.
    """

    name: str
    label: str
    place: Place


def sources_of(document: MappingDocument) -> tuple[Source, ...]:
    """Every field that ``document`` names, in its order."""
    found = [*_of_header(document.header)]
    found += [_of_column(row.column) for row in document.fields]
    for row in document.lists:
        found += _of_list(row)
    return tuple(found)


def is_among(name: str, fields: frozenset[str]) -> bool:
    """Whether ``name`` is one of ``fields``, or holds some of them, or stands in an object of any names."""
    if name in fields or any(field.startswith(f"{name}.") for field in fields):
        return True
    return any(field.endswith(f".{ANY_NAME}") and name.startswith(field[:-1]) for field in fields)


def dotted(names: tuple[str, ...]) -> str:
    """``("address", "street")`` → ``address.street``; a dot within a name gets a backslash."""
    return ".".join(name.replace(".", "\\.") for name in names)


def _of_header(header: Header) -> Iterator[Source]:
    for column in (header.id, header.changed_at, header.client):
        if column is not None:
            yield _of_column(column)
    if header.concurrency is not None:
        yield Source(dotted((header.concurrency,)), "record.concurrency", header.concurrency_place or header.id.place)


def _of_column(column: Column, *, within: tuple[str, ...] = ()) -> Source:
    return Source(dotted((*within, *column.src)), column.label, column.place)


def _of_list(row: ListRow) -> Iterator[Source]:
    if row.each:
        yield Source(dotted(row.each), row.label, row.place)
    if row.key is not None:
        yield Source(dotted((*row.each, row.key)), row.label, row.place)
    if row.column is not None:
        yield _of_column(row.column, within=row.each)
    if row.pattern is None:  # else the parts name the pattern's groups
        yield from (_of_column(column, within=row.each) for column in row.parts)
    yield from (_of_column(column, within=row.each) for column in row.more)
