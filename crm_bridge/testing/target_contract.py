"""What every target has to do, as tests to inherit: :class:`RecordTargetContract`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from crm_bridge.connector import (
    Accepted,
    EffectSafety,
    RawRecord,
    RecordWrite,
    Stale,
    WriteLookup,
    WriteMode,
    WriteOutcome,
)
from crm_bridge.testing.contract import System, Workbench


class RecordTargetContract(Workbench):
    """Inherit, give the fixtures ``connector`` and ``system``, and override ``new_record`` and ``change``.

    Attributes:
        creates: whether the bridge may create records in the system.
        same_in: how a written field is found again; override where the system writes it otherwise.
    """

    creates = True

    def same_in(self, record: RawRecord, fields: RawRecord) -> bool:
        return all(record.get(name) == value for name, value in fields.items())

    def update(self, record: RawRecord, changes: RawRecord, *, key: str = "k1") -> RecordWrite:
        """A write of ``changes`` to ``record`` as it was read, with its id and version."""
        own = {name: record[name] for name in (self.id_field, self.version_field) if name and name in record}
        return RecordWrite(
            kind=self.kind,
            operation="update",
            record_id=self.id_of(record),
            fields={**own, **changes},
            full={**record, **changes},
            expected_version=self.version_of(record),
            key=key,
        )

    def create(self, number: int, *, key: str = "k1") -> RecordWrite:
        record = self.new_record(number)
        return RecordWrite(self.kind, "create", None, record, record, None, key)

    def write(self, connector: Any, *writes: RecordWrite) -> Sequence[WriteOutcome]:
        return self.in_time(lambda: connector.write(self.kind, writes))

    def one(self, connector: Any, system: System) -> RawRecord:
        """A record as the connector reads it."""
        record_id = self.fill(system, 1)[0]
        return next(iter(self.in_time(lambda: connector.read(self.kind, [record_id]))))

    def test_an_update_arrives(self, connector: Any, system: System) -> None:
        """What was accepted is what the system holds."""
        record = self.one(connector, system)
        outcome = self.write(connector, self.update(record, self.change(1)))[0]

        assert isinstance(outcome, Accepted), f"expected Accepted, got {type(outcome).__name__}"
        assert self.id_of(record) == outcome.record_id
        assert self.same_in(self.held(system)[outcome.record_id], self.change(1)), "accepted, and not there"

    def test_what_is_not_named_stays(self, connector: Any, system: System) -> None:
        """Of a write that merges."""
        self.needs(connector.capabilities(self.kind).write_mode is WriteMode.MERGE, name="write_mode merge")
        record = self.one(connector, system)
        kept = {name: value for name, value in self.new_record(1).items() if name not in self.change(1)}
        self.write(connector, self.update(record, self.change(1)))

        assert self.same_in(self.held(system)[self.id_of(record)], kept), "a field that was not named has changed"

    def test_the_receipt_names_the_next_version(self, connector: Any, system: System) -> None:
        """The next write relies on it."""
        self.needs(connector.capabilities(self.kind).conditional_writes, name="conditional_writes")
        record = self.one(connector, system)
        outcome = self.write(connector, self.update(record, self.change(1)))[0]

        assert isinstance(outcome, Accepted)
        if outcome.version is not None:
            assert self.version_of(self.held(system)[outcome.record_id]) == outcome.version

    def test_a_stale_write_is_refused_and_changes_nothing(self, connector: Any, system: System) -> None:
        """Somebody else was quicker: their edit stays."""
        self.needs(connector.capabilities(self.kind).conditional_writes, name="conditional_writes")
        record = self.one(connector, system)
        system.edit(self.kind, self.id_of(record), self.change(1))
        outcome = self.write(connector, self.update(record, self.change(2)))[0]

        assert isinstance(outcome, Stale), f"expected Stale, got {type(outcome).__name__}"
        assert self.same_in(self.held(system)[self.id_of(record)], self.change(1)), "the other's edit was lost"

    def test_the_same_write_again_has_one_effect(self, connector: Any, system: System) -> None:
        """A repeated update neither fails nor changes more than the first."""
        record = self.one(connector, system)
        self.needs(self._repeatable(connector), name="an effect safety that allows repeating")
        write = self.update(record, self.change(1))
        outcomes = [self.write(connector, write)[0] for _ in range(2)]

        assert all(isinstance(outcome, Accepted) for outcome in outcomes), "the repeated write was not accepted"
        assert self.same_in(self.held(system)[self.id_of(record)], self.change(1))

    def test_the_same_create_again_has_one_effect(self, connector: Any, system: System) -> None:
        """One key, one record: a retry must not make a second client."""
        self.needs(self.creates and self._repeatable(connector), name="creates that may be repeated")
        for _ in range(2):
            self.write(connector, self.create(1))

        assert 1 == len(system.records(self.kind)), "the retry made another record"

    def test_a_created_record_can_be_asked_for(self, connector: Any, system: System) -> None:
        """After a lost answer the bridge asks whether the write arrived."""
        queryable = connector.capabilities(self.kind).effect_safety is EffectSafety.QUERYABLE
        self.needs(self.creates and (queryable or isinstance(connector, WriteLookup)), name="a look-up of writes")
        write = self.create(1, key="k-asked")
        before = self.in_time(lambda: connector.find_write(self.kind, write))
        self.write(connector, write)
        found = self.in_time(lambda: connector.find_write(self.kind, write))

        assert before is None, "found before it was written"
        assert found is not None, "written, and not found"
        assert self.id_of(found) in self.held(system)

    def test_a_create_gives_an_id(self, connector: Any, system: System) -> None:
        """The link to the client is made with it."""
        self.needs(self.creates, name="creates")
        outcome = self.write(connector, self.create(1))[0]

        assert isinstance(outcome, Accepted), f"expected Accepted, got {type(outcome).__name__}"
        assert outcome.record_id in self.held(system)

    def test_outcomes_come_in_the_order_of_the_writes(self, connector: Any, system: System) -> None:
        """One for each, also where one of them is refused."""
        size = connector.capabilities(self.kind).batch_size
        self.needs(size >= 3, name="batches of three")
        ids = self.fill(system, 2)
        first, second = (self.in_time(partial(connector.read, self.kind, [each]))[0] for each in ids)
        nobody = {**first, self.id_field: "no-such-record"}
        writes = [
            self.update(first, self.change(1), key="k1"),
            self.update(nobody, self.change(2), key="k2"),
            self.update(second, self.change(3), key="k3"),
        ]
        outcomes = self.write(connector, *writes)

        assert [True, False, True] == [isinstance(outcome, Accepted) for outcome in outcomes]
        assert ids == [outcome.record_id for outcome in outcomes if isinstance(outcome, Accepted)]

    def _repeatable(self, connector: Any) -> bool:
        return connector.capabilities(self.kind).effect_safety in (EffectSafety.IDEMPOTENT, EffectSafety.KEYED)
