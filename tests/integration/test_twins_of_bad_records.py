"""A record that was put aside stands in its system all the same: nobody is created beside it."""

import pytest
from memory_world import World


@pytest.fixture
def world(tmp_path):
    """B holds the person with a gender that nobody knows, and wants every client."""
    made = World(tmp_path, create=["b"])
    made.ids = made.person("a", "b")
    made["b"].edit("person", made.ids["b"], {"gender": "X"})
    return made


def test_its_twin_is_not_created_and_the_plan_says_why(world):
    report = world.sync()
    [letter] = world.ask("dead_letters")
    [blocked] = world.ask("plan").as_dict()["blocked"]

    assert (1, 1) == (len(world["b"].records("person")), report.writes["b"].held)
    assert f"waits for dead letter {letter['id']}" == blocked["why"]


def test_mended_it_is_linked_and_nothing_was_made_twice(world):
    world.sync()

    world["b"].edit("person", world.ids["b"], {"gender": "F"})
    world.sync()

    assert (1, 2) == (len(world["b"].records("person")), len(world.show()["records"]))


def test_discarded_it_holds_nobody_back(world):
    world.sync()
    [letter] = world.ask("dead_letters")

    world.ask("discard", [letter["id"]], by="Olha", reason="a test record")
    world.sync()

    assert 2 == len(world["b"].records("person"))


def test_somebody_else_is_created(world):
    world.person("a", number=2, last_name="Бондар")

    world.sync()

    assert 2 == len(world["b"].records("person"))


@pytest.mark.parametrize(("given", "records"), [("Anna", 1), ("Olena", 2)])
def test_the_same_name_and_birth_date_hold_a_create_back_and_half_of_the_name_does_not(tmp_path, given, records):
    """Both readable, they would be a case for a person; another given name is a twin as a rule."""
    world = World(tmp_path, create=["b"])
    world.person("a")
    world.person("b", first_name=given, mobile_phone="+380505559999", gender="X")

    world.sync()

    assert records == len(world["b"].records("person"))
