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


def installed(folder, order, **flat):
    """``a`` lists three addresses, ``b`` has one; ``order`` of trust."""
    world = World(folder, systems=dict.fromkeys("ab", CAPABLE))
    for name, row in (("a", LISTED_ROW), ("b", FLAT_ROW)):
        text = PERSON.format(system=name, image="full").replace("  consents:\n", row + "  consents:\n")
        world.write_mapping(name, text)
    world.order = list(order)
    rows = [{"id": f"r{at}", "street": street, "city": "Київ"} for at, street in enumerate(STREETS)]
    world.ids = {**world.person("a", addresses=rows), **world.person("b", **flat)}
    world.sync()
    world.sync()
    return world


@pytest.fixture(params=["ab", "ba"])
def world(request, tmp_path):
    """One more in B; each of them is the more trusted once."""
    return installed(tmp_path, request.param, street="вул. нова", city="Харків")


def number_rows(world):
    """As systems do that keep nested rows: each new one gets an id of its own, which the next reading shows."""
    rows = world["a"].person(world.ids["a"])["addresses"]
    numbered = [{"id": f"n{at}", **row} for at, row in enumerate(rows)]
    if numbered != rows:
        world["a"].edit("person", world.ids["a"], {"addresses": numbered})


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


def test_an_edit_of_the_one_address_takes_the_place_of_what_it_replaced(world):
    """The row that we wrote into the list for the former one is the one that changes; the same a second time."""
    for street in ("вул. найновіша", "вул. остання"):
        number_rows(world)
        world.sync()
        world["b"].edit("person", world.ids["b"], {"street": street})
        world.sync()
        world.sync()

    assert 0 == world.sync().written
    if "вул. остання" in streets(world):  # where B is the more trusted, and its address went there at all
        assert [*STREETS, "вул. остання"] == sorted(streets(world))
    assert not {"вул. нова", "вул. найновіша"} & {*streets(world)}


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("at", [0, 1])
def test_an_edit_of_one_that_the_list_has_takes_its_very_place(tmp_path, order, at):
    """Whichever of the list B had, and whoever is the more trusted: the former text goes, and the others stay."""
    world = installed(tmp_path, order, street=STREETS[at], city="Київ")

    for street in ("вул. найновіша", "вул. остання"):
        world["b"].edit("person", world.ids["b"], {"street": street})
        world.sync()

    assert [street if place != at else "вул. остання" for place, street in enumerate(STREETS)] == streets(world)
    assert "вул. остання" == world["b"].person(world.ids["b"])["street"]
    assert 0 == world.sync().written


def test_a_town_alone_says_nothing_of_the_further_addresses_there(tmp_path):
    """B knew no more than the town of all three: its users complete the first, which is what they see a part of."""
    world = installed(tmp_path, "ba", city="Київ")

    world["b"].edit("person", world.ids["b"], {"street": "вул. найновіша"})
    world.sync()

    assert ["вул. найновіша", *STREETS[1:]] == streets(world)
