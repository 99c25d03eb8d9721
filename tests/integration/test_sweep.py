"""``sync --sweep``: what a system does not have any more is marked gone, where its list of all can be trusted."""

import pytest
from memory_world import World, capable

from crm_bridge.errors import ExitCode, RejectRecord, RetryLater

SILENT = {"a": capable(deletes_visible=False), "b": capable()}


@pytest.fixture
def world(tmp_path):
    """``a`` says nothing of deletions, and lists all its keys."""
    return World(tmp_path, systems=SILENT, more="[guard]\nmin_records = 10\nmax_change_percent = 20")


def people(world, count):
    ids = [world.person("a", number=number, last_name=f"Коваль{number}")["a"] for number in range(1, count + 1)]
    world.sync()
    return ids


def gone(report):
    return report.of_read("a", "person").gone


def test_a_record_that_vanished_is_marked_gone_once(world):
    """A merge in the system looks the same: the loser just is not there."""
    ids = people(world, 20)
    world["a"].delete("person", ids[3])

    assert 0 == gone(world.sync())
    assert 1 == gone(world.sync(sweep=True))
    assert 0 == gone(world.sync(sweep=True))


def test_too_many_missing_records_stop_the_sweep(world):
    """That is a login which sees less than before, and nothing is marked."""
    for record_id in people(world, 20)[:5]:
        world["a"].delete("person", record_id)

    report = world.sync(sweep=True)

    assert "5 of 20" in report.stopped["a"]
    assert ExitCode.SAFETY_STOP == report.exit_code
    assert 0 == gone(report)
    assert 5 == gone(world.sync(sweep=True, allow_large_change=True))


def test_too_many_missing_records_stop_writing_too(world):
    """What may be wrong in one system is carried nowhere: exit 4 says that nothing was written."""
    ids = people(world, 20)
    both = world.person("a", "b", number=25, last_name="Інша")
    world.settle()
    world["a"].edit("person", both["a"], {"job_title": "teacher"})
    for record_id in ids[:6]:
        world["a"].delete("person", record_id)
    written = world.writes()

    report = world.sync(sweep=True)

    assert {"known": 21, "missing": 6, "fields": {}} == report.too_much["a"]
    assert written == world.writes()


def test_an_empty_list_is_never_believed(world):
    """Even of a system too small for the guard's percentages."""
    for record_id in people(world, 3):
        world["a"].delete("person", record_id)

    report = world.sync(sweep=True)

    assert "a" in report.stopped
    assert 0 == gone(report)


def test_a_list_that_breaks_off_marks_nothing(world, monkeypatch):
    """It would look like deletions."""
    people(world, 5)

    def broken(kind):
        yield from list(world["a"].records(kind))[:0]
        raise RetryLater("away")

    monkeypatch.setattr(world["a"], "list_keys", broken)
    report = world.sync(sweep=True)

    assert "a" in report.stopped
    assert 0 == gone(report)


def test_a_record_that_the_list_forgot_is_asked_for(world, monkeypatch):
    """Absence in the list alone is no deletion."""
    ids = people(world, 20)
    monkeypatch.setattr(world["a"], "list_keys", lambda kind: iter(ids[1:]))

    report = world.sync(sweep=True)

    assert 0 == gone(report)
    assert {} == report.stopped


def test_a_system_that_cannot_vouch_is_noted_and_left_alone(tmp_path):
    """Its absence proves nothing."""
    world = World(tmp_path, systems={"a": capable(deletes_visible=False, complete_listing=False), "b": capable()})
    ids = people(world, 3)
    world["a"].delete("person", ids[0])

    report = world.sync(sweep=True)

    assert 0 == gone(report)
    assert any("a/person was not swept" in note for note in report.notes)
    assert (0, False) == (report.exit_code, report.swept_nothing)  # the other system was


def test_a_sweep_that_sweeps_nothing_is_done_in_part_and_says_what_to_do(tmp_path):
    """Whoever runs it every night learns that no deletion is seen, and by which setting that changes."""
    blind = capable(deletes_visible=False, complete_listing=False, listing_setting="sees_all")
    world = World(tmp_path, systems={"a": blind, "b": blind})
    people(world, 3)

    swept, not_asked = world.sync(sweep=True), world.sync()

    assert [(3, True), (0, False)] == [(each.exit_code, each.swept_nothing) for each in (swept, not_asked)]
    assert any(note.endswith("say so by sees_all = true of [systems.a]") for note in swept.notes), swept.notes


def test_a_record_that_polling_missed_is_read(world, monkeypatch):
    """A sweep also finds what is listed and not known."""
    people(world, 3)
    world.person("a", number=9, last_name="Новий")
    monkeypatch.setattr(world["a"], "read_changes", lambda kind, cursor: iter(()))

    assert 1 == world.sync(sweep=True).of_read("a", "person").new


def test_a_claim_that_vanished_is_marked_gone_too(world):
    """What is only read is swept like what is written, wherever its list can be trusted."""
    people(world, 1)
    claims = world["a"].load(
        "claim", [{"number": f"CL-{number}", "status": "registered", "owner": "a-1"} for number in range(12)]
    )
    world.sync()
    world["a"].delete("claim", claims[3])

    report = world.sync(sweep=True)

    assert 1 == report.of_read("a", "claim").gone
    assert 0 == world.sync(sweep=True).of_read("a", "claim").gone


def test_a_record_that_cannot_be_read_by_id_stands_alone(world, monkeypatch):
    """It becomes a dead letter that names it; the others that were asked for with it arrive."""
    ids = [world.person("a", number=number, last_name=f"Коваль{number}")["a"] for number in range(1, 6)]
    read = world["a"].read

    def unreadable(kind, record_ids):
        if ids[2] in record_ids:
            raise RejectRecord("a control character", record=f"person:{ids[2]}", code="unreadable")
        return read(kind, record_ids)

    monkeypatch.setattr(world["a"], "read", unreadable)
    monkeypatch.setattr(world["a"], "read_changes", lambda kind, cursor: iter(()))

    report = world.sync(sweep=True)

    assert {} == report.stopped
    assert 1 == report.new_dead_letters
    assert 4 == report.of_read("a", "person").new


def test_a_letter_about_a_deleted_record_closes_when_its_client_has_a_new_one_there(tmp_path):
    """An edit was to be carried into a record whose deletion nobody had seen yet; it brings the client back."""
    systems = {"a": capable(), "b": capable(deletes_visible=False)}
    world = World(tmp_path, systems=systems, create=["b"], spread=["b"])
    ids = world.person("a", "b")
    world.person("a", "b", number=2, last_name="Бондар")
    world.settle()
    world["b"].delete("person", ids["b"])
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.sync()
    before = [(each["code"], each["record_id"]) for each in world.ask("dead_letters")]

    report = world.sync(sweep=True)

    assert [("not_found", ids["b"])] == before
    assert ([], 0, 2) == (world.ask("dead_letters"), report.dead_letters, len(world["b"].records("person")))
