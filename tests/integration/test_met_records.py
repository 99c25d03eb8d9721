"""A create that meets a record which its system held already: read, resolved, updated; or put before a person."""

from datetime import timedelta

import pytest
from memory_world import World, capable

from crm_bridge.connector import Page, Stale, Unknown
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


def locked(world, name="b"):
    """Somebody has the record open there: the write is stale in each try. Returns how many writes each call brought."""
    sent = []
    there = world[name]
    real = there.write
    there.write = lambda _kind, writes: sent.append(len(writes)) or [Stale("locked by another user")] * len(writes)
    return sent, lambda: setattr(there, "write", real)


def test_a_record_that_stays_locked_is_told_of_and_tried_again_later(tmp_path):
    """Nothing else would say so. What waits is not sent with every run, and not because the system answers."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable()))
    ids = world.person("a", "b", job_title="pupil")
    world.settle()
    sent, unlock = locked(world)
    world.chance = lambda: 1.0
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})

    first = world.sync()
    tries = len(sent)
    second = world.sync()
    at_once = world.sync()
    world.now += timedelta(hours=1)
    later = world.sync()

    [note] = first.notes
    assert note.startswith(f"b: answers, and did not take what was written to person:{ids['b']} in any try")
    assert (3, 3 * tries, []) == (tries, len(sent), list(at_once.notes))
    assert {"b": 1} == first.in_vain == second.in_vain == later.in_vain
    assert (ExitCode.UNAVAILABLE, ExitCode.OK) == (first.exit_code, at_once.exit_code)
    [waits] = at_once.waiting
    assert ("postponed", "not through: locked by another user") == (waits["state"], waits["reason"])

    unlock()
    world.now += timedelta(hours=6)
    assert 1 == world.sync().written
    assert "teacher" == world["b"].records("person")[0]["job_title"]


def test_a_change_does_not_wait_behind_a_lock_that_is_gone(tmp_path):
    world = World(tmp_path, systems=dict.fromkeys("ab", capable()))
    ids = world.person("a", "b", job_title="pupil")
    world.settle()
    _, unlock = locked(world)
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.sync()
    unlock()
    world["a"].edit("person", ids["a"], {"job_title": "head"})

    assert 1 == world.sync().written
    assert "head" == world["b"].records("person")[0]["job_title"]


@pytest.mark.parametrize("answer", [Stale("locked"), Unknown("too busy")])
def test_what_does_not_get_through_for_days_is_a_dead_letter(tmp_path, answer):
    """Also where each try is read back, and did not arrive: the days count from the change, not from the last try."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable()))
    ids = world.person("a", "b", job_title="pupil")
    world.settle()
    world["b"].write = lambda _kind, writes: [answer] * len(writes)
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})

    found = []
    for _ in range(14):
        found.append(world.sync().new_dead_letters)
        world.now += timedelta(hours=6)
    [letter] = world.ask("dead_letters")

    assert [0] * 12 + [1, 0] == found
    assert ("gave_up", ids["b"]) == (letter["code"], letter["record_id"])
    assert letter["message"].endswith("locked" if isinstance(answer, Stale) else "it did not arrive: too busy")


def test_one_record_that_makes_a_system_silent_costs_itself_alone(tmp_path):
    """It is sent with others, and nobody can tell which of them it was: each goes by itself then."""
    world = World(tmp_path, systems={"a": capable(page_size=50), "b": capable(batch_size=10)})
    ids = [world.person("a", "b", number=number, last_name=f"Рід{number}", job_title="pupil") for number in range(8)]
    world.settle()
    carry_out = world["b"].write

    def silent(kind, writes):
        if any(write.record_id == ids[3]["b"] for write in writes):
            return [Unknown("too busy")] * len(writes)
        return carry_out(kind, writes)

    world["b"].write = silent
    for each in ids:
        world["a"].edit("person", each["a"], {"job_title": "teacher"})

    report = world.sync()

    there = {each["id"]: each["job_title"] for each in world["b"].records("person")}
    assert [each["b"] == ids[3]["b"] for each in ids] == [there[each["b"]] == "pupil" for each in ids]
    assert {"b": 1} == report.in_vain
    assert 0 == report.unknown
