"""A mapping document as frozen values: what the YAML says, checked, before it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from crm_bridge.errors import Place
from crm_bridge.mapping.paths import Steps
from crm_bridge.model.forms import Form

Direction: TypeAlias = Literal["both", "read", "write"]
NO_REGION = "ZZ"  # the code of ISO 3166 for an unknown country
Unset: TypeAlias = Literal["keep", "blank", "error"]


@dataclass(frozen=True, slots=True)
class Column:
    """One field of the system, and how it is read and written.

    Attributes:
        path: canonical path; within a list, relative to the item.
        label: the whole canonical path, for problems.
        src: the field's name, one name for each level of nesting.
        severity: what an unknown code does, in both directions.
        options: the transform's own words, such as ``format`` or ``values``, resolved.
        form: what the model takes at the path.
    """

    path: str
    steps: Steps
    label: str
    src: tuple[str, ...]
    transform: str
    options: Mapping[str, Any]
    direction: Direction
    unset: Unset
    required: bool
    trim: bool
    severity: Literal["quarantine", "warn"]
    place: Place
    max: int | None = None
    check: str | None = None
    call: str | None = None
    form: Form | None = None

    @property
    def field_name(self) -> str:
        """The name of the field, for people."""
        return ".".join(self.src)


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A row of ``fields``: one column for one path."""

    column: Column
    if_absent: tuple[Steps, ...] = ()


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of ``lists``: where items of one canonical list come from and go to.

    Attributes:
        head: the canonical list.
        label: what the items are, such as ``contact_points[phone/mobile]``.
        item: fixed values of each item; a fixed object that ``parts`` or ``more`` fill stands only with one of them.
        identity: the fixed values that tell this row's items apart.
        column: the row's own column; ``None`` when it has parts.
        each: where nested rows stand; empty for columns of the record itself.
        key: the field of a nested row that is its own id.
    """

    head: str
    label: str
    item: Mapping[str, Any]
    identity: Mapping[str, Any]
    column: Column | None
    parts: tuple[Column, ...]
    more: tuple[Column, ...]
    each: tuple[str, ...]
    key: str | None
    split: str | None
    pattern: str | None
    on_remove: Literal["keep", "delete"]
    is_address: bool
    plain: bool
    direction: Direction
    place: Place


@dataclass(frozen=True, slots=True)
class InlineTest:
    """A test in a document: a record, and what has to come of it."""

    name: str
    given: Mapping[str, Any] | None
    place: Place
    expect: Mapping[str, Any] | None = None
    change: Mapping[str, Any] = field(default_factory=dict)
    write_back: Mapping[str, Any] | None = None
    quarantine: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a document.

    Attributes:
        entity: ``person``, ``organisation`` or ``claim``.
        image: ``full``: an empty or missing field retracts what this source said; ``partial``: silence says nothing.
        blank: what an emptied field is written as: ``""`` or ``None``.
    """

    name: str
    version: str
    entity: Literal["person", "organisation", "claim"]
    id: Column
    concurrency: str | None
    changed_at: Column | None
    client: Column | None
    client_system: str | None
    image: Literal["full", "partial"]
    blank: str | None
    concurrency_place: Place | None = None


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """A whole document.

    Attributes:
        outer_region: the region that its phones take from the configuration, or :data:`NO_REGION` where that was not
            given; ``None`` where no row needs it.
    """

    file: str
    header: Header
    fields: tuple[FieldRow, ...]
    lists: tuple[ListRow, ...]
    tests: tuple[InlineTest, ...]
    outer_region: str | None = None
