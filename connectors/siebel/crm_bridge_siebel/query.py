"""What is asked of a query: windows over changes, and how a page is wanted, as pure values.

Windows are by key (``Updated``, ``Id``), never by offset over the whole set: rows that move while we read would
make offsets skip others. Both comparisons are left to Siebel's database, so its collation never has to be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from crm_bridge_siebel.conditions import (
    SIEBEL_DATETIME,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    all_of,
    any_of,
    moment,
    quoted,
    siebel_moment,
)
from crm_bridge_siebel.shapes import ROW_ID, UPDATED

__all__ = [
    "BY_CHANGE",
    "BY_ID",
    "SIEBEL_DATETIME",
    "Position",
    "Query",
    "all_of",
    "any_of",
    "changed_after",
    "changed_since",
    "changed_up_to",
    "earlier",
    "id_after",
    "moment",
    "quoted",
]

BY_ID = (ROW_ID,)
BY_CHANGE = (UPDATED, ROW_ID)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a drain stands: behind the record ``row_id`` of the second ``updated`` (Siebel's own text)."""

    updated: str
    row_id: str


@dataclass(frozen=True, slots=True)
class Query:
    """One page of a query.

    Attributes:
        searchspec: which rows of the component; ``None``: all.
        sort: fields to sort by, ascending.
        page_size: records wanted.
        start_row: offset, from 0. Only for child pages of one record, and for services that cannot sort.
        keys_only: ask for the system fields alone.
        child_start: offset within the containers.
        descending: the sort is from the last to the first.
        children: containers that come along where ``keys_only``.
        beginning: of an answer that is very large its beginning will do: the next query asks for what stands behind.
        doubted: it asks for a part of what stayed unreadable, so that an unreadable answer is believed the first time.
    """

    searchspec: Condition | None
    sort: Sequence[str] = ()
    page_size: int = 500
    start_row: int = 0
    keys_only: bool = False
    child_page_size: int = 100
    child_start: int = 0
    descending: bool = False
    children: Sequence[str] = ()
    beginning: bool = False
    doubted: bool = False


def changed_after(position: Position) -> Condition:
    """Rows behind ``position`` in the order of (Updated, Id)."""
    return _around(position, ">")


def changed_up_to(position: Position) -> Condition:
    """Rows up to and with ``position`` in the order of (Updated, Id)."""
    return _around(position, "<", ids="<=")


def changed_since(updated: str) -> Condition:
    """Rows of the second ``updated`` and later."""
    return Compare(UPDATED, ">=", updated, is_moment=True)


def id_after(row_id: str) -> Condition:
    """Rows behind ``row_id`` in the order of Id."""
    return Compare(ROW_ID, ">", row_id)


def earlier(updated: str, *, seconds: int) -> str:
    """``updated`` less ``seconds``, in the format of search specifications.

    Raises:
        ValueError: ``updated`` is no date and time.
    """
    return siebel_moment(moment(updated) - timedelta(seconds=seconds))


def _around(position: Position, operator: str, *, ids: str | None = None) -> Condition:
    second = position.updated
    same = AllOf(
        (Compare(UPDATED, "=", second, is_moment=True), Compare(ROW_ID, ids or operator, position.row_id)),
    )
    return AnyOf((Compare(UPDATED, operator, second, is_moment=True), same))
