"""One system lists several home addresses, another holds one: none of them is written over because it ranks behind."""

import pytest
from memory_world import CAPABLE, PERSON, World

FLAT_ROW = """    - as: address
      item: {type: postal, purpose: home}
      parts: {lines.0: street, city: city}
"""
LISTED_ROW = """    - each: addresses
      key: id
      as: address
      item: {type: postal, purpose: home}
      parts: {lines.0: street, city: city}
"""
STREETS = ("вул. 0", "вул. 1", "вул. 2")


@pytest.fixture(params=["ab", "ba"])
def world(request, tmp_path):
    """``a`` lists three addresses, ``b`` has one more; each of them is the more trusted once."""
    world = World(tmp_path, systems=dict.fromkeys("ab", CAPABLE))
    for name, row in (("a", LISTED_ROW), ("b", FLAT_ROW)):
        text = PERSON.format(system=name, image="full").replace("  consents:\n", row + "  consents:\n")
        world.write_mapping(name, text)
    world.order = list(request.param)
    rows = [{"id": f"r{at}", "street": street, "city": "Київ"} for at, street in enumerate(STREETS)]
    world.ids = {**world.person("a", addresses=rows), **world.person("b", street="вул. нова", city="Харків")}
    world.sync()
    world.sync()
    return world


def streets(world):
    return [row["street"] for row in world["a"].person(world.ids["a"])["addresses"]]


def test_none_is_written_over_and_the_other_one_stays(world):
    assert {*STREETS} <= {*streets(world)}
    assert "вул. нова" == world["b"].person(world.ids["b"])["street"]


def test_a_further_sync_writes_nothing(world):
    before = world.writes()

    world.sync()

    assert before == world.writes()


def test_an_address_that_is_edited_is_carried_in_its_place(world):
    """An edit is no rank: what it replaced goes."""
    rows = world["a"].person(world.ids["a"])["addresses"]
    world["a"].edit("person", world.ids["a"], {"addresses": [{**rows[0], "street": "вул. 9"}, *rows[1:]]})

    world.sync()
    world.sync()

    assert "вул. 9" in streets(world)
    assert "вул. 0" not in streets(world)


def test_an_edit_of_the_one_address_loses_none_of_the_others(world):
    world["b"].edit("person", world.ids["b"], {"street": "вул. найновіша"})

    world.sync()
    world.sync()
    before = world.writes()
    world.sync()

    assert {*STREETS} <= {*streets(world)}
    assert "вул. найновіша" == world["b"].person(world.ids["b"])["street"]
    assert before == world.writes()
