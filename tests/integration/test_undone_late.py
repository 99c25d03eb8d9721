"""Undo of a run that carried an edit to a system which had been away when another run carried it to the others."""

from memory_world import World
from test_undo import held, undo


def test_a_run_that_carried_an_edit_late_gives_back_what_it_wrote_alone(tmp_path):
    """Two edits at once, and that of B counts. A was away when C got it: the late run wrote A alone."""
    world = World(tmp_path)
    world.order = ["b", "a", "c"]
    ids = world.person("a", "b", "c", job_title="pupil")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "cook"})
    world["b"].edit("person", ids["b"], {"job_title": "teacher"})
    world["a"].before_write.append(world["a"].fail_next)
    world.sync()
    assert {"a": "cook", "b": "teacher", "c": "teacher"} == held(world, ids)
    late = world.sync()
    assert {"a": "teacher", "b": "teacher", "c": "teacher"} == held(world, ids)

    undo(world, late)

    assert {"a": "cook", "b": "teacher", "c": "teacher"} == held(world, ids)
    assert 0 == world.sync().written
