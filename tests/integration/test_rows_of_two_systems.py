"""One nested row that several systems know: its fields are fields like any other, and its name is one of them."""

import pytest
from memory_world import CAPABLE, FAMILY, World
from test_same_slot import conflicts

MARKO = {"k": "k-1", "name": "Marko", "born": "2018-01-01"}


@pytest.fixture
def stand(tmp_path):
    """Anna in A and B. How her child got into both: ``typed`` by users of both, the record ``created`` in B by the
    bridge, or the child ``added`` there by it; ``unread``: nor has B been read since."""

    def make(how="typed", *, systems="ab", kid=MARKO, family=FAMILY):
        world = World(tmp_path, create=("b",), systems=dict.fromkeys(systems, CAPABLE))
        world.map_children(*systems, rows={"kids": "k"})
        world.map_children("b", rows={"kids": "k"}, family=family)
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


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("renames", ["a", "b"])
def test_a_new_name_here_and_a_new_birth_date_there_both_stand(stand, how, order, renames):
    """They are two fields of one child."""
    world = stand(how)
    edit(world, renames, name="Markian")
    edit(world, "b" if renames == "a" else "a", born="2018-02-02")

    reports = [world.sync(system) for system in order]
    reports.append(world.sync())

    assert everywhere(world, ("Markian", "2018-02-02")) == held(world)
    assert 0 == sum(report.clients.get("conflicts", 0) for report in reports)
    assert 0 == world.sync().written


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_two_fields_beside_the_name_both_stand(stand, order):
    """In whichever system each was edited."""
    world = stand(kid={**MARKO, "since": "2018-01-01"})
    edit(world, "a", born="2018-02-02")
    edit(world, "b", since="2018-03-03")

    reports = [world.sync(system) for system in order]
    reports.append(world.sync())

    assert everywhere(world, ("Marko", "2018-02-02", "2018-03-03")) == held(world)
    assert 0 == sum(report.clients.get("conflicts", 0) for report in reports)
    assert 0 == world.sync().written


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_two_birth_dates_are_a_conflict(stand, how, order):
    """A is the more trusted; the other is told in the report, the history and by `client why`."""
    world = stand(how)
    edit(world, "a", born="2018-02-02")
    edit(world, "b", born="2018-03-03")

    reports = [world.sync(system) for system in order]
    reports.append(world.sync())

    assert everywhere(world, ("Marko", "2018-02-02")) == held(world)
    assert 1 == sum(report.clients.get("conflicts", 0) for report in reports)
    [told] = conflicts(world)
    assert ["2018-03-03"] == [each["value"]["to"]["birth_date"] for each in told["lost"]]
    why = world.ask("why", world.client()["id"], "relationships[child/Marko]")
    assert ["2018-03-03"] == [each["value"]["to"]["birth_date"] for each in why["values"][0]["lost"]]
    assert 0 == world.sync().written


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_two_birth_dates_are_a_conflict_also_where_one_side_renamed_the_child(stand, order):
    world = stand()
    edit(world, "a", born="2018-02-02")
    edit(world, "b", name="Markian", born="2018-03-03")

    reports = [world.sync(system) for system in order]
    reports.append(world.sync())

    assert everywhere(world, ("Markian", "2018-02-02")) == held(world)
    assert 1 == sum(report.clients.get("conflicts", 0) for report in reports)
    [told] = conflicts(world)
    assert [("b", "2018-03-03")] == [
        (each["source"].split("/")[0], each["value"]["to"]["birth_date"]) for each in told["lost"]
    ]
    assert 0 == world.sync().written


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_birth_date_of_the_name_that_lost_stands(stand, order):
    """B's user typed another name and another birth date; only the name was A's as well."""
    world = stand()
    edit(world, "a", name="Mark")
    edit(world, "b", name="Markian", born="2018-03-03")

    reports = [world.sync(system) for system in order]
    reports.append(world.sync())

    assert everywhere(world, ("Mark", "2018-03-03")) == held(world)
    assert 1 == sum(report.clients.get("conflicts", 0) for report in reports)
    assert 0 == world.sync().written


