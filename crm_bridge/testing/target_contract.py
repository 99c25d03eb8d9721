"""What every target has to do, as tests to inherit: :class:`RecordTargetContract`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from crm_bridge.connector import (
    Accepted,
    EffectSafety,
    RawRecord,
    RecordWrite,
    Refused,
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
        refuses_strangers: whether the system itself can tell an update of a record that it does not have; a drop folder
            cannot.
        refused_change: fields with a value that the connector or its system refuses; ``None``: none is known.
        same_in: how a written field is found again; override where the system writes it otherwise.
    """

    creates = True
    refuses_strangers = True
    refused_change: RawRecord | None = None

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

    def rows_of(self, record: RawRecord) -> list[RawRecord]:
        """The nested rows of a record."""
        found: Any = record
        for level in str(self.rows).split("."):
            found = (found or {}).get(level)
        return list(found or ())

    def update_rows(self, record: RawRecord, *, said: Sequence[RawRecord], after: Sequence[RawRecord]) -> RecordWrite:
        """A write of nested rows, as a mapping's write-back makes it: ``said`` carries ``@operation``."""
        write = self.update(record, {})
        levels = str(self.rows).split(".")
        own = {**write.fields, **_nested({}, levels, list(said))}
        return replace(write, fields=own, full=_nested(record, levels, list(after)))

    def holds_rows(self, system: System, record_id: str, wanted: Sequence[RawRecord]) -> bool:
        """Whether the system holds these rows and no other, in any order. It may add to a row, such as an id."""
        left = self.rows_of(self.held(system)[record_id])
        if len(left) != len(wanted):
            return False
        for row in wanted:
            same = next((each for each in left if all(each.get(name) == row[name] for name in row)), None)
            if same is None:
                return False
            left.remove(same)
        return True

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
        others = {name: value for name, value in self.new_record(1).items() if name not in self.change(1)}
        kept = {name: value for name, value in others.items() if name != str(self.rows).split(".")[0]}
        self.write(connector, self.update(record, self.change(1)))

        assert self.same_in(self.held(system)[self.id_of(record)], kept), "a field that was not named has changed"

    def test_nested_rows_stay_when_something_else_changes(self, connector: Any, system: System) -> None:
        """Children, consents and addresses are data too."""
        self.needs_word(self.rows, name="rows")
        record = self.one(connector, system)
        before = self.rows_of(record)
        assert len(before) >= 2, "new_record has to bring two nested rows"
        self.write(connector, self.update(record, self.change(1)))

        assert self.holds_rows(system, self.id_of(record), before), "nested rows were lost or changed"

    def test_a_nested_row_that_is_added_leaves_the_others(self, connector: Any, system: System) -> None:
        """A write names the new row alone."""
        self.needs_word(self.rows, name="rows")
        record = self.one(connector, system)
        new, before = self.new_row(3), self.rows_of(record)
        write = self.update_rows(record, said=[{"@operation": "insert", **new}], after=[*before, new])
        outcome = self.write(connector, write)[0]

        assert isinstance(outcome, Accepted), f"expected Accepted, got {type(outcome).__name__}"
        assert self.holds_rows(system, self.id_of(record), [*before, new]), "nested rows were lost or not added"

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

    def test_the_same_write_again_does_not_undo_what_came_between(self, connector: Any, system: System) -> None:
        """A retry that comes late finds somebody else's edit, and leaves it."""
        keyed = connector.capabilities(self.kind).effect_safety is EffectSafety.KEYED
        self.needs(keyed, name="an effect safety by key")
        record = self.one(connector, system)
        write = self.update(record, self.change(1))
        self.write(connector, write)
        system.edit(self.kind, self.id_of(record), self.change(2))
        self.write(connector, write)

        assert self.same_in(self.held(system)[self.id_of(record)], self.change(2)), "the retry undid another's edit"

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
        self.needs_word(self.refuses_strangers or self.refused_change, name="refused_change")
        ids = self.fill(system, 2)
        first, second = (self.in_time(partial(connector.read, self.kind, [each]))[0] for each in ids)
        nobody = {**first, self.id_field: "no-such-record"}
        refused = self.update(second, self.refused_change, key="k2") if self.refused_change else None
        writes = [
            self.update(first, self.change(1), key="k1"),
            refused or self.update(nobody, self.change(2), key="k2"),
            self.update(second, self.change(3), key="k3"),
        ]
        outcomes = self.write(connector, *writes)

        assert [True, False, True] == [isinstance(outcome, Accepted) for outcome in outcomes]
        assert ids == [outcome.record_id for outcome in outcomes if isinstance(outcome, Accepted)]

    def test_a_record_that_is_not_there_is_not_made_by_an_update(self, connector: Any, system: System) -> None:
        """Nor is the write called done."""
        self.needs_word(self.refuses_strangers, name="refuses_strangers")
        record = {**self.one(connector, system), self.id_field: "no-such-record"}
        held = set(self.held(system))
        outcome = self.write(connector, self.update(record, self.change(1)))[0]

        assert not isinstance(outcome, Accepted), "an update of nobody was accepted"
        assert held == set(self.held(system)), "an update made a record"

    def test_a_delete_takes_the_record_away(self, connector: Any, system: System) -> None:
        """That record alone; asked to delete it once more, the connector does not call it a failure."""
        self.needs(connector.capabilities(self.kind).deletes, name="deletes")
        first, second = self.fill(system, 2)
        record = next(iter(self.in_time(lambda: connector.read(self.kind, [first]))))
        write = replace(self.update(record, {}), operation="delete")
        outcome = self.write(connector, write)[0]
        again = self.write(connector, replace(write, key="k2"))[0]

        assert isinstance(outcome, Accepted), f"expected Accepted, got {type(outcome).__name__}"
        assert [second] == list(self.held(system)), "it is still there, or another one is gone"
        done = isinstance(again, Accepted | Stale) or (isinstance(again, Refused) and again.code == "not_found")
        assert done, f"of a record that is not there any more it said {type(again).__name__}"

    def test_a_stale_delete_is_refused(self, connector: Any, system: System) -> None:
        """Somebody else edited the record meanwhile: their edit keeps it."""
        able = connector.capabilities(self.kind)
        self.needs(able.deletes and able.conditional_writes, name="conditional deletes")
        record = self.one(connector, system)
        system.edit(self.kind, self.id_of(record), self.change(1))
        outcome = self.write(connector, replace(self.update(record, {}), operation="delete"))[0]

        assert isinstance(outcome, Stale), f"expected Stale, got {type(outcome).__name__}"
        assert self.id_of(record) in self.held(system), "the edited record was deleted"

    def _repeatable(self, connector: Any) -> bool:
        return connector.capabilities(self.kind).effect_safety in (EffectSafety.IDEMPOTENT, EffectSafety.KEYED)


def _nested(record: RawRecord, levels: Sequence[str], rows: list[RawRecord]) -> dict[str, Any]:
    """The record with other rows at the place that ``levels`` name."""
    first, *rest = levels
    return {**record, first: _nested(record.get(first) or {}, rest, rows) if rest else rows}
