"""What a mapping document covers: of a system's fields, of the model's paths, of the codes that records really hold.

Nothing here shows a value, but for codes that a value map does not know, where they are few enough to be codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel

from crm_bridge.mapping.compile import CompiledMapping
from crm_bridge.mapping.document import Column, MappingDocument
from crm_bridge.mapping.sources import dotted, is_among, sources_of
from crm_bridge.model import Claim, Organisation, Person

# A field with more different "codes" holds no codes: names, perhaps.
MOST_CODES = 20
LONGEST_CODE = 40
# What the bridge says of a client, and no system.
OURS = frozenset({"id", "kind", "version", "replaced_by"})
_MODELS: Mapping[str, type[BaseModel]] = {"person": Person, "organisation": Organisation, "claim": Claim}


@dataclass(slots=True)
class Coverage:
    """What is covered and what is not.

    Attributes:
        records: how many were looked at.
        mapped: field of the system → the rows that name it.
        unmapped: field that no row names → records that fill it.
        not_fed: canonical paths that no row reads into.
        read_only: rows that are read and never written back: row → field.
        unknown_codes: field → code that its value map lacks → records; ``None`` for the code: too many or too long to
            be codes, and not shown.
    """

    records: int = 0
    mapped: dict[str, list[str]] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)
    not_fed: list[str] = field(default_factory=list)
    read_only: dict[str, str] = field(default_factory=dict)
    unknown_codes: dict[str, dict[str | None, int]] = field(default_factory=dict)


def coverage_of(mapping: CompiledMapping, records: Iterable[Any] = ()) -> Coverage:
    """What ``mapping`` covers, of itself and of these raw records."""
    document = mapping.document
    found = Coverage(not_fed=_not_fed(document), read_only=_read_only(document))
    for source in sources_of(document):
        labels = found.mapped.setdefault(source.name, [])
        if source.label not in labels:
            labels.append(source.label)
    containers = {dotted(row.each) for row in document.lists if row.each}
    whole = frozenset(name for name in found.mapped if name not in containers)
    filled: Counter[str] = Counter()
    codes: dict[str, Counter[str]] = {}
    for record in records:
        found.records += 1
        filled.update(set(_filled(record)))
        for problem in mapping.read(record).problems:
            if problem.code == "unknown_code":
                codes.setdefault(problem.field, Counter())[str(problem.value)] += 1
    found.unmapped = {name: number for name, number in sorted(filled.items()) if not _is_covered(name, whole)}
    found.unknown_codes = {name: _shown(counted) for name, counted in sorted(codes.items())}
    return found


def _is_covered(name: str, whole: frozenset[str]) -> bool:
    """A row names the field, or an object that it lies in."""
    return is_among(name, frozenset({name}) & whole) or any(name.startswith(f"{each}.") for each in whole)


def _filled(value: Any, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of fields that hold something, as ``src`` writes them; nested rows without their numbers."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _filled(below, (*above, str(name)))
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _filled(below, above)
    elif above and value is not None and value != "":
        yield dotted(above)


def _shown(counted: Counter[str]) -> dict[str | None, int]:
    if len(counted) > MOST_CODES or any(len(code) > LONGEST_CODE for code in counted):
        return {None: counted.total()}
    return dict(counted.most_common())


def _columns(document: MappingDocument) -> Iterator[tuple[str, Column]]:
    """Every row's columns with the canonical path that they feed."""
    for row in document.fields:
        yield row.column.path, row.column
    for each in document.lists:
        columns = (*each.parts, *each.more) if each.column is None else (each.column, *each.parts, *each.more)
        yield from ((each.head, column) for column in columns)


def _read_only(document: MappingDocument) -> dict[str, str]:
    found = {column.label: column.field_name for _, column in _columns(document) if column.direction == "read"}
    for row in document.lists:
        if row.direction == "read":
            found.setdefault(row.label, dotted(row.each) or (row.column.field_name if row.column else ""))
    return found


def _not_fed(document: MappingDocument) -> list[str]:
    fed = {path for path, column in _columns(document) if column.direction != "write"}
    paths = _paths(_MODELS[document.header.entity])
    return [path for path in paths if not any(_same_line(path, each) for each in fed)]


def _same_line(one: str, other: str) -> bool:
    """One of the paths is the other, or lies in it: a row for the whole ``name`` feeds ``name.family``."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _paths(model: type[BaseModel]) -> Iterator[str]:
    """The model's paths, those of single objects (``name.family``) one by one."""
    for name, info in model.model_fields.items():
        inner = next((each for each in (info.annotation, *get_args(info.annotation)) if _is_model(each)), None)
        if name in OURS:
            continue
        if inner is None or _is_many(info.annotation):
            yield name
        else:
            yield from (f"{name}.{below}" for below in inner.model_fields)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_many(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in (list, tuple, dict, frozenset)
