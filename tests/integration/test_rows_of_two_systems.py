"""One nested row that several systems know: its fields are fields like any other, and its name is one of them."""

import pytest
from memory_world import CAPABLE, FAMILY, PERSON, World
from test_same_slot import conflicts

MARKO = {"k": "k-1", "name": "Marko", "born": "2018-01-01"}


@pytest.fixture
def stand(tmp_path):
    """Anna in A and B. How her child got into both: ``typed`` by users of both, the record ``created`` in B by the
    bridge, or the child ``added`` there by it; ``unread``: nor has B been read since."""

    def make(how="typed", *, systems="ab", kid=MARKO):
        world = World(tmp_path, create=("b",), systems=dict.fromkeys(systems, CAPABLE))
        for name in systems:
            world.write_mapping(name, PERSON.format(system=name, image="full") + FAMILY)
            world[name].rows = {"kids": "k"}
        if how == "typed":
            world.ids = world.person(*systems, kids=[kid])
        elif how == "added":
            world.ids = world.person(*systems)
            world.settle()
            world["a"].edit("person", world.ids["a"], {"kids": [kid]})
        else:
            world.ids = world.person("a", kids=[kid])
        world.sync()
        if how != "unread":
            world.settle()
        world.ids = {name: world[name].records("person")[0]["id"] for name in systems}
        assert [1] * len(systems) == [len(kids(world, name)) for name in systems]
        return world

    return make


def kids(world, name):
    return world[name].person(world.ids[name])["kids"]


def edit(world, system, at=0, **fields):
    """A user changes one child there."""
    rows = [{**row, **fields} if number == at else row for number, row in enumerate(kids(world, system))]
    world[system].edit("person", world.ids[system], {"kids": rows})


def held(world):
    """What each system holds, by columns, without the rows' ids."""
    return {
        name: sorted((row["name"], row.get("born"), row.get("since")) for row in kids(world, name))
        for name in world.ids
    }


def everywhere(world, *rows):
    return {name: sorted((*row, None)[:3] for row in rows) for name in world.ids}


HOW = ["typed", "created", "added", "unread"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_child_renamed_in_both_has_one_name(stand, how, order):
    """A is the more trusted; the other name is told."""
    world = stand(how)
    edit(world, "a", name="Mark")
    edit(world, "b", name="Markian")

    reports = [world.sync(system) for system in order]
    reports.append(world.sync())

    assert everywhere(world, ("Mark", "2018-01-01")) == held(world)
    assert 1 == sum(report.clients.get("conflicts", 0) for report in reports)
    [told] = conflicts(world)
    assert ["Markian"] == [each["value"]["to"]["name"] for each in told["lost"]]
    assert 0 == world.sync().written


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("by", ["a", "b"])
def test_a_child_renamed_in_one_is_renamed_in_the_other(stand, how, by):
    """In its row, whose id stays."""
    world = stand(how)
    rows = {name: kids(world, name)[0]["k"] for name in "ab"}
    edit(world, by, name="Markian")

    report = world.sync()

    assert everywhere(world, ("Markian", "2018-01-01")) == held(world)
    assert rows == {name: kids(world, name)[0]["k"] for name in "ab"}
    assert "conflicts" not in report.clients
    assert 0 == world.sync().written
