"""``on_delete = "spread"``: the deletion of a record takes its client's other records along, but for an edit."""

import pytest
from memory_world import Deaf, Killed, World, capable, die

from crm_bridge.connector import EffectSafety
from crm_bridge.errors import ExitCode


@pytest.fixture
def world(tmp_path):
    """A deletion in ``a`` spreads; ``b`` and ``c`` keep theirs to themselves."""
    return World(tmp_path, spread="a", create="abc")


def one_client(world):
    """One client in all three systems, in step."""
    ids = world.person(*world.peers)
    world.settle()
    return ids


def held(world):
    return {name: len(peer.records("person")) for name, peer in world.peers.items()}


def deletes(world, name):
    return [write for write in world[name].writes if write.operation == "delete"]


def history(world, client_id):
    return [line["what"] for line in world.ask("history", client_id)]


def test_a_deletion_takes_the_clients_other_records_along(world):
    """Every other target is told, with the version that we know."""
    ids = one_client(world)
    version = world["b"].person(ids["b"])["version"]
    world["a"].delete("person", ids["a"])

    report = world.sync()

    assert {"a": 0, "b": 0, "c": 0} == held(world)
    assert [version] == [write.expected_version for write in deletes(world, "b")]
    assert (1, 1) == (report.of_write("b").deleted, report.of_write("c").deleted)
    assert ExitCode.OK == report.exit_code
    assert 0 == world.sync().written


def test_by_default_the_other_systems_keep_their_records(world):
    """Nothing is deleted that nobody configured, and nothing is created behind the back of who deleted it."""
    ids = one_client(world)
    world["b"].delete("person", ids["b"])

    world.sync()

    assert {"a": 1, "b": 0, "c": 1} == held(world)


def test_an_absence_spreads_like_a_tombstone(tmp_path):
    """A system that does not tell of deletions is swept."""
    silent = {"a": capable(deletes_visible=False), "b": capable()}
    world = World(tmp_path, systems=silent, spread="a")
    ids = one_client(world)
    world.person("a", number=2, last_name="Інша")
    world.sync()
    world["a"].delete("person", ids["a"])

    assert 0 == world.sync().written
    assert 1 == world.sync(sweep=True).of_write("b").deleted


@pytest.fixture
def silent(tmp_path):
    """``a`` is swept, its deletions spread, and it has no place for a job; ``world.ids`` are of one client in all."""
    world = World(tmp_path, systems={"a": capable(deletes_visible=False), "b": capable(), "c": capable()}, spread="a")
    mapping = (tmp_path / "a.yaml").read_text(encoding="utf-8")
    world.write_mapping("a", mapping.replace("  job_title: {src: job_title}\n", ""))
    world.ids = one_client(world)
    world.person("a", number=2, last_name="Інша")
    world.settle()
    for name in "abc":  # read again, and no news: whatever counts such a run takes are taken once more by the next
        world[name].edit("person", world.ids[name], {"stamped_at": "now"})
    world.sync(sweep=True)
    return world


def test_an_edit_that_the_deleting_system_has_no_place_for_keeps_the_client(silent):
    """It was read and "carried" long before the sweep found the deletion; yet who deleted cannot have seen it."""
    silent["b"].edit("person", silent.ids["b"], {"job_title": "лікар"})
    silent["a"].delete("person", silent.ids["a"])
    silent.sync()

    report = silent.sync(sweep=True)

    assert 0 == report.of_write("b").deleted
    assert ["лікар"] * 2 == [silent[name].person(silent.ids[name])["job_title"] for name in "bc"]
    assert any("the client stays" in note for note in report.notes)


def test_such_an_edit_of_before_the_last_sweep_does_not(silent):
    """The record was seen to be there since: whoever deleted it later deleted the client as it was."""
    silent["b"].edit("person", silent.ids["b"], {"job_title": "лікар"})
    silent.sync(sweep=True)
    silent["a"].delete("person", silent.ids["a"])

    report = silent.sync(sweep=True)

    assert (1, 1) == (report.of_write("b").deleted, report.of_write("c").deleted)


