"""A planned write as it stands in a plan file, and the choice of those that such a file names.

An entry says exactly what would be sent, and what it was computed from: nothing in it depends on when it was computed,
or on ids that differ from run to run. So equal entries mean equal writes to equal records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, ClassVar

import orjson
from pydantic import ConfigDict

from crm_bridge.outbox.batches import Batch
from crm_bridge.outbox.drafts import Draft
from crm_bridge.run_context.digest import digest_of

Subject = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One write.

    Attributes:
        record_id: of the record that is updated or deleted; a create has none.
        client: the client's id; none where the run itself would make the client.
        of: the first of the client's records, ``system/kind/id``: by it a create is told from others.
        expected_version: the version token that the write was computed against.
        base: digest of the record that it was computed from, hexadecimal.
        fields: what is sent.
        why: path, field, old and new value, and the reason of each change.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    system: str
    kind: str
    operation: str
    record_id: str | None
    client: str | None
    of: str
    expected_version: str | None
    base: str | None
    fields: Mapping[str, Any]
    why: list[list[Any]]

    @property
    def subject(self) -> Subject:
        """What the entry is about: there is one write at most for each."""
        return self.system, self.kind, f"={self.record_id}" if self.record_id is not None else f"new of {self.of}"

    @property
    def record(self) -> str:
        """The record, for people."""
        return f"{self.kind}:{self.record_id or f'new, of {self.of}'}"

    def line(self) -> bytes:
        """The entry as one line of JSON with sorted keys."""
        return orjson.dumps(self, option=orjson.OPT_SORT_KEYS)

    def identity(self) -> bytes:
        """Equal for equal writes to equal records, whatever the reasons."""
        said = [*self.subject, self.operation, self.expected_version, self.base, self.fields]
        return blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()

    def differences(self, now: PlanEntry) -> list[str]:
        """What of it would be otherwise ``now``: names, no values."""
        told = []
        if now.operation != self.operation:
            told.append(f"{now.operation} instead of {self.operation}")
        if now.expected_version != self.expected_version:
            told.append("version")
        elif now.base != self.base:
            told.append("record")
        names = sorted(self.fields.keys() | now.fields.keys())
        return told + [f"field {name}" for name in names if self.fields.get(name) != now.fields.get(name)]


def entry_of(draft: Draft, *, of: str, new: bool) -> PlanEntry:
    """The entry of a draft.

    Args:
        of: as :attr:`PlanEntry.of`.
        new: the client is made by the run that planned it.
    """
    row, planned = draft.record, draft.planned
    fields = orjson.loads(orjson.dumps(draft.fields))  # as it will be read again: tuples are lists
    return PlanEntry(
        system=planned.system,
        kind=planned.kind,
        operation=planned.operation,
        record_id=planned.record_id,
        client=None if new else planned.client_id,
        of=of,
        expected_version=row.version if row is not None else None,
        base=digest_of(row.raw, fingerprint=draft.kind.fingerprint).hex() if row is not None else None,
        fields=fields,
        why=[[each.path, each.field, each.old, each.new, each.why] for each in planned.fields],
    )


def entries_of(batch: Batch) -> Iterator[PlanEntry]:
    """The entries of a batch, in its order."""
    for _, draft in batch.drafts:
        yield _entry(batch, draft)


def _entry(batch: Batch, draft: Draft) -> PlanEntry:
    client_id = draft.planned.client_id
    return entry_of(draft, of=batch.anchors[client_id], new=client_id in batch.made_now)


@dataclass(frozen=True, slots=True)
class Selection:
    """The writes that a plan file names and that are still what they were; nothing else is sent."""

    approved: frozenset[bytes] = field(default_factory=frozenset)

    def narrow(self, batch: Batch) -> Batch:
        """The batch with those writes alone, each with its entry, so that the journal knows it by that. Its other rows
        stay due, and so do those that need more than this."""
        kept = [
            (row, replace(draft, entry=identity.hex()))
            for row, draft in batch.drafts
            if (identity := _entry(batch, draft).identity()) in self.approved
        ]
        rows = {row.id for row, _ in kept}
        wanted: Sequence[tuple[Any, Any]] = [*batch.drafts, *batch.letters, *batch.waits]
        all_of, kept_of = Counter(row.id for row, _ in wanted), Counter(row.id for row, _ in kept)
        return replace(
            batch,
            rows=[row for row in batch.rows if row.id in rows],
            drafts=kept,
            letters=[],
            waits=[],
            vanished=[],
            unfinished=frozenset(row for row in rows if kept_of[row] < all_of[row]),
        )
