"""A create that meets a record which its system held already: read, resolved, updated; or put before a person."""

import pytest
from memory_world import World, capable

from crm_bridge.connector import Page, Stale
from crm_bridge.errors import ExitCode


@pytest.fixture
def world(tmp_path):
    """A system ``b`` that wants every client, lists what it is asked for alone, and matches by mobile phone."""
    world = World(tmp_path, create=["b"])
    peer = world["b"]
    carry_out = peer._carried_out

    def matching(kind, write):
        met = [
            each["id"]
            for each in peer.records(kind)
            if write.operation == "create" and each["mobile_phone"] == write.fields["mobile_phone"]
        ]
        return Stale("a record with the same key exists already", record_id=met[0]) if met else carry_out(kind, write)

    peer._carried_out = matching
    peer.read_changes = lambda kind, cursor: iter([Page(records=[])])
    return world


def test_the_met_record_is_read_and_updated(world):
    """One run: the create is refused, the record is read and linked, and what it lacks is written to it."""
    ids = world.person("b")
    world.person("a", job_title="лікарка")
    report = world.sync()

    assert (0, 1) == (report.exit_code, len(world["b"].records("person")))
    assert "лікарка" == world["b"].person(ids["b"])["job_title"]
    assert 0 == world.sync().written


def test_a_met_record_of_another_client_is_put_before_a_person(world):
    """The resolver does not take them for one client, and the system takes no second record: a dead letter, no loop."""
    world.person("b", last_name="Бондар", first_name="Boris", birth_date="1970-01-01", mobile_phone="+380505550199")
    world.person("a", mobile_phone="+380505550199")
    world.sync()
    [letter] = world.ask("dead_letters")

    assert ("write", "duplicate") == (letter["stage"], letter["code"])
    assert 1 == len(world["b"].records("person"))
    assert 0 == world.sync().written


def test_an_update_of_a_record_that_is_not_there_any_more_is_told_once(tmp_path):
    """Its system calls it stale, as Siebel does. It is not sent again with every run, and goes when a sweep tells."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(complete_listing=True, deletes_visible=False)})
    ids = world.person("a", "b", job_title="pupil")
    world.settle()
    world["b"].delete("person", ids["b"])
    sent = []
    world["b"].write = lambda _kind, writes: sent.append(len(writes)) or [Stale("it changed, or is gone")] * len(writes)
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})

    report = world.sync()
    [letter] = world.ask("dead_letters")
    again = world.sync()

    assert ([1], 1, 0) == (sent, report.new_dead_letters, again.new_dead_letters)
    assert ("not_found", ids["b"]) == (letter["code"], letter["record_id"])
    assert ExitCode.DEAD_LETTERS == report.exit_code


def test_a_record_that_stays_locked_is_told_of_in_every_run(tmp_path):
    """Somebody has it open there: the write is stale in each try, and nothing else would say so."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable()))
    ids = world.person("a", "b", job_title="pupil")
    world.settle()
    world["b"].write = lambda _kind, writes: [Stale("locked by another user")] * len(writes)
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})

    for report in (world.sync(), world.sync()):
        [note] = report.notes
        assert note.startswith("b: not written in 3 tries")
        assert f"person:{ids['b']};" in note
