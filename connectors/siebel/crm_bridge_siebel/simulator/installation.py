"""The installation behind the simulator's door: its tables, its numbers, its clock and its files.

Reading takes one lock; changing takes another around it, which it holds also while an event leaves before the commit:
so a receiver that reads back at once is answered, and sees the old record.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crm_bridge_siebel.simulator.catalogue import CATALOGUE
from crm_bridge_siebel.simulator.events import sent, siebel_message
from crm_bridge_siebel.simulator.journal import Change, Journal
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.manner import STORED
from crm_bridge_siebel.simulator.messages import Message
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.rows import MERGES, cleaned, edited, merged, public
from crm_bridge_siebel.simulator.searchspec import Node, Predicate
from crm_bridge_siebel.simulator.table import Table
from crm_bridge_siebel.simulator.visibility import ORGANIZATION, POSITIONS
from crm_bridge_siebel.simulator.writes import Desk, Effect, begun, bumped, effect_of

_FIRST_NUMBER = 36**3
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PASSWORD_FILE = "password"  # noqa: S105  # a file name
BULK_USER = "EIM"
OTHER_USER = "SADMIN"

Row = dict[str, Any]


class Installation:
    """What the simulated Siebel holds, and what happens to it."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], knobs: Knobs) -> None:
        self._clock = clock
        self._knobs = knobs
        self._lock = threading.RLock()
        self._writing = threading.RLock()
        self._tables = {name: Table(kind) for name, kind in CATALOGUE.items()}
        self._counter = _FIRST_NUMBER
        self._journal = Journal(folder)
        self._late: dict[str, tuple[str, Effect]] = {}
        self.password = _kept_password(folder / PASSWORD_FILE)
        self._recall()

    def select(
        self,
        kind: str,
        spec: Node | None,
        *,
        sort: tuple[tuple[str, bool], ...] = (),
        start: int = 0,
        size: int,
        visible: Predicate | None = None,
    ) -> tuple[list[Row], bool]:
        """Rows as they are stored, never to be changed, and whether these are the last."""
        with self._lock:
            return self._table(kind).select(spec, sort=sort, start=start, size=size, visible=visible)

    def by_ids(self, kind: str, row_ids: Sequence[str]) -> list[Row]:
        """Those of these rows that are still there, in this order."""
        with self._lock:
            rows = self._table(kind).rows
            return [rows[row_id] for row_id in row_ids if row_id in rows]

    def write(
        self, kind: str, messages: Sequence[tuple[str, Message]], *, desk: Callable[[Table, str], Desk]
    ) -> list[Effect]:
        """Carry out messages, each with its method, in one transaction.

        Args:
            desk: makes what carrying out needs, from the table and the present second.

        Raises:
            RefusalError: nothing of it took effect.
        """
        self._await_locks([message.fields.get("Id", "") for _, message in messages])
        with self._writing:
            with self._lock:
                self._edited_by_another(kind, messages)
                place = desk(self._table(kind), self._now())
                effects = []
                for method, message in messages:
                    effects.append(effect_of(message, method=method, desk=place))
                    place.pending[effects[-1].row_id] = effects[-1].row
            self._finish(kind, effects)
            return effects

    def new_id(self) -> str:
        """A row id that was never given before."""
        with self._lock:
            self._counter += 1
            number, digits = self._counter, ""
            while number:
                number, digit = divmod(number, 36)
                digits = _DIGITS[digit] + digits
            return f"1-{digits}"

    def load(self, kind: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put records in, unchecked and without events, as a bulk import does. A given ``Id`` is kept.

        Raises:
            ValueError: no such kind, field or container, or an ``Id`` that is taken.
        """
        with self._writing, self._lock:
            table = self._table(kind)
            now = self._now()
            rows = []
            for record in records:
                row_id = record.get("Id") or self.new_id()
                if row_id in table.rows:
                    raise ValueError(f"{kind} {row_id} exists already")
                kept = begun(row_id, now=now, user=BULK_USER)
                rows.append({**kept, **cleaned(record, table.kind, new_id=self.new_id, now=now), **kept})
            table.put_many(rows)
            self._journal.append(self._changes(kind, rows))
            return [row["Id"] for row in rows]

    def records(self, kind: str) -> list[Row]:
        """All records, in the order of their ids, with the fields of the plainest service."""
        with self._lock:
            table = self._table(kind)
            rows = [table.rows[row_id] for row_id in sorted(table.rows)]
        return [deepcopy(public(row, table.kind)) for row in rows]

    def edit(self, kind: str, record_id: str, changes: Mapping[str, Any], *, bulk: bool = False) -> None:
        """Change a record, unchecked; ``None`` takes a field away, a container replaces all its rows.

        ``Updated`` among the changes stands in for a commit that came late; without it, it is the present second.

        Args:
            bulk: as EIM does, past all events.

        Raises:
            ValueError: no such kind, record, field or container.
        """
        with self._writing:
            effect = self._edited(kind, record_id, changes, user=BULK_USER if bulk else OTHER_USER)
            if bulk:
                self._commit(kind, effect)
                return
            try:
                self._finish(kind, [effect])
            except RefusalError:
                return  # rolled back, as it was asked for: the event has left

    def begin(self, kind: str, record_id: str, changes: Mapping[str, Any]) -> str:
        """An edit whose commit comes late: stamped and announced now, not to be seen until :meth:`commit`.

        Returns:
            The transaction's name.

        Raises:
            ValueError: no such kind, record, field or container.
        """
        with self._writing:
            effect = self._edited(kind, record_id, changes, user=OTHER_USER)
            self._announce(kind, effect)
            name = f"T{len(self._late) + 1}-{record_id}"
            self._late[name] = (kind, effect)
            return name

    def commit(self, name: str) -> None:
        """Make a change of :meth:`begin` visible, with the ``Updated`` that it was stamped with then.

        Raises:
            ValueError: no such transaction.
        """
        with self._writing:
            self._commit(*self._begun(name))

    def roll_back(self, name: str) -> None:
        """Drop a change of :meth:`begin`; its event has left.

        Raises:
            ValueError: no such transaction.
        """
        with self._writing:
            self._begun(name)

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record, as a user does: it is gone without a trace.

        Raises:
            ValueError: no such kind or record.
        """
        with self._writing:
            self._commit(kind, Effect(row_id=self._row(kind, record_id)["Id"], row=None, shown={}))

    def merge(self, kind: str, winner: str, loser: str) -> None:
        """Merge two records, as a user does: the loser vanishes, its child rows go to the winner.

        Raises:
            ValueError: no such kind or record, or the two are one.
        """
        with self._writing:
            if winner == loser:
                raise ValueError("a record cannot be merged with itself")
            row = merged(
                self._row(kind, winner),
                self._row(kind, loser),
                kind=self._table(kind).kind,
                now=self._now(),
                user=OTHER_USER,
            )
            self._finish(kind, [Effect(row_id=winner, row=row, shown=row), Effect(row_id=loser, row=None, shown={})])

    def assign(self, kind: str, record_id: str, *, organization: str | None, positions: Sequence[str] | None) -> None:
        """Say whose a record is; ``None``: the integration user's. ModId and Updated stay as they are.

        Raises:
            ValueError: no such kind or record.
        """
        with self._writing:
            row = {name: value for name, value in self._row(kind, record_id).items() if not name.startswith(".")}
            row |= {ORGANIZATION: organization} if organization is not None else {}
            row |= {POSITIONS: list(positions)} if positions is not None else {}
            self._commit(kind, Effect(row_id=record_id, row=row, shown=row))

    def merges(self, kind: str, record_id: str) -> int:
        """How often a record has won a merge."""
        return int(self._row(kind, record_id).get(MERGES) or 0)

    def save(self) -> None:
        """Write the whole state to disk."""
        with self._writing, self._lock:
            kinds = {name: list(table.rows.values()) for name, table in self._tables.items()}
            self._journal.replace(kinds, counter=self._counter)

    def close(self) -> None:
        """Save, and close the files."""
        with self._writing, self._lock:
            self.save()
            self._journal.close()

    def _await_locks(self, row_ids: Sequence[str]) -> None:
        """Where a knob says so: someone holds one of these records, perhaps for longer than a write waits."""
        for last in (False, True):
            held = set(self._knobs.text("locked").split(";")) & set(filter(None, row_ids))
            if not held:
                return
            if last:
                raise RefusalError(self._knobs.text("lock_fault"), "The record is locked by another user")
            threading.Event().wait(self._knobs.number("lock_wait"))

    def _edited_by_another(self, kind: str, messages: Sequence[tuple[str, Message]]) -> None:
        """Where a knob says so: someone saves the same records the moment before."""
        for _, message in messages:
            row = self._table(kind).rows.get(message.fields.get("Id", ""))
            if row is not None and self._knobs.take("conflict_next"):
                now = bumped(row, now=self._now(), user=OTHER_USER)
                self._commit(kind, Effect(row_id=row["Id"], row=now, shown=now))

    def _edited(self, kind: str, record_id: str, changes: Mapping[str, Any], *, user: str) -> Effect:
        with self._lock:
            row = edited(
                self._row(kind, record_id),
                changes,
                kind=self._table(kind).kind,
                new_id=self.new_id,
                now=str(changes.get("Updated") or self._now()),
                user=user,
                child_touches_parent=self._knobs.on("child_touches_parent"),
            )
        return Effect(row_id=record_id, row=row, shown=row)

    def _begun(self, name: str) -> tuple[str, Effect]:
        if name not in self._late:
            raise ValueError(f"no transaction {name!r}")
        return self._late.pop(name)

    def _finish(self, kind: str, effects: Sequence[Effect]) -> None:
        """Announce, then commit or, when told so, roll back.

        Raises:
            RefusalError: rolled back.
        """
        for effect in effects:
            self._announce(kind, effect)
        if self._knobs.take("rollback_next"):
            raise RefusalError("SBL-EAI-04376", "The transaction was rolled back")
        for effect in effects:
            self._commit(kind, effect)

    def _announce(self, kind: str, effect: Effect) -> None:
        url = self._knobs.text("notify_url")
        if url and effect.row is not None:
            whole = self._knobs.text("notify_content") == "full"
            body = siebel_message(CATALOGUE[kind], effect.row, message_id=self.new_id(), whole=whole)
            sent(url, body)

    def _commit(self, kind: str, effect: Effect) -> None:
        with self._lock:
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

    def _row(self, kind: str, record_id: str) -> Row:
        with self._lock:
            rows = self._table(kind).rows
            if record_id not in rows:
                raise ValueError(f"{kind} {record_id} does not exist")
            return rows[record_id]

    def _table(self, kind: str) -> Table:
        if kind not in self._tables:
            raise ValueError(f"no kind {kind!r}; there are {', '.join(self._tables)}")
        return self._tables[kind]

    def _now(self) -> str:
        return self._clock().astimezone(UTC).strftime(STORED)


def _kept_password(file: Path) -> str:
    """The password of this folder's integration user, made when there is none: no other folder's opens it."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18), encoding="ascii")
    return file.read_text(encoding="ascii")
