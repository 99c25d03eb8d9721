"""The proof can fail: ten mistakes that such bridges make, each put into ours, and each found by the machine."""

import pytest
from memory_world import World
from proving import declared_in, proof_of, with_tax_ids

from crm_bridge.connector import Accepted, EffectSafety, Stale, Unknown
from crm_bridge.outbox import deliver, recover
from crm_bridge.prove import search
from crm_bridge.prove.systems import InMemory
from crm_bridge.runner import deletions, inbox, pull
from crm_bridge.store import runs
from crm_bridge.store.runs import Cursor
from crm_bridge.sync import deletions as rule_of_deletions
from crm_bridge.sync import edits, survivorship
from crm_bridge.sync.units import split


def the_base_is_stored_before_the_receipt(monkeypatch):
    """A write whose answer was lost counts as done."""
    take = deliver.take_outcomes

    def hopeful(run, system, parcels, outcomes, retry, left):
        told = [
            Accepted(parcel.intent.record_id or "none") if isinstance(each, Unknown) else each
            for parcel, each in zip(parcels, outcomes, strict=True)
        ]
        return take(run, system, parcels, told, retry, left)

    monkeypatch.setattr(deliver, "take_outcomes", hopeful)


def an_edit_takes_the_place_of_nothing(monkeypatch):
    """Trust alone decides, as if no user had seen what he changed."""
    monkeypatch.setattr(survivorship, "_without_superseded", lambda _unit, claims: (list(claims), ()))


def a_lost_answer_is_a_write_to_be_made_again(monkeypatch):
    """Nobody asks whether it arrived: a record is created twice."""
    take = deliver.take_outcomes

    def again(run, system, parcels, outcomes, retry, left):
        told = [Stale("perhaps") if isinstance(each, Unknown) else each for each in outcomes]
        return take(run, system, parcels, told, retry, left)

    monkeypatch.setattr(deliver, "take_outcomes", again)


def the_cursor_moves_before_its_page(monkeypatch):
    """Killed in between, the page is never read again."""
    take = pull.take

    def early(run, kind, page, *, cursor):
        if cursor is not None:
            with run.database.transaction() as connection:
                runs.move_cursor(connection, kind.system, kind.name, cursor, at=run.now())
        return take(run, kind, page, cursor=cursor)

    monkeypatch.setattr(pull, "take", early)


def a_stale_write_counts_as_delivered(monkeypatch):
    """Nobody reads again what somebody else changed meanwhile."""
    take = deliver.take_outcomes

    def careless(run, system, parcels, outcomes, retry, left):
        told = [
            Accepted(str(parcel.intent.record_id)) if isinstance(each, Stale) else each
            for parcel, each in zip(parcels, outcomes, strict=True)
        ]
        return take(run, system, parcels, told, retry, left)

    monkeypatch.setattr(deliver, "take_outcomes", careless)


def an_item_typed_over_behind_a_kill_stands_beside_ours(monkeypatch):
    """What is read back tells of a write what it holds of it, and not what was typed over that."""

    def literally(before, written, holds, *, wrote):
        was, is_now = split(before), split(holds)
        return {unit: value for unit, value in wrote.items() if is_now.get(unit) != was.get(unit)}

    monkeypatch.setattr(recover, "may_have_been_seen", literally)


def a_deletion_spreads_over_edits(monkeypatch):
    """Nobody asks what the users of the deleted record had seen."""
    monkeypatch.setattr(deletions, "_unseen", lambda *_: None)
    monkeypatch.setattr(deletions, "_later", lambda *_: None)
    monkeypatch.setattr(rule_of_deletions, "spoke_after", lambda *_, **__: False)


def a_deletion_never_spreads(monkeypatch):
    """Each is taken for one that an edit speaks against."""
    monkeypatch.setattr(deletions, "_unseen", lambda *_: "somebody")


def news_count_as_a_reading_of_everything(monkeypatch):
    """After looking at one record of which a system told, the bridge goes on from that moment."""
    again = inbox.reread

    def to_the_end(run, system, kind, record_ids):
        failed = again(run, system, kind, record_ids)
        with run.database.transaction() as connection:
            cursor = Cursor(str(system.connector.held.changes), loaded=True)
            runs.move_cursor(connection, kind.system, kind.name, cursor, at=run.now())
        return failed

    monkeypatch.setattr(inbox, "reread", to_the_end)


def an_identifier_once_read_stays(monkeypatch):
    """A number tells who somebody is, so what users change of it is not looked at: what one mended stays wrong."""
    changed = edits.changed

    def but_identifiers(was, now):
        return [unit for unit in changed(was, now) if not unit.startswith("identifiers[ua.")]

    monkeypatch.setattr(edits, "changed", but_identifiers)


@pytest.mark.parametrize(
    "mistake",
    [
        the_base_is_stored_before_the_receipt,
        an_edit_takes_the_place_of_nothing,
        a_lost_answer_is_a_write_to_be_made_again,
        the_cursor_moves_before_its_page,
        a_stale_write_counts_as_delivered,
        an_item_typed_over_behind_a_kill_stands_beside_ours,
        a_deletion_spreads_over_edits,
        a_deletion_never_spreads,
        news_count_as_a_reading_of_everything,
        an_identifier_once_read_stays,
    ],
    ids=lambda mistake: mistake.__name__.replace("_", " "),
)
def test_a_mistake_in_the_engine_is_found(tmp_path, monkeypatch, mistake):
    world = World(tmp_path, create=["b"], spread=["a"], store="sqlite:///bridge.db")
    if mistake is an_identifier_once_read_stays:
        with_tax_ids(world)
    what = declared_in(world, b={"effect_safety": EffectSafety.QUERYABLE})
    monkeypatch.setattr(search, "DEATHS", range(1, 30))
    mistake(monkeypatch)

    found = proof_of(what, examples=20, seed=4).counterexample

    assert found is not None


def test_two_systems_that_each_put_their_own_spelling_back_are_found(tmp_path, monkeypatch):
    """An automation in A makes capitals, one in B small letters: unless a war is ended they write for ever."""
    spelling = {"a": str.upper, "b": str.lower}
    keep = InMemory.keep

    def kept(self, record_id, record):
        spell = spelling.get(self._kind.system, str)
        keep(self, record_id, {**record, "job_title": spell(record.get("job_title") or "")})

    world = World(tmp_path, more="[outbox]\ntries = 1\nwar_after = 1000\n", store="sqlite:///bridge.db")
    monkeypatch.setattr(InMemory, "keep", kept)

    found = proof_of(declared_in(world), examples=5).counterexample

    assert found is not None
    assert any("does not come to rest" in wrong for wrong in found.wrong)
