"""What is asked of QueryPage: projections, search specifications and dates, as pure functions.

Windows are by key (``Updated``, ``Id``), never by offset over the whole set: rows that move while we read would
make offsets skip others. Both comparisons are left to Siebel's database, so its collation never has to be guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm_bridge_siebel.shapes import ROW_ID, SYSTEM_FIELDS, UPDATED, Component, ServiceShape

SIEBEL_DATETIME = "%m/%d/%Y %H:%M:%S"
BY_ID = (ROW_ID,)
BY_CHANGE = (UPDATED, ROW_ID)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a drain stands: behind the record ``row_id`` of the second ``updated`` (Siebel's own text)."""

    updated: str
    row_id: str


@dataclass(frozen=True, slots=True)
class Query:
    """One QueryPage call.

    Attributes:
        searchspec: search specification of the component; ``None``: all rows.
        sort: fields to sort by, ascending.
        page_size: records wanted.
        start_row: offset, from 0. Only for child pages of one record.
        keys_only: ask for the system fields alone.
        child_start: offset within the containers.
    """

    searchspec: str | None
    sort: Sequence[str] = ()
    page_size: int = 500
    start_row: int = 0
    keys_only: bool = False
    child_page_size: int = 100
    child_start: int = 0


def arguments(query: Query, shape: ServiceShape) -> dict[str, Any]:
    """``query`` as the tree that QueryPage takes. A field that is not asked for does not come back."""
    component = shape.query.component
    available = [name for name in component.fields if name in shape.data.component.fields]
    wanted = [name for name in available if name in SYSTEM_FIELDS] if query.keys_only else available
    sequence = {name: str(number) for number, name in enumerate(query.sort, start=1)}
    row: dict[str, Any] = {name: _asked(sequence.get(name)) for name in wanted}
    if not query.keys_only:
        for child in component.lists:
            row[child.tag] = _children(child.component, query)
    if query.searchspec is not None:
        row["searchspec"] = query.searchspec
    return {"pagesize": query.page_size, "startrownum": query.start_row, component.tag: row}


def changed_after(position: Position) -> str:
    """Rows behind ``position`` in the order of (Updated, Id)."""
    second = quoted(position.updated)
    return f"[Updated] > {second} OR ([Updated] = {second} AND [Id] > {quoted(position.row_id)})"


def changed_up_to(position: Position) -> str:
    """Rows up to and with ``position`` in the order of (Updated, Id)."""
    second = quoted(position.updated)
    return f"[Updated] < {second} OR ([Updated] = {second} AND [Id] <= {quoted(position.row_id)})"


def changed_since(updated: str) -> str:
    """Rows of the second ``updated`` and later."""
    return f"[Updated] >= {quoted(updated)}"


def id_after(row_id: str) -> str:
    """Rows behind ``row_id`` in the order of Id."""
    return f"[Id] > {quoted(row_id)}"


def any_of(name: str, values: Sequence[str]) -> str:
    """Rows whose field is one of ``values``, which are not empty."""
    return " OR ".join(f"[{name}] = {quoted(value)}" for value in values)


def all_of(*specs: str | None) -> str | None:
    """Rows that fulfil every one of ``specs`` that is not ``None``."""
    given = [spec for spec in specs if spec is not None]
    if len(given) < 2:
        return given[0] if given else None
    return " AND ".join(f"({spec})" for spec in given)


def quoted(value: str) -> str:
    """``value`` as a literal of a search specification; quotes inside are doubled."""
    return "'" + value.replace("'", "''") + "'"


def earlier(updated: str, *, seconds: int) -> str:
    """``updated`` less ``seconds``, in Siebel's format.

    Raises:
        ValueError: ``updated`` is not ``MM/DD/YYYY HH:MM:SS``.
    """
    return (moment(updated) - timedelta(seconds=seconds)).strftime(SIEBEL_DATETIME)


def moment(updated: str) -> datetime:
    """``updated`` as a naive time in UTC, for comparing.

    Raises:
        ValueError: it is not ``MM/DD/YYYY HH:MM:SS``.
    """
    return datetime.strptime(updated, SIEBEL_DATETIME)  # noqa: DTZ007  # Siebel's text carries no zone; only compared


def _asked(sequence: str | None) -> Mapping[str, str]:
    return {"_value_1": ""} if sequence is None else {"_value_1": "", "sortorder": "ASC", "sortsequence": sequence}


def _children(component: Component, query: Query) -> dict[str, Any]:
    row: dict[str, Any] = {name: {"_value_1": ""} for name in component.fields}
    for child in component.lists:
        row[child.tag] = _children(child.component, query)
    return {"pagesize": query.child_page_size, "startrownum": query.child_start, component.tag: row}
