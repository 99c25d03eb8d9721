"""What a reviewer holds is asked about again by every run, and goes when nobody objects any more."""

from types import SimpleNamespace

import pytest

from crm_bridge.api import Objection, hookimpl
from crm_bridge.store import review


@pytest.fixture
def reviewed(world):
    """A reviewer whose mood a test sets: it objects, fails or agrees; and an edit that is to be carried to B."""
    world.mood = "agrees"

    @hookimpl
    def review_plan(writes):
        if world.mood == "fails":
            raise RuntimeError("a bug")
        objects = world.mood.startswith("objects")
        return [Objection(w.system, w.kind, w.record_id, w.client_id, world.mood) for w in writes if objects]

    world.plugins["reviewer"] = SimpleNamespace(review_plan=review_plan)
    world.active.append("reviewer")
    world.ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
    return world


def carried(world):
    return "teacher" == world["b"].person(world.ids["b"]).get("job_title")


@pytest.mark.parametrize("trouble", ["fails", "objects"])
def test_a_held_write_goes_when_the_reviewer_has_no_objection_any_more(reviewed, trouble):
    """By itself, with its question closed."""
    reviewed.mood = trouble
    first = reviewed.sync()
    held = not carried(reviewed), len(reviewed.ask("review_list"))
    reviewed.mood = "agrees"
    second = reviewed.sync()

    assert ((True, 1), 5) == (held, first.exit_code)
    assert (True, [], 0) == (carried(reviewed), reviewed.ask("review_list"), second.exit_code)
    with reviewed.bridge() as bridge, bridge.reading() as connection:
        assert ["objection"] == [each["kind"] for each in review.listing(connection, state=review.RESOLVED)]


@pytest.mark.parametrize("trouble", ["fails", "objects"])
def test_taking_the_reviewer_out_lets_the_write_go(reviewed, trouble):
    reviewed.mood = trouble
    reviewed.sync()
    reviewed.active.remove("reviewer")
    reviewed.sync()

    assert (True, []) == (carried(reviewed), reviewed.ask("review_list"))


def test_what_stays_held_is_reported_as_a_person_is_needed_once(reviewed):
    """The question stays one, with the reason given last."""
    reviewed.mood = "objects on Sundays"
    codes = [int(reviewed.sync().exit_code)]
    reviewed.mood = "objects on Mondays"
    again = reviewed.sync()
    [question] = reviewed.ask("review_list")

    assert ([5, 0], 1) == ([*codes, int(again.exit_code)], again.writes["b"].held)
    assert (False, "objects on Mondays") == (carried(reviewed), question["rule"])


def test_an_objection_that_comes_back_is_asked_about_again(reviewed):
    reviewed.mood = "objects"
    reviewed.sync()
    reviewed["a"].edit("person", reviewed.ids["a"], {"job_title": ""})
    gone = reviewed.sync(), reviewed.ask("review_list")
    reviewed["a"].edit("person", reviewed.ids["a"], {"job_title": "teacher"})
    report = reviewed.sync()

    assert (0, []) == (gone[0].exit_code, gone[1])
    assert (5, 1) == (report.exit_code, len(reviewed.ask("review_list")))


def test_a_person_who_says_no_is_not_asked_again_and_the_write_stays(reviewed):
    reviewed.mood = "objects"
    reviewed.sync()
    [question] = reviewed.ask("review_list")
    reviewed.ask("review_decide", question["id"], False, by="Olha")
    report = reviewed.sync()

    assert (False, [], 0) == (carried(reviewed), reviewed.ask("review_list"), report.exit_code)


def test_a_plan_shows_what_is_held(reviewed):
    reviewed.mood = "objects"
    reviewed.sync()

    assert ["b"] == [write.system for write in reviewed.ask("plan").writes]
