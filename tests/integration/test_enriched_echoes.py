"""What a plugin adds to a value that we wrote is no edit of the system that it was written to."""

import pytest
from memory_world import World


def stamp(world):
    """Something that no mapping reads changes in ``b``, as a system stamps what was written to it: it is read again."""
    for each in world["b"].records("person"):
        world["b"].edit("person", each["id"], {"stamped_at": str(world.now)})


TRUSTED = '[survivorship.paths]\nname = ["b", "a"]\ncontact_points = ["b", "a"]'


@pytest.fixture
def world(tmp_path):
    """``b`` is trusted more, and ``enrichment.names`` tells the language of names whose letters prove it."""
    world = World(tmp_path, active=["dedup.exact_keys", "enrichment.names", "enrichment.phones"], more=TRUSTED)
    world.ids = world.person("a", "b", last_name="Коваль", mobile_phone="+380505550101")
    world.settle()
    world.sync()
    return world


@pytest.mark.parametrize("names", [("Їжаченко", "Мельничук"), ("Ґудзь", "Бондар"), ("Мельник", "Їжаченко")])
def test_an_edit_of_an_enriched_name_is_not_undone_by_its_own_echo(world, names):
    for name in names:
        stamp(world)
        world["a"].edit("person", world.ids["a"], {"last_name": name})
        report = world.sync()

        assert not report.clients.get("conflicts")
        assert [name] * 2 == [world[each].records("person")[0]["last_name"] for each in "ab"]
    assert 0 == world.sync().written


def test_an_edit_of_a_number_is_not_undone_by_what_is_known_of_the_one_before(world):
    for phone in ("+380675550102", "+380935550103"):
        stamp(world)
        world["a"].edit("person", world.ids["a"], {"mobile_phone": phone})
        report = world.sync()

        assert not report.clients.get("conflicts")
        assert [phone] * 2 == [world[each].records("person")[0]["mobile_phone"] for each in "ab"]


def test_a_lost_create_that_is_enriched_when_it_is_read_was_edited_by_nobody(tmp_path):
    world = World(tmp_path, create=["b"], active=["dedup.exact_keys", "enrichment.names"], more=TRUSTED)
    ids = world.person("a", last_name="Їжаченко")
    world.sync()
    for name in ("Ґудзь", "Бондар"):
        stamp(world)
        world["a"].edit("person", ids["a"], {"last_name": name})
        world.sync()

    assert ["Бондар"] * 2 == [world[each].records("person")[0]["last_name"] for each in "ab"]
