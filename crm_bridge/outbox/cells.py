"""Cells: what a changed field is a field of, so that the same one is known again in another write.

A column of the record itself is known by its name. One of a nested row is known by the row's own id: the row's number
in the list, which is what people are shown, moves when another row goes. A row that is added has no id yet, and
nothing of it was ever there before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crm_bridge.mapping.document import ListRow

_NESTED = re.compile(r"(?P<rows>.+)\[(?P<at>\d+|\+)\](?:\.(?P<column>.+))?", re.DOTALL)


class Cell(NamedTuple):
    """One field of one record. ``row``: the id of the nested row that it is in; ``None``: it is the record's own."""

    field: str
    row: str | None = None


def cells_of(fields: Sequence[str], full: Mapping[str, Any], *, lists: Sequence[ListRow]) -> dict[str, Cell]:
    """Field, as a write names it → its cell. Fields of rows that the write adds have none.

    Args:
        fields: all that the write changes: ``kids[0].born``, ``kids[+].born``, ``kids[1]`` for a row that it takes out.
        full: the record afterwards.
        lists: the rows of `lists` in the mapping.
    """
    found: dict[str, Cell] = {}
    parsed = {field: match for field in fields if (match := _NESTED.fullmatch(field))}
    keys = {".".join(each.each): (each.each, each.key) for each in lists if each.each and each.key}
    for field in fields:
        match = parsed.get(field)
        if match is None or match["rows"] not in keys:
            found[field] = Cell(field)
        elif match["at"] != "+" and match["column"]:
            at = int(match["at"])
            out = {
                int(other["at"])
                for other in parsed.values()
                if other["rows"] == match["rows"] and not other["column"] and other["at"] != "+"
            }
            levels, key = keys[match["rows"]]
            own = _own_id(full, levels, at - sum(each < at for each in out), str(key))
            if own is not None:
                found[field] = Cell(f"{match['rows']}[].{match['column']}", own)
    return found


def _own_id(record: Any, levels: Sequence[str], at: int, key: str) -> str | None:
    for name in levels:
        record = record.get(name) if isinstance(record, Mapping) else None
    row = record[at] if isinstance(record, list) and at < len(record) else None
    own = row.get(key) if isinstance(row, Mapping) else None
    return None if own in (None, "") else str(own)
