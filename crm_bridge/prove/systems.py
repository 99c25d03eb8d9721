"""An invented system in memory: the site's record shape, what its connector declares, users, and trouble on demand."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_bridge.connector import (
    Accepted,
    Capabilities,
    EffectSafety,
    InboundEvent,
    InboundRequest,
    Page,
    RawRecord,
    RecordHint,
    RecordWrite,
    Refused,
    Stale,
    Tombstone,
    Unknown,
    WriteMode,
    WriteOutcome,
)
from crm_bridge.errors import Unreachable
from crm_bridge.mapping.paths import look
from crm_bridge.prove.values import spelt
from crm_bridge.run_context.systems import Kind

Event = Callable[[], None]


class Killed(BaseException):  # no error of the bridge's: its end
    """The process died here."""


@dataclass(slots=True)
class Held:
    """Everything that outlives the bridge: kept apart, so that a start can be taken again.

    Attributes:
        moved: number of each record's last change; one without a record was deleted.
        answered: what a write came to, by its key.
        arrived: keys of the writes that took effect, with the record: what a person finds who looks.
        not_taken_up: writes that the other side has, and does not show yet.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    moved: dict[str, int] = field(default_factory=dict)
    answered: dict[str, Accepted] = field(default_factory=dict)
    arrived: dict[str, str] = field(default_factory=dict)
    not_taken_up: list[RecordWrite] = field(default_factory=list)
    changes: int = 0
    ids: int = 0


