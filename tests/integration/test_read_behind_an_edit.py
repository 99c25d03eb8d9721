"""A record that is read for the first time behind another's edit, and still says what that edit replaced."""

import pytest
from memory_world import World


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
@pytest.mark.parametrize("field", ["job_title", "dish"])
def test_an_edit_stands_though_another_system_is_first_read_later(tmp_path, field, order):
    """The first load was broken off before B; meanwhile a user of A typed over what both had said."""
    world = World(tmp_path)
    world.order = [*order, "c"]
    ids = world.person("a", "b", **{field: "before"})
    world.sync("a")
    world["a"].edit("person", ids["a"], {field: "after"})
    world.sync("a")

    world.settle()

    assert ["after", "after"] == [world[name].person(ids[name])[field] for name in "ab"]