def test_an_edit_that_was_carried_before_the_sweep_found_the_deletion_does_not(silent):
    """What stood in the deleted record may have been seen."""
    silent["b"].edit("person", silent.ids["b"], {"marital_status": "married"})
    silent.sync()
    silent["a"].delete("person", silent.ids["a"])

    assert 1 == silent.sync(sweep=True).of_write("b").deleted


def test_an_edit_that_the_deleting_user_had_not_seen_keeps_the_client(world):
    """Update beats delete: the deleted record is created anew, under a key of its own, and the conflict is told."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})

    report = world.sync()

    assert 0 == len(deletes(world, "b") + deletes(world, "c"))
    assert ["teacher"] == [each["job_title"] for each in world["a"].records("person")]
    assert "teacher" == world["c"].person(ids["c"])["job_title"]
    assert 1 == report.clients["conflicts"]
    assert "conflict" in history(world, world.client()["id"])
    assert 0 == world.sync().written


def test_an_edit_that_was_read_before_and_not_carried_yet_counts_too(world):
    """``a`` could not be written to when the edit was made: its users never saw it."""
    ids = one_client(world)
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})
    world.sync("b")
    world["a"].delete("person", ids["a"])

    world.sync()

    assert {"a": 1, "b": 1, "c": 1} == held(world)


def test_an_edit_that_the_deleting_user_had_seen_saves_nothing(world):
    """It was carried to ``a`` long ago."""
    ids = one_client(world)
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})
    world.settle()
    world["a"].delete("person", ids["a"])

    world.sync()

    assert {"a": 0, "b": 0, "c": 0} == held(world)


def test_an_edit_right_before_our_delete_keeps_the_client(world):
    """The stale version is refused, the edit is read, and the client lives."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].before_write.append(lambda: world["b"].edit("person", ids["b"], {"job_title": "teacher"}))

    world.sync("a", "b")
    world.sync()

    assert "teacher" == world["b"].person(ids["b"])["job_title"]
    assert 1 == held(world)["a"]


def test_the_created_anew_is_created_once_though_its_answer_is_lost(world):
    """Its key is of a new generation, and stays over all tries."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})
    world["a"].lose_next_answer()

    world.sync()
    world.sync()

    assert 1 == held(world)["a"]


def test_who_deletes_one_of_two_records_removed_a_duplicate(world):
    """The system still has the client."""
    ids = world.person("a", "b")
    twin = world.person("a")["a"]
    world.settle()
    world["a"].delete("person", twin)

    world.sync()

    assert 1 == held(world)["a"]
    assert [ids["b"]] == [each["id"] for each in world["b"].records("person")]


def test_a_plan_shows_the_delete_and_its_reason(world):
    """And makes none."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])

    plan = world.ask("plan")

    assert [("b", "delete", ids["b"]), ("c", "delete", ids["c"])] == [
        (write.system, write.operation, write.record_id) for write in plan.writes
    ]
    assert f"a/person/{ids['a']} was deleted there" == plan.writes[0].fields[0].why
    assert {"a": 0, "b": 1, "c": 1} == held(world)


def test_too_many_deletes_stop_the_run_before_the_first(tmp_path):
    """Exit 4, and the plan in figures."""
    world = World(tmp_path, systems={"a": capable(), "b": capable()}, spread="a", more="[guard]\nmin_records = 10")
    everyone = [world.person("a", "b", number=number, last_name=f"Коваль{number}") for number in range(1, 13)]
    world.settle()
    for ids in everyone[:4]:
        world["a"].delete("person", ids["a"])

    report = world.sync()

    assert ExitCode.SAFETY_STOP == report.exit_code
    assert (4, 0, 0) == tuple(report.too_much["b"][name] for name in ("deleted", "changed", "created"))
    assert 12 == held(world)["b"]
    assert ExitCode.SAFETY_STOP == world.sync().exit_code
    assert 8 == 12 - world.sync(allow_large_change=True).of_write("b").deleted


