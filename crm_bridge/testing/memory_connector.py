"""A connector whose system is memory: whole and honest, so that tests of the bridge need neither mock nor server.

It is a :class:`RecordSource`, :class:`RecordTarget`, :class:`KeyLister` and :class:`WriteLookup`. As a user of the
system a test has ``load``, ``records``, ``edit`` and ``delete``, as a :class:`Simulator` does. Knobs make it misbehave:
``fail_next``, ``lose_next_answer``, ``refuse``, ``stale``.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_bridge.connector import (
    Accepted,
    Capabilities,
    EffectSafety,
    Page,
    RawRecord,
    RecordWrite,
    Refused,
    Stale,
    Tombstone,
    Unknown,
    WriteMode,
    WriteOutcome,
)
from crm_bridge.errors import BridgeError, Unreachable

CAPABLE = Capabilities(
    incremental=True,
    complete_listing=True,
    deletes_visible=True,
    conditional_writes=True,
    deletes=True,
    effect_safety=EffectSafety.KEYED,
    page_size=2,
    batch_size=10,
)


@dataclass(slots=True)
class _Kind:
    """The records of one kind. ``moved`` holds the number of each id's last change; a deleted one has no record."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)


class MemoryConnector:
    """Records by kind, each with ``id`` and a numbered ``version``.

    Attributes:
        writes: every write that arrived here, in order, refused ones too.
    """

    def __init__(
        self, records: Mapping[str, Sequence[RawRecord]] | None = None, *, capabilities: Capabilities = CAPABLE
    ) -> None:
        self.writes: list[RecordWrite] = []
        self._capabilities = capabilities
        self._kinds: dict[str, _Kind] = {}
        self._changes = itertools.count(1)
        self._ids = itertools.count(1)
        self._answered: dict[str, Accepted] = {}
        self._failures: list[BridgeError] = []
        self._lost: list[bool] = []
        self._stale: set[str] = set()
        self._refused: dict[str, Refused] = {}
        self._lock = threading.RLock()
        for kind, given in (records or {"contact": ()}).items():
            self._kinds[kind] = _Kind()
            self.load(kind, given)

    # What the bridge calls.

    def kinds(self) -> Sequence[str]:
        return tuple(self._kinds)

    def capabilities(self, kind: str) -> Capabilities:
        return self._capabilities

    def check(self) -> Sequence[str]:
        self._fail_if_told()
        return ()

    def close(self) -> None:
        """Nothing is held open; the records stay for the test to look at."""

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """Pages by order of change. What changes during the reading comes with the next one."""
        after = int(cursor) if cursor and self._capabilities.incremental else 0
        with self._lock:
            until = max(self._kinds[kind].moved.values(), default=0)
        while True:
            self._fail_if_told()
            with self._lock:
                page, after = self._page(kind, after=after, until=until)
            if page is None:
                return
            yield page

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        self._fail_if_told()
        with self._lock:
            held = self._kinds[kind].records
            return [dict(held[record_id]) for record_id in record_ids if record_id in held]

    def list_keys(self, kind: str) -> Iterator[str]:
        self._fail_if_told()
        with self._lock:
            keys = list(self._kinds[kind].records)
        return iter(keys)

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        self._fail_if_told()
        with self._lock:
            return [self._outcome(kind, write) for write in writes]

    def find_write(self, kind: str, write: RecordWrite) -> RawRecord | None:
        self._fail_if_told()
        with self._lock:
            arrived = self._answered.get(write.key)
            record_id = arrived.record_id if arrived else write.record_id
            record = self._kinds[kind].records.get(record_id or "")
            return dict(record) if record is not None else None

    # What a user of the system does.

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        """Put records in; those without an ``id`` get one. Returns the ids."""
        with self._lock:
            return [self._keep(kind, str(record.get("id") or self._new_id(kind)), record) for record in records]

    def records(self, kind: str) -> Sequence[RawRecord]:
        """What is held now."""
        with self._lock:
            return [dict(record) for record in self._kinds[kind].records.values()]

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        """Change a record as somebody else would: its version moves."""
        with self._lock:
            self._keep(kind, record_id, {**self._kinds[kind].records[record_id], **changes})

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record as somebody else would: readers get a tombstone, where the capabilities say so."""
        with self._lock:
            del self._kinds[kind].records[record_id]
            self._kinds[kind].moved[record_id] = next(self._changes)

    # Knobs.

    def fail_next(self, times: int = 1, *, error: BridgeError | None = None) -> None:
        """Let the next calls, or pages, raise; by default nothing is reached."""
        self._failures += [error or Unreachable("the memory is not there now", system="memory")] * times

    def lose_next_answer(self, times: int = 1, *, arrived: bool = True) -> None:
        """Let the next writes end as unknown: carried out, or (``arrived=False``) lost on their way."""
        self._lost += [arrived] * times

    def refuse(
        self, record_id: str, *, reason: str = "refused by the test", code: str = "refused", field: str | None = None
    ) -> None:
        """Refuse every write to this record from now on, because of ``field`` where one is named."""
        self._refused[record_id] = Refused(reason, code, field)

    def stale(self, record_id: str) -> None:
        """Answer the next write to this record as if somebody else had been quicker."""
        self._stale.add(record_id)

    def _fail_if_told(self) -> None:
        if self._failures:
            raise self._failures.pop(0)

    def _page(self, kind: str, *, after: int, until: int) -> tuple[Page | None, int]:
        held = self._kinds[kind]
        due = sorted((at, record_id) for record_id, at in held.moved.items() if after < at <= until)
        due = due[: self._capabilities.page_size]
        if not due:
            return None, after
        gone = [record_id for _, record_id in due if record_id not in held.records]
        page = Page(
            records=[dict(held.records[record_id]) for _, record_id in due if record_id in held.records],
            cursor=str(due[-1][0]) if self._capabilities.incremental else None,
            deleted=[Tombstone(record_id) for record_id in gone] if self._capabilities.deletes_visible else (),
        )
        return page, due[-1][0]

    def _outcome(self, kind: str, write: RecordWrite) -> WriteOutcome:
        self.writes.append(write)
        lost = self._lost.pop(0) if self._lost else None
        if lost is False:
            return Unknown("the write was lost on its way")
        outcome = self._carried_out(kind, write)
        return Unknown("the answer was lost on its way") if lost else outcome

    def _carried_out(self, kind: str, write: RecordWrite) -> WriteOutcome:
        if write.key in self._answered:  # the same write again
            return self._answered[write.key]
        record_id = write.record_id
        if record_id in self._refused:
            return self._refused[record_id]
        held = self._kinds[kind].records
        if write.operation == "create":
            record_id = self._keep(kind, record_id or self._new_id(kind), _settled(write, {}))
        elif record_id is None or record_id not in held:
            return Refused("there is no such record", "not_found")
        elif record_id in self._stale or self._outdated(held[record_id], write):
            self._stale.discard(record_id)
            return Stale("it changed since it was read")
        elif write.operation == "delete":
            self.delete(kind, record_id)
            return self._remember(write, Accepted(record_id))
        else:
            merge = self._capabilities.write_mode is WriteMode.MERGE
            self._keep(kind, record_id, _settled(write, held[record_id] if merge else {}))
        record = dict(held[record_id])
        return self._remember(write, Accepted(record_id, str(record["version"]), record))

    def _outdated(self, record: RawRecord, write: RecordWrite) -> bool:
        return (
            self._capabilities.conditional_writes
            and write.expected_version is not None
            and write.expected_version != str(record["version"])
        )

    def _remember(self, write: RecordWrite, outcome: Accepted) -> Accepted:
        self._answered[write.key] = outcome
        return outcome

    def _keep(self, kind: str, record_id: str, record: RawRecord) -> str:
        held = self._kinds[kind]
        version = int(held.records[record_id]["version"]) + 1 if record_id in held.records else 1
        held.records[record_id] = {**record, "id": record_id, "version": str(version)}
        held.moved[record_id] = next(self._changes)
        return record_id

    def _new_id(self, kind: str) -> str:
        held = self._kinds[kind].records
        return next(found for number in self._ids if (found := f"m-{number}") not in held)


def _settled(write: RecordWrite, before: RawRecord) -> dict[str, Any]:
    """The record afterwards. A nested field comes whole from ``full``: its rows in ``fields`` are operations."""
    if not before:
        return dict(write.full or write.fields)
    return {**before, **{name: write.full.get(name, value) for name, value in write.fields.items()}}
