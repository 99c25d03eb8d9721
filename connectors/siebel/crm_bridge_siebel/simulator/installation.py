"""The installation behind the simulator's door: its tables, its numbers, its clock and its files, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crm_bridge_siebel.query import SIEBEL_DATETIME
from crm_bridge_siebel.simulator.answers import id_tree, query_page
from crm_bridge_siebel.simulator.catalogue import CATALOGUE, Kind
from crm_bridge_siebel.simulator.journal import Change, Journal
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.messages import Call, messages_of, template_of
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.searchspec import parsed
from crm_bridge_siebel.simulator.table import Table
from crm_bridge_siebel.simulator.writes import Desk, Effect, bumped, effect_of, with_full_name

USERNAME = "BRIDGE"
PASSWORD = "loopback-only"  # noqa: S105  # opens nothing but this simulator
_FIRST_NUMBER = 36**3
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Row = dict[str, Any]


class Installation:
    """What the simulated Siebel holds, and what calls do to it."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], knobs: Knobs) -> None:
        self._clock = clock
        self._knobs = knobs
        self._lock = threading.RLock()
        self._tables = {name: Table(kind) for name, kind in CATALOGUE.items()}
        self._counter = _FIRST_NUMBER
        self._journal = Journal(folder)
        self._recall()

    def answer(self, call: Call, *, told_to_refuse: str = "") -> bytes:
        """Carry out ``call``, or refuse it with a given code.

        Raises:
            RefusalError: nothing of it took effect.
        """
        if told_to_refuse:
            raise RefusalError(told_to_refuse, "The simulator was told to refuse this call")
        if self._knobs.on("reject_login") or (call.username, call.password) != (USERNAME, PASSWORD):
            raise RefusalError("SBL-UIF-00272", "The user ID or password that you entered is incorrect")
        if call.method == "QueryPage":
            return self._query(call)
        if call.kind.name != "contact":
            raise RefusalError("SBL-EAI-04316", f"'{call.kind.prefix}' publishes no '{call.method}'")
        return self._write(call)

    def load(self, kind: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put records in, unchecked, as a bulk import does. A given ``Id`` is kept, the other system fields are not.

        Raises:
            ValueError: no such kind, field or container, or an ``Id`` that is taken.
        """
        with self._lock:
            table = self._table(kind)
            now = self._now()
            rows = []
            for record in records:
                row_id = record.get("Id") or self._new_id()
                if row_id in table.rows:
                    raise ValueError(f"{kind} {row_id} exists already")
                kept = {"Id": row_id, "Created": now, "Updated": now, "ModId": "0"}
                rows.append({**kept, **self._cleaned(record, table.kind), **kept})
            table.put_many(rows)
            self._journal.append(self._changes(kind, rows))
            return [row["Id"] for row in rows]

    def records(self, kind: str) -> list[Row]:
        """All records, in the order of their ids."""
        with self._lock:
            rows = self._table(kind).rows
            return [deepcopy(rows[row_id]) for row_id in sorted(rows)]

    def edit(self, kind: str, record_id: str, changes: Mapping[str, Any]) -> None:
        """Change a record, unchecked; ``None`` takes a field away, a container replaces all its rows.

        ``Updated`` among the changes stands in for a commit that came late; without it, it is the present second.

        Raises:
            ValueError: no such kind, record, field or container.
        """
        with self._lock:
            table = self._table(kind)
            if record_id not in table.rows:
                raise ValueError(f"{kind} {record_id} does not exist")
            current = table.rows[record_id]
            cleaned = self._cleaned({k: v for k, v in changes.items() if v is not None}, table.kind)
            row = {**current, **cleaned, "Id": record_id, "ModId": current["ModId"], "Created": current["Created"]}
            for name, value in changes.items():
                if value is None:
                    row.pop(name, None)
            if (
                "FullName" in row
                and "FullName" not in changes
                and changes.keys() & {"LastName", "FirstName", "MiddleName"}
            ):
                row = with_full_name(row)
            row = bumped(row, now=str(changes.get("Updated") or self._now()))
            table.put(row)
            self._journal.append(self._changes(kind, [row]))

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record, as a user does: it is gone without a trace.

        Raises:
            ValueError: no such kind or record.
        """
        with self._lock:
            table = self._table(kind)
            if record_id not in table.rows:
                raise ValueError(f"{kind} {record_id} does not exist")
            self._commit(kind, Effect(row_id=record_id, row=None, shown={}))

    def save(self) -> None:
        """Write the whole state to disk."""
        with self._lock:
            kinds = {name: list(table.rows.values()) for name, table in self._tables.items()}
            self._journal.replace(kinds, counter=self._counter)

    def close(self) -> None:
        """Save, and close the files."""
        with self._lock:
            self.save()
            self._journal.close()

    def _query(self, call: Call) -> bytes:
        template = template_of(call)
        limit = int(self._knobs.number("max_page_size"))
        if template.page_size > limit:
            raise RefusalError("SBL-EAI-04376", f"pagesize {template.page_size} is above MaximumPageSize {limit}")
        spec = parsed(template.searchspec, call.kind) if template.searchspec and template.searchspec.strip() else None
        with self._lock:
            rows, last = self._table(call.kind.name).select(
                spec, sort=template.sort, start=template.start, size=template.page_size
            )
        return query_page(call.kind, template, rows, last=last)

    def _write(self, call: Call) -> bytes:
        kind = call.kind.name
        with self._lock:
            desk = Desk(
                table=self._table(kind),
                new_id=self._new_id,
                now=self._now(),
                modification_key=self._knobs.on("modification_key"),
            )
            # One message is one transaction: all effects are worked out before the first is made.
            messages = messages_of(call, part="Id" if call.method == "Delete" else "Data")
            effects = [effect_of(message, method=call.method, desk=desk) for message in messages]
            for effect in effects:
                self._commit(kind, effect)
        return id_tree(call.kind, call.method, [effect.shown for effect in effects])

    def _commit(self, kind: str, effect: Effect) -> None:
        if effect.row is None:
            self._table(kind).remove(effect.row_id)
            self._journal.append([Change(kind=kind, row_id=effect.row_id, row=None, counter=self._counter)])
        else:
            self._table(kind).put(effect.row)
            self._journal.append(self._changes(kind, [effect.row]))

    def _recall(self) -> None:
        latest: dict[str, dict[str, Mapping[str, Any] | None]] = {name: {} for name in self._tables}
        for change in self._journal.changes():
            self._counter = max(self._counter, change.counter)
            if change.kind:
                latest[change.kind][change.row_id] = change.row
        for name, rows in latest.items():
            self._tables[name].put_many([dict(row) for row in rows.values() if row is not None])
        self.save()

    def _changes(self, kind: str, rows: Sequence[Row]) -> list[Change]:
        return [Change(kind=kind, row_id=row["Id"], row=row, counter=self._counter) for row in rows]

    def _cleaned(self, record: Mapping[str, Any], kind: Kind) -> Row:
        row: Row = {}
        for name, value in record.items():
            tag = name.removeprefix("ListOf")
            if tag in kind.children and name != tag:
                row[name] = {tag: [self._child(child, tag, kind) for child in value[tag]]}
            elif name not in kind.fields or not isinstance(value, str):
                raise ValueError(f"{kind.name} has no text field {name}")
            else:
                row[name] = value
        return row

    def _child(self, child: Mapping[str, Any], tag: str, kind: Kind) -> Row:
        if not set(child) <= set(kind.children[tag]) or not all(isinstance(value, str) for value in child.values()):
            raise ValueError(f"{tag} has other fields than {', '.join(kind.children[tag])}, or one that is not text")
        key = kind.rules[tag].key
        return {**child, key: child.get(key) or self._new_id()}

    def _table(self, kind: str) -> Table:
        if kind not in self._tables:
            raise ValueError(f"no kind {kind!r}; there are {', '.join(self._tables)}")
        return self._tables[kind]

    def _new_id(self) -> str:
        self._counter += 1
        number, digits = self._counter, ""
        while number:
            number, digit = divmod(number, 36)
            digits = _DIGITS[digit] + digits
        return f"1-{digits}"

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime(SIEBEL_DATETIME)