@pytest.mark.parametrize("arrived", [True, False])
def test_after_a_lost_answer_the_delete_is_found_to_have_happened_or_made(world, arrived):
    """A record that is not there any more when it is read back was deleted."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].lose_next_answer(arrived=arrived)

    report = world.sync()
    world.sync()

    assert 0 == held(world)["b"]
    assert 0 == report.unknown
    assert (1 if arrived else 2) == len(deletes(world, "b"))


def test_after_a_crash_behind_the_delete_nothing_is_sent_twice(world):
    """The intent was journaled first, and is settled by reading back."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].after_write.append(die)
    with pytest.raises(Killed):
        world.sync("a", "b")

    world.sync()

    assert {"a": 0, "b": 0, "c": 0} == held(world)
    assert 1 == len(deletes(world, "b"))


def test_a_lost_delete_waits_for_a_person_where_nobody_can_be_asked(tmp_path):
    """And is settled by their word."""
    mute = capable(reads_back=False, effect_safety=EffectSafety.NONE)
    world = World(tmp_path, systems={"a": capable(), "b": mute}, spread="a")
    world.opened["b"] = Deaf(world["b"])
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].lose_next_answer()

    assert 1 == world.sync().unknown
    [case] = world.ask("unknown_list")
    world.ask("unknown_resolve", case["id"], arrived=True, record_id=None, send_again=False, by="anna")

    assert 0 == world.sync().unknown
    assert 1 == len(deletes(world, "b"))


def test_a_record_that_somebody_else_deleted_first_is_done(world):
    """``not_found`` is what we wanted."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world["b"].before_write.append(lambda: world["b"].delete("person", ids["b"]))

    report = world.sync()

    assert 0 == report.new_dead_letters
    assert 1 == report.of_write("b").deleted


def test_a_stale_delete_of_a_record_that_is_gone_is_done(world):
    """Some systems cannot tell *gone* from *changed*: the record is read again, and is not there."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])

    def somebody_is_quicker():
        world["b"].stale(ids["b"])

    world["b"].before_write.append(somebody_is_quicker)
    world["b"].after_write.append(lambda: world["b"].delete("person", ids["b"]))

    world.sync()

    assert 1 == len(deletes(world, "b"))
    assert 0 == world.sync().written


def test_a_connector_that_cannot_delete_is_a_dead_letter_once(tmp_path):
    """Not one for each run."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(deletes=False)}, spread="a")
    ids = one_client(world)
    world["a"].delete("person", ids["a"])

    assert [1, 0, 0] == [world.sync().new_dead_letters for _ in range(3)]
    [letter] = world.ask("dead_letters")
    assert ("cannot_delete", ids["b"], 1) == (letter["code"], letter["record_id"], letter["count"])


def test_an_edit_closes_that_letter(tmp_path):
    """The client lives, so nothing is to be deleted any more."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(deletes=False)}, spread="a")
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world.sync()
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})

    assert 0 == world.sync().dead_letters


def test_the_card_of_a_client_whose_last_record_went_is_closed_and_kept(world):
    """It stays readable, with its history."""
    ids = one_client(world)
    client_id = world.client()["id"]
    world["a"].delete("person", ids["a"])

    world.sync()

    shown = world.ask("show", client_id)
    assert "Коваль" == shown["client"]["name"]["family"]
    assert shown["closed_at"]
    assert "client.closed" in history(world, client_id)


def test_a_record_that_reappears_opens_its_client_again(world):
    """Under the same id it is linked to the same client; the others are created anew."""
    ids = one_client(world)
    client_id = world.client()["id"]
    before = world["a"].person(ids["a"])
    world["a"].delete("person", ids["a"])
    world.sync()
    world["a"].load("person", [before])

    world.sync()

    assert client_id == world.client()["id"]
    assert "closed_at" not in world.ask("show", client_id)
    assert "client.reopened" in history(world, client_id)
    assert {"a": 1, "b": 1, "c": 1} == held(world)
    assert 0 == world.sync().written


def test_turned_back_to_keep_nothing_more_is_deleted(world):
    """What the guard or a dead system held back is not carried out later against the configuration."""
    ids = one_client(world)
    world["a"].delete("person", ids["a"])
    world.sync("a")
    world.spread = ()

    world.sync()

    assert {"a": 0, "b": 1, "c": 1} == held(world)
