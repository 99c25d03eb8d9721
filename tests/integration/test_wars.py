"""A value that something on the other side puts back each time: we stop writing it, and a person decides."""

import pytest
from memory_world import World

from crm_bridge.errors import ExitCode, UserMistake


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def at_war(world, times=9, *, field="job_title", ours="teacher", theirs="TEACHER"):
    """An automation in ``a`` and one in ``b``, each of which puts its own value back as soon as it is overwritten.

    Returns the ids and the run's reports.
    """
    ids = world.person("a", "b", "c", **{field: ours})
    world.settle()
    reports = []
    for _ in range(times):
        for name, mine in (("a", ours), ("b", theirs)):
            if world[name].person(ids[name])[field] != mine:
                world[name].edit("person", ids[name], {field: mine})
                break
        reports.append(world.sync())
    return ids, reports


def writes_of(world, name, field):
    return [write.fields[field] for write in world[name].writes if field in write.fields]


def test_a_war_is_stopped_after_three_turns_told_and_asked_about_once(world):
    """Exit 5, in the run that finds it."""
    _, reports = at_war(world)

    found = [report for report in reports if report.wars]
    assert 1 == len(found)
    assert ExitCode.NEEDS_PERSON == found[0].exit_code
    assert {"path": "job_title", "record": "person:m-1", "system": found[0].wars[0]["system"]} == found[0].wars[0]
    assert ["war"] == [case["kind"] for case in world.ask("review_list")]
    fought = found[0].wars[0]["system"]
    assert 3 == len(writes_of(world, fought, "job_title"))
    assert 0 == reports[-1].written


def test_the_other_fields_of_that_record_go_on(world):
    """Only the path stands still."""
    ids, reports = at_war(world)
    fought = next(report.wars[0]["system"] for report in reports if report.wars)
    world["c"].edit("person", ids["c"], {"dish": "борщ"})

    world.sync()

    assert "борщ" == world[fought].person(ids[fought])["dish"]
    assert 3 == len(writes_of(world, fought, "job_title"))


def test_a_plan_shows_what_is_not_written(world):
    """Among what cannot be made."""
    at_war(world)

    [case] = world.ask("review_list")
    system = case["left"].split("/")[0]
    world[system].edit("person", case["left"].split("/")[2], {"marital_status": "single"})

    assert [("job_title", system)] == [
        (each["path"], each["system"]) for each in world.ask("plan").as_dict()["blocked"]
    ]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_answer_releases_it(world, side):
    """``left``: our value once more; ``right``: theirs, everywhere."""
    ids, _ = at_war(world)
    [case] = world.ask("review_list")
    shown = world.ask("review_case", case["id"])["rows"]
    assert 1 == len(shown)
    world.ask("review_decide", case["id"], True, by="anna", value=side)

    world.sync()
    world.sync()

    assert {shown[0][side]} == {world[name].person(ids[name])["job_title"] for name in "abc"}
    assert [] == world.ask("review_list")


def test_a_war_that_goes_on_after_the_answer_is_asked_about_again(world):
    """The count begins anew with the answer."""
    ids, _ = at_war(world)
    [case] = world.ask("review_list")
    world.ask("review_decide", case["id"], True, by="anna", value="left")
    for _ in range(12):
        for name, mine in (("a", "teacher"), ("b", "TEACHER")):
            if world[name].person(ids[name])["job_title"] != mine:
                world[name].edit("person", ids[name], {"job_title": mine})
                break
        world.sync()

    assert ["open"] == [each["state"] for each in world.ask("review_list")]


def test_a_refusal_leaves_both_sides_as_they_are_for_good(world):
    """And no run reports it again."""
    ids, _ = at_war(world)
    before = {name: world[name].person(ids[name])["job_title"] for name in "ab"}
    [case] = world.ask("review_list")
    world.ask("review_decide", case["id"], False, by="anna")

    reports = [world.sync() for _ in range(3)]

    assert [ExitCode.OK] * 3 == [report.exit_code for report in reports]
    assert before == {name: world[name].person(ids[name])["job_title"] for name in "ab"}


def test_a_side_that_there_is_not_is_a_mistake(world):
    """Nothing is decided by it."""
    at_war(world)
    [case] = world.ask("review_list")

    with pytest.raises(UserMistake):
        world.ask("review_decide", case["id"], True, by="anna", value="c")

    assert 1 == len(world.ask("review_list"))


def test_a_person_who_edits_to_and_fro_starts_no_war(world):
    """Their words are carried each time: the other side put nothing back."""
    ids = world.person("a", "b", job_title="teacher")
    world.settle()
    reports = []
    for turn in range(12):
        world["a"].edit("person", ids["a"], {"job_title": ("doctor", "teacher")[turn % 2]})
        reports.append(world.sync())

    assert 12 == len(writes_of(world, "b", "job_title"))
    assert [] == [war for report in reports for war in report.wars]


def test_what_happened_long_ago_counts_no_more(tmp_path):
    """``war_within``: three times in a year is no war."""
    world = World(tmp_path, more='[outbox]\ntries = 1\nwar_within = "1m"\n')

    _, reports = at_war(world)

    assert [] == [war for report in reports for war in report.wars]