class InMemory:
    """One system with one kind of record.

    Attributes:
        held: its records.
        before_write, after_write: called once each with the next write.
        lose: for the next writes: whether the write arrives although its answer does not.
        watch: told of each record that the bridge wrote, and how.
        points: called before and after each call, by what is done: where the process may die.
    """

    def __init__(self, kind: Kind, *, clock: Callable[[], datetime]) -> None:
        self._kind = kind
        self._clock = clock
        self.held = Held()
        self.before_write: list[Event] = []
        self.after_write: list[Event] = []
        self.lose: list[bool] = []
        self.away = 0
        self.stale = 0
        self.disorder = 0
        self.watch: Callable[[str, str], None] = lambda _record_id, _operation: None
        self.points: Callable[[str], None] = lambda _where: None

    # What the bridge calls.

    def kinds(self) -> Sequence[str]:
        return (self._kind.name,)

    def capabilities(self, kind: str) -> Capabilities:
        return self._kind.capabilities

    def check(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        """Pages by order of change; in disorder they are smaller, turned round, and come twice."""
        said = self._kind.capabilities
        after = int(cursor) if cursor and said.incremental else 0
        until, disorder, self.disorder = self.held.changes, self.disorder, 0
        size = max(1, min(said.page_size, 1 + disorder % 2 if disorder else 50))
        while True:
            self._call("reading")
            due = sorted((at, which) for which, at in self.held.moved.items() if after < at <= until)[:size]
            if not due:
                return
            after = due[-1][0]
            for _ in range(2 if disorder & 2 else 1):
                yield self._page([which for _, which in due], str(after), turned=bool(disorder & 4))

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        self._call("looking at a record")
        return [copy.deepcopy(self.held.records[each]) for each in record_ids if each in self.held.records]

    def verify(self, request: InboundRequest) -> None:
        """Nobody else calls."""

    def parse(self, request: InboundRequest) -> Sequence[InboundEvent]:
        ids = request.body.decode().split()
        return [RecordHint(f"told of {each}", self._kind.name, each) for each in ids]

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        self._call("writing")
        while self.before_write:
            self.before_write.pop(0)()
        outcomes = [self._outcome(write) for write in writes]
        while self.after_write:
            self.after_write.pop(0)()
        self.points("after writing")
        return outcomes

    # What a user of the system does.

    def new_id(self) -> str:
        self.held.ids += 1
        return f"{self._kind.system[:1].upper()}-{self.held.ids}"

    def keep(self, record_id: str, record: RawRecord) -> None:
        """Save a record, as a user or the system itself does: its version moves."""
        header = self._kind.mapping.document.header
        held = self.held
        held.changes += 1
        kept = copy.deepcopy(dict(record))
        _put(kept, header.id.src, record_id)
        if header.concurrency is not None:
            kept[header.concurrency] = str(held.changes)
        if header.changed_at is not None:
            moment = self._clock().replace(tzinfo=None, microsecond=0).isoformat() + "Z"
            _put(kept, header.changed_at.src, spelt(header.changed_at, moment))
        self._number_rows(kept)
        held.records[record_id] = kept
        held.moved[record_id] = held.changes

    def delete(self, record_id: str) -> None:
        self.held.changes += 1
        del self.held.records[record_id]
        self.held.moved[record_id] = self.held.changes

    def take_up(self) -> None:
        """The other side takes up what it was sent, and shows it from now on."""
        for write in self.held.not_taken_up:
            self._take_effect(write)
        self.held.not_taken_up.clear()

    def is_told_to_delete(self, record_id: str) -> bool:
        """Whether the record goes when the other side takes up what it was sent."""
        return any(each.operation == "delete" and each.record_id == record_id for each in self.held.not_taken_up)

    def calm(self) -> None:
        """All trouble ends."""
        self.before_write.clear()
        self.after_write.clear()
        self.lose.clear()
        self.away = self.stale = self.disorder = 0

    # How a write is carried out.

    def _call(self, what: str) -> None:
        self.points(f"before {what}")
        if self.away:
            self.away -= 1
            raise Unreachable("it is not there now", system=self._kind.system)

    def _page(self, ids: Sequence[str], cursor: str, *, turned: bool) -> Page:
        said = self._kind.capabilities
        ordered = list(reversed(ids)) if turned else list(ids)
        return Page(
            records=[copy.deepcopy(self.held.records[each]) for each in ordered if each in self.held.records],
            cursor=cursor if said.incremental else None,
            deleted=[Tombstone(each) for each in ordered if each not in self.held.records]
            if said.deletes_visible
            else (),
        )

    def _outcome(self, write: RecordWrite) -> WriteOutcome:
        lost = self.lose.pop(0) if self.lose else None
        if lost is False:
            return Unknown("the write was lost on its way")
        outcome = self._carried_out(write)
        return Unknown("the answer was lost on its way") if lost else outcome

    def _carried_out(self, write: RecordWrite) -> WriteOutcome:
        said = self._kind.capabilities
        if said.effect_safety in (EffectSafety.KEYED, EffectSafety.IDEMPOTENT) and write.key in self.held.answered:
            return self.held.answered[write.key]  # the same write again
        if write.operation != "create":
            if write.record_id is None or write.record_id not in self.held.records:
                return Refused("there is no such record", "not_found")
            if said.conditional_writes and (self.stale or self._is_outdated(write)):
                self.stale = max(0, self.stale - 1)
                return Stale("it changed since it was read")
        record_id = write.record_id or self.new_id()
        self.held.arrived[write.key] = record_id
        if said.reads_back or write.operation == "create":
            outcome = self._take_effect(write, record_id)
        else:
            self.held.not_taken_up.append(write)
            outcome = Accepted(record_id)
        self.held.answered[write.key] = outcome
        return outcome

    def _take_effect(self, write: RecordWrite, record_id: str | None = None) -> Accepted:
        which = record_id or str(write.record_id)
        if write.operation == "delete":
            self.delete(which)
            self.watch(which, "delete")
            return Accepted(which)
        before = self.held.records.get(which, {})
        whole = self._kind.capabilities.write_mode is WriteMode.REPLACE and self._kind.capabilities.reads_back
        if not before or whole:
            after = dict(write.full or write.fields)
        else:
            after = {**before, **{name: write.full.get(name, value) for name, value in write.fields.items()}}
        self.keep(which, after)
        self.watch(which, write.operation)
        record = copy.deepcopy(self.held.records[which])
        header = self._kind.mapping.document.header
        return Accepted(which, record.get(header.concurrency) if header.concurrency else None, record)

    def _is_outdated(self, write: RecordWrite) -> bool:
        header = self._kind.mapping.document.header
        if header.concurrency is None or write.expected_version is None:
            return False
        return write.expected_version != str(self.held.records[str(write.record_id)].get(header.concurrency))

    def _number_rows(self, record: dict[str, Any]) -> None:
        """Nested rows that came without an id get one, as in any system."""
        for row in self._kind.mapping.document.lists:
            rows = look(record, row.each) if row.each and row.key else None
            for each in rows if isinstance(rows, list) else ():
                each.pop("@operation", None)
                if not each.get(row.key):
                    each[row.key] = self.new_id()


class Asked(InMemory):
    """One that can also be asked whether a write arrived."""

    def find_write(self, kind: str, write: RecordWrite) -> RawRecord | None:
        self._call("asking for a write")
        record_id = write.record_id or self.held.arrived.get(write.key)
        found = self.held.records.get(record_id or "")
        return copy.deepcopy(found) if found is not None else None


class Listed(InMemory):
    """One that names all its records."""

    def list_keys(self, kind: str) -> Iterator[str]:
        self._call("listing")
        return iter(list(self.held.records))


class AskedAndListed(Asked, Listed):
    """Both."""


def invented_system(kind: Kind, *, clock: Callable[[], datetime]) -> InMemory:
    """A system that can do what ``kind``'s connector declares, and no more."""
    asked = kind.capabilities.effect_safety is EffectSafety.QUERYABLE
    listed = kind.capabilities.complete_listing
    made = {(True, True): AskedAndListed, (True, False): Asked, (False, True): Listed, (False, False): InMemory}
    return made[asked, listed](kind, clock=clock)


def _put(record: dict[str, Any], src: Sequence[str], value: Any) -> None:
    for name in src[:-1]:
        record = record.setdefault(name, {})
    record[src[-1]] = value


Systems = Mapping[str, InMemory]
