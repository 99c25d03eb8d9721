"""Pages by key: every row of a set in the order of ids, and an end to it also when the service does not play along."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.conditions import Condition
from crm_bridge_siebel.query import BY_ID, Query, all_of, id_after
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.shapes import ROW_ID


def pages_by_id(
    ask: Callable[[Query], Answer],
    which: Condition | None,
    *,
    page_size: int,
    where: str,
    system: str,
    children: Sequence[str] = (),
) -> Iterator[Answer]:
    """The keys of the rows ``which``, each row once, in the order of Id; at least one answer.

    What an answer says of itself is not enough: some services call every page the last one, so a full one is asked
    what stands behind it, and a page that came before is an end or a mistake, never a reason to go on.

    Args:
        where: the kind, for messages.
        children: containers that come along.

    Raises:
        ConfigMistake: the service gives the same rows whatever it is asked.
    """
    after: str | None = None
    given: frozenset[str] = frozenset()
    ends: set[str] = set()
    while True:
        behind = id_after(after) if after is not None else None
        answer = ask(Query(all_of(which, behind), BY_ID, page_size, keys_only=True, children=children))
        if answer.last is not None and answer.last.row_id in ends:
            if answer.last_page:
                return  # the same once more, and called the last: that is all there is
            raise deaf(where, system=system)
        yield replace(answer, records=tuple(row for row in answer.records if row[ROW_ID] not in given))
        if answer.last is None or (answer.last_page and not is_full(answer, page_size)):
            return
        after = answer.last.row_id
        ends.add(after)
        given = frozenset(row[ROW_ID] for row in answer.records)


def is_full(answer: Answer, page_size: int) -> bool:
    """Whether the page holds as many rows as were asked for, so that more may stand behind it whatever it says."""
    return len(answer.records) + len(answer.broken) >= page_size


def deaf(where: str, *, system: str) -> ConfigMistake:
    """The service gives a page again that it gave before: going on would never end."""
    return ConfigMistake(
        f"{system}: {where}: the service gives the same page whatever page it is asked for: it does not honour its "
        "search specification, StartRowNum or startrownum; ask Siebel's administrator to publish an operation that "
        "does, or name it in operations"
    )
