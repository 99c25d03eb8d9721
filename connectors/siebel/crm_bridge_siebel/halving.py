"""Reading records by id so that one that cannot be read never hides the others: by halves, until it stands alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crm_bridge.api import BrokenRecord, ConfigMistake, RetryLater
from crm_bridge_siebel.query import BY_ID, Query, any_of
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import ROW_ID
from crm_bridge_siebel.translation import UnreadableAnswer

IDS_A_QUERY = 50  # keeps a search specification short
_MOST_BROKEN = 10


class StrangersCame(ConfigMistake):
    """Other records came than were asked for: the service does not listen to the question."""


def by_halves(
    ask: Callable[[Query], Answer], ids: Sequence[str], *, where: str, system: str, doubted: bool = False
) -> tuple[list[dict[str, Any]], list[BrokenRecord]]:
    """The records ``ids``, and those among them that cannot be read whatever is done.

    Args:
        ask: carries out a query; raises UnreadableAnswer when the answer stays unreadable.
        where: the kind, for positions of broken records.
        doubted: a page with these records stayed unreadable. It is then not this answer that was cut off, so none of
            its parts is asked for again after a pause.

    Raises:
        StrangersCame: others came.
        RetryLater: no answer, or most of them are unreadable: that is the connection, not the records.
    """
    records: list[dict[str, Any]] = []
    broken: list[BrokenRecord] = []
    pending = [(list(ids[start : start + IDS_A_QUERY]), doubted) for start in range(0, len(ids), IDS_A_QUERY)]
    while pending:
        chunk, known_bad = pending.pop(0)
        query = Query(searchspec=any_of(ROW_ID, chunk), sort=BY_ID, page_size=len(chunk), doubted=known_bad)
        try:
            answer = ask(query)
            if not all(record[ROW_ID] in chunk for record in answer.records):
                raise StrangersCame(
                    f"{system}: {where}: asked for records by Id, the service gives others: it does not honour its "
                    "search specification; ask Siebel's administrator to publish an operation that does, or name it "
                    "in operations"
                )
            records += answer.records
            broken += [each for each in answer.broken if each.record_id is None or each.record_id in chunk]
        except UnreadableAnswer as error:
            if len(chunk) > 1:
                middle = len(chunk) // 2
                pending[:0] = [(chunk[:middle], True), (chunk[middle:], True)]
                continue
            _refuse_dead_line(ask, chunk[0], where=where, system=system, cause=error.message)
            try:
                again = ask(query).records  # the line was bad for a moment, and is fine again
                records += [record for record in again if record[ROW_ID] == chunk[0]]
            except UnreadableAnswer:
                broken.append(_unreadable(chunk[0], where=where, cause=error.message))
        if len(broken) > _MOST_BROKEN and len(broken) * 2 > len(ids):
            raise RetryLater(
                f"most records of a page of {where} are unreadable: that is the connection, not the records",
                system=system,
            )
    return records, broken


def _refuse_dead_line(ask: Callable[[Query], Answer], record_id: str, *, where: str, system: str, cause: str) -> None:
    """A record is only called unreadable when the line is fine: its key, asked for alone, can be read."""
    try:
        ask(Query(searchspec=any_of(ROW_ID, [record_id]), sort=BY_ID, page_size=1, keys_only=True))
    except UnreadableAnswer:
        raise RetryLater(f"pages of {where} stay unreadable: {cause}", system=system) from None


def _unreadable(record_id: str, *, where: str, cause: str) -> BrokenRecord:
    return BrokenRecord(
        position=f"{where} {record_id}",
        cause=f"Siebel's answer with this record is not well-formed ({cause}); look for control characters in it",
        raw="",
        record_id=record_id,
    )