def test_an_edit_that_had_been_seen_is_replaced(stand):
    """B's user sees A's new birth date, and types another name and birth date."""
    world = stand()
    edit(world, "a", born="2018-02-02")
    world.sync()
    edit(world, "b", name="Markian", born="2018-03-03")

    reports = [world.sync(), world.sync()]

    assert everywhere(world, ("Markian", "2018-03-03")) == held(world)
    assert 0 == sum(report.clients.get("conflicts", 0) for report in reports)


def test_a_child_that_was_renamed_back_is_nothing_special(stand):
    world = stand()
    for name, system in (("Mark", "a"), ("Marko", "b"), ("Mark", "b")):
        edit(world, system, name=name)
        world.sync()
    edit(world, "a", born="2018-02-02")
    world.sync()

    assert everywhere(world, ("Mark", "2018-02-02")) == held(world)
    assert 0 == world.sync().written


def test_a_third_system_that_was_away_has_its_say(stand):
    """C's user edits what A renamed and B edited long ago."""
    world = stand(systems="abc", kid={**MARKO, "since": "2018-01-01"})
    edit(world, "a", name="Mark")
    edit(world, "b", born="2018-02-02")
    world.sync("a", "b")
    edit(world, "c", since="2018-03-03")

    reports = [world.sync(), world.sync()]

    assert everywhere(world, ("Mark", "2018-02-02", "2018-03-03")) == held(world)
    assert 0 == sum(report.clients.get("conflicts", 0) for report in reports)
    assert 0 == world.sync().written


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_system_with_fewer_columns_renames_and_empties_nothing(stand, order):
    """B knows nothing of `since`."""
    bare = FAMILY.replace(", valid.start: {src: since, as: date}", "")
    world = stand(kid={**MARKO, "since": "2018-01-01"}, family=bare)
    edit(world, "b", name="Markian")
    edit(world, "a", born="2018-02-02")

    for system in order:
        world.sync(system)
    world.sync()

    assert [("Markian", "2018-02-02", "2018-01-01")] == held(world)["a"]
    assert 0 == world.sync().written


def test_taken_apart_each_has_its_own_child_again(stand):
    world = stand()
    edit(world, "a", born="2018-02-02")
    edit(world, "b", name="Markian")
    world.sync()
    client = world.client()["id"]

    world.ask("unmerge", client, f"a/person/{world.ids['a']}", by="Olha", reason="her sister")
    world.sync()
    world.sync()

    assert [("Marko", "2018-02-02")] == [each[:2] for each in held(world)["a"]]
    assert "Markian" == held(world)["b"][0][0]


def test_a_person_decides_between_two_birth_dates(stand):
    """Where the rule is `manual`: until then each keeps its own."""
    world = stand()
    world.more = '[survivorship.paths]\nrelationships = {rule = "manual"}\n'
    edit(world, "a", born="2018-02-02")
    edit(world, "b", born="2018-03-03")
    world.sync()
    assert ["2018-02-02", "2018-03-03"] == [held(world)[name][0][1] for name in "ab"]
    [question] = world.ask("review_list")

    world.ask("review_decide", question["id"], True, by="Olha", value="b")
    world.sync()

    assert everywhere(world, ("Marko", "2018-03-03")) == held(world)
    assert 0 == world.sync().written


@pytest.mark.parametrize("how", ["typed", "added"])
@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize(("remover", "editor"), ["ab", "ba"])
def test_an_edit_beats_a_removal_that_had_not_seen_it(stand, how, order, remover, editor):
    """Whichever is read first, and whoever is trusted more: as an edit of a record beats its deletion."""
    world = stand(how)
    world[remover].edit("person", world.ids[remover], {"kids": []})
    edit(world, editor, born="2018-02-02")

    for system in order:
        world.sync(system)
    world.settle()

    assert everywhere(world, ("Marko", "2018-02-02")) == held(world)


@pytest.mark.parametrize(("remover", "editor"), ["ab", "ba"])
def test_a_removal_that_had_seen_the_edit_stands(stand, remover, editor):
    """Also where the editor's system has no field for what the other one adds to the child."""
    world = stand(family=FAMILY.replace("valid.start: {src: since, as: date}", "valid.end: {src: until, as: date}"))
    edit(world, "a", since="2020-01-01")
    world.settle()
    edit(world, editor, born="2018-02-02")
    world.settle()

    world[remover].edit("person", world.ids[remover], {"kids": []})
    world.settle()

    assert everywhere(world) == held(world)
