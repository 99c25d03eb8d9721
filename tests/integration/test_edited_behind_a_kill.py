"""A user edits while nobody knows yet whether our write arrived there: the edit stands above ours, everywhere."""

from contextlib import suppress

import pytest
from memory_world import Deaf, Killed, World, capable, die

from crm_bridge.connector import EffectSafety

FIRST, OURS, THEIRS = 0, 1, 2
VALUES = {
    "job_title": ("pupil", "teacher", "headmaster"),
    "email": ("zero@example.com", "one@example.com", "two@example.com"),
    "mobile_phone": ("+380505550100", "+380505550101", "+380505550102"),
}


def lose(world, how):
    """Sync, and break off in the write to B."""
    peer = world["b"]
    if how.startswith("killed"):
        (peer.before_write if how == "killed before" else peer.after_write).append(die)
    else:
        peer.lose_next_answer(arrived=how == "answer lost")
    with suppress(Killed):
        world.sync()


@pytest.mark.parametrize("how", ["killed before", "killed after", "answer lost", "write lost"])
@pytest.mark.parametrize("field", VALUES)
def test_what_the_target_s_user_typed_over_is_carried(tmp_path, field, how):
    """Killed in the write or unanswered: all systems come to what was typed last, one number or mail on the card."""
    world = World(tmp_path)
    ids = world.person("a", "b", "c", **{field: VALUES[field][FIRST]})
    world.settle()
    world["a"].edit("person", ids["a"], {field: VALUES[field][OURS]})
    lose(world, how)

    world["b"].edit("person", ids["b"], {field: VALUES[field][THEIRS]})
    world.settle()

    assert [VALUES[field][THEIRS]] * 3 == [world[name].person(ids[name])[field] for name in "abc"]


@pytest.mark.parametrize("how", ["killed before", "killed after"])
@pytest.mark.parametrize("field", VALUES)
def test_that_ours_may_not_have_been_seen_is_told(tmp_path, field, how):
    """Nobody knows whether the user of B had ours in front of them: it is reported like any conflict, and kept."""
    world = World(tmp_path)
    ids = world.person("a", "b", "c", **{field: VALUES[field][FIRST]})
    world.settle()
    world["a"].edit("person", ids["a"], {field: VALUES[field][OURS]})
    lose(world, how)
    world["b"].edit("person", ids["b"], {field: VALUES[field][THEIRS]})

    report = world.sync()

    [told] = [line for line in world.ask("history", world.client()["id"]) if line["what"] == "conflict"]
    assert 1 == report.clients["conflicts"]
    assert "may not have been seen" in told["rule"]
    assert [f"a/person/{ids['a']}"] == [each["source"] for each in told["lost"]]
    assert (VALUES[field][OURS], VALUES[field][THEIRS]) == (said(told["lost"][0]["value"]), said(told["new"]))
    assert "conflicts" not in world.sync().clients


def said(value):
    return value["value"] if isinstance(value, dict) else value


@pytest.mark.parametrize("how", ["killed after", "answer lost"])
@pytest.mark.parametrize("field", VALUES)
def test_so_is_what_was_typed_over_where_there_was_nothing(tmp_path, field, how):
    """The field was empty before ours."""
    world = World(tmp_path)
    ids = world.person("a", "b", "c", number=7, mobile_phone="", home_phone="+380505550107")
    world.settle()
    world["a"].edit("person", ids["a"], {field: VALUES[field][OURS]})
    lose(world, how)

    world["b"].edit("person", ids["b"], {field: VALUES[field][THEIRS]})
    world.settle()

    assert [VALUES[field][THEIRS]] * 3 == [world[name].person(ids[name])[field] for name in "abc"]


def created_unanswered(tmp_path, how, **fields):
    """A creates, the answer of B is lost; B cannot be asked, and makes two records of two tries."""
    world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=EffectSafety.NONE)}, create=["a", "b"])
    world.opened["b"] = Deaf(world["b"])
    world.person("a", job_title="pupil", email="zero@example.com")
    lose(world, how)
    [made] = world["b"].records("person")
    world["b"].edit("person", made["id"], fields)
    return world


@pytest.mark.parametrize("how", ["killed after", "answer lost"])
def test_an_edit_of_what_we_created_stands_above_what_we_sent(tmp_path, how):
    """The record is read for the first time with the edit in it; what we sent is no word of its own."""
    edited = {"job_title": "teacher", "email": "new@example.com", "dish": "борщ"}
    world = created_unanswered(tmp_path, how, **edited)

    world.settle()

    for name in "ab":
        [record] = world[name].records("person")
        assert edited == {field: record[field] for field in edited}
    assert edited["email"] in [point["value"] for point in world.client()["contact_points"]]


@pytest.mark.parametrize("how", ["killed after", "answer lost"])
def test_one_that_looks_like_somebody_else_by_now_is_created_nowhere_else(tmp_path, how):
    """Its given name was corrected: it may be what we created, so a person says first whether that arrived."""
    world = created_unanswered(tmp_path, how, first_name="Марія")

    world.sync()

    assert ([1, 1], 5) == (counts(world), world.sync().exit_code)
    [unknown] = world.ask("unknown_list")
    assert f"unknown write {unknown['id']}" in str(world.ask("plan"))
    world.ask("unknown_resolve", unknown["id"], arrived=False, record_id=None, send_again=False, by="Olha")
    world.sync()
    assert 2 == len(world["a"].records("person")), "nobody says any more that the two may be one"


def counts(world):
    return [len(world[name].records("person")) for name in "ab"]


@pytest.mark.parametrize("how", ["killed before", "killed after"])
def test_a_deleted_record_is_not_what_a_lost_create_made(tmp_path, how):
    """B's record was deleted, an edit kept the client; nobody knows of the create that followed."""
    world = World(
        tmp_path,
        systems={"a": capable(), "b": capable(effect_safety=EffectSafety.NONE)},
        create=["b"],
        spread=["b"],
    )
    ids = world.person("a", "b")
    world.settle()
    world.opened["b"] = Deaf(world["b"])
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world["b"].delete("person", ids["b"])
    lose(world, how)
    world.opened["b"].read_changes = lambda kind, cursor: iter(())  # it does not show the new record yet

    told = world.sync()

    assert (1, 5) == (told.unknown, told.exit_code)
