"""A war is about one field of one nested row: rows that are added have nothing that could be put back."""

import pytest
from memory_world import PERSON, World


@pytest.fixture
def world(tmp_path):
    """A and B hold children and consents as nested rows, and B addresses too."""
    world = World(tmp_path)
    world.map_children("a", "b", rows={"kids": "k", "consents": "id"})
    return world


def rows(world, name, ids, field):
    return world[name].person(ids[name]).get(field, [])


def adds(world, system, ids, field, **row):
    """A user adds a row there, and a sync follows."""
    before = rows(world, system, ids, field)
    world[system].edit("person", ids[system], {field: [*before, row]})
    return world.sync()


def test_children_added_one_a_sync_with_one_birth_date_all_arrive(world):
    ids = world.person("a", "b")
    world.settle()

    reports = [adds(world, "b", ids, "kids", name=name, born="2018-01-01") for name in "VWXYZ"]

    assert ["V", "W", "X", "Y", "Z"] == sorted(row["name"] for row in rows(world, "a", ids, "kids"))
    assert [] == [war for report in reports for war in report.wars]


def test_consents_of_one_purpose_given_one_a_sync_all_arrive(world):
    ids = world.person("a", "b")
    world.settle()

    channels = ["sms", "voice", "email", "messenger", "post"]
    reports = [
        adds(world, "b", ids, "consents", purpose="marketing", channel=each, status="granted") for each in channels
    ]

    assert set(channels) == {row["channel"] for row in rows(world, "a", ids, "consents")}
    assert [] == [war for report in reports for war in report.wars]


def test_addresses_in_one_city_added_one_a_sync_all_arrive(world):
    for name in "ab":
        nested = """    - {each: places, key: id, as: address, item: {type: postal, purpose: home},
       parts: {lines.0: street, city: city}}
"""
        text = PERSON.format(system=name, image="full")
        world.write_mapping(name, text.replace("  consents:\n", nested + "  consents:\n"))
        world[name].rows["places"] = "id"
    ids = world.person("a", "b")
    world.settle()

    reports = [adds(world, "b", ids, "places", street=f"Nova {number}", city="Kyiv") for number in range(1, 6)]

    assert [f"Nova {number}" for number in range(1, 6)] == sorted(
        row["street"] for row in rows(world, "a", ids, "places")
    )
    assert [] == [war for report in reports for war in report.wars]


def fight(world, ids, field, values, *, rounds=9):
    """Two automations, each of which puts its own value of one child's field back as soon as it is overwritten."""
    reports = []
    for _ in range(rounds):
        for name, mine in values.items():
            theirs = rows(world, name, ids, "kids")
            if all(row.get(field) != mine for row in theirs):
                row = next(row for row in theirs if row.get(field) in values.values())
                edited = [{**each, field: mine} if each is row else each for each in theirs]
                world[name].edit("person", ids[name], {"kids": edited})
                break
        reports.append(world.sync())
    return reports


@pytest.mark.parametrize(
    ("field", "values"), [("born", {"a": "2018-01-01", "b": "2018-01-02"}), ("name", {"a": "Marko", "b": "MARCO"})]
)
def test_a_war_over_one_field_of_a_row_is_found(world, field, values):
    """The rows stay, and the others' fields go on."""
    kids = [{"k": "k-1", "name": "Ira", "born": "2018-01-01"}, {"k": "k-2", "name": "Marko", "born": "2018-01-01"}]
    if field == "born":
        kids[0]["born"] = "2001-01-01"
    ids = world.person("a", "b", kids=kids)
    world.settle()

    reports = fight(world, ids, field, values)

    assert 1 == len([war for report in reports for war in report.wars])
    assert 0 == reports[-1].written
    assert [2, 2] == [len(rows(world, name, ids, "kids")) for name in "ab"]
    adds(world, "a", ids, "kids", name="Nadia", born=values["a"] if field == "born" else "2020-01-01")
    adds(world, "b", ids, "kids", name="Olha", born=values["b"] if field == "born" else "2020-01-01")
    for name in "ab":
        assert {"Nadia", "Olha"} < {row["name"] for row in rows(world, name, ids, "kids")}
