"""A user edits while nobody knows yet whether our write arrived there: the edit stands above ours, everywhere."""

from contextlib import suppress

import pytest
from memory_world import Killed, World, die

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
