"""What becomes of the words of a record that was deleted, where something else keeps its client."""

import pytest
from memory_world import PERSON, Killed, World, capable, die

from crm_bridge.connector import EffectSafety


def with_a_lost_create(tmp_path, *, safety):
    """``a`` > ``b`` > ``c`` in trust. The client is in ``a`` and ``c``; its create in ``b`` was lost on its way."""
    systems = {"a": capable(), "b": capable(effect_safety=safety), "c": capable()}
    world = World(tmp_path, systems=systems, create="b", spread="a")
    world.ids = world.person("a", "c", job_title="pupil")
    world["b"].lose_next_answer(arrived=False)
    world.sync()
    return world


@pytest.mark.parametrize("safety", [EffectSafety.QUERYABLE, EffectSafety.KEYED])
def test_an_edit_stands_over_a_create_that_is_sent_again(tmp_path, safety):
    """The create goes out with its old bytes: what it says is as old as the word that it repeats."""
    world = with_a_lost_create(tmp_path, safety=safety)
    world["c"].edit("person", world.ids["c"], {"job_title": "teacher"})
    world["a"].delete("person", world.ids["a"])
    world.sync()
    world.settle()

    assert "teacher" == world["c"].person(world.ids["c"])["job_title"]
    assert ["teacher"] == [each["job_title"] for each in world["b"].records("person")]
    assert "teacher" == world.client()["job_title"]


@pytest.fixture
def world(tmp_path):
    """A deletion in ``a`` spreads; all three take every client."""
    world = World(tmp_path, spread="a", create="abc")
    world.ids = world.person("a", "b", "c", job_title="pupil")
    world.settle()
    return world


def everywhere(world, field):
    return {name: [each.get(field) or None for each in peer.records("person")] for name, peer in world.peers.items()}


def test_an_edit_that_was_deleted_with_its_record_lives_on_with_the_client(world):
    """``c`` was away: its user had seen neither the edit nor the deletion, and keeps the client with another edit."""
    world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
    world.sync("a")
    world["a"].delete("person", world.ids["a"])
    world.sync("a")
    world["c"].edit("person", world.ids["c"], {"job_title": "teacher"})
    world.sync()
    world.settle()

    assert {"a": ["married"], "b": ["married"], "c": ["married"]} == everywhere(world, "marital_status")
    assert {"a": ["teacher"], "b": ["teacher"], "c": ["teacher"]} == everywhere(world, "job_title")


def test_what_only_the_deleted_record_said_comes_back_with_the_client(world):
    """In one run: the edit, the deletion, and the edit elsewhere that keeps the client."""
    world["a"].edit("person", world.ids["a"], {"dish": "borsch"})
    world["a"].delete("person", world.ids["a"])
    world["b"].edit("person", world.ids["b"], {"job_title": "teacher"})
    world.sync()
    world.settle()

    assert {"a": ["teacher"], "b": ["teacher"], "c": ["teacher"]} == everywhere(world, "job_title")


def test_the_created_anew_can_be_emptied(world):
    """The record that was deleted has nothing to say any more once its system has the client again."""
    world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
    world.sync("a")
    world["a"].delete("person", world.ids["a"])
    world["c"].edit("person", world.ids["c"], {"job_title": "teacher"})
    world.sync()
    world.settle()
    [made] = world["a"].records("person")
    world["a"].edit("person", made["id"], {"marital_status": None})
    world.sync()
    world.settle()

    assert {"a": [None], "b": [None], "c": [None]} == everywhere(world, "marital_status")


def test_a_field_that_only_a_system_without_creates_said_can_be_emptied_elsewhere(tmp_path):
    """``a`` is not created anew: its deleted record goes on speaking, and an edit made on top of it wins."""
    world = World(tmp_path, spread="a", create="bc")
    world.ids = world.person("a", "b", "c", job_title="pupil")
    world.settle()
    world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
    world.sync("a")
    world["a"].delete("person", world.ids["a"])
    world["c"].edit("person", world.ids["c"], {"job_title": "teacher"})
    world.sync()
    world.settle()
    world["c"].edit("person", world.ids["c"], {"marital_status": None})
    world.sync()
    world.settle()

    assert {"a": [], "b": [None], "c": [None]} == everywhere(world, "marital_status")


def test_a_kill_while_the_created_anew_is_made_changes_nothing(world):
    world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
    world.sync("a")
    world["a"].delete("person", world.ids["a"])
    world["c"].edit("person", world.ids["c"], {"job_title": "teacher"})
    world["a"].after_write.append(die)
    with pytest.raises(Killed):
        world.sync()
    world.sync()
    world.settle()

    assert {"a": ["married"], "b": ["married"], "c": ["married"]} == everywhere(world, "marital_status")


def without(world, system, row):
    """The systems' mapping of this one does not know the field."""
    text = PERSON.format(system=system, image="full")
    assert row in text
    world.write_mapping(system, text.replace(row, ""))


@pytest.mark.parametrize("sweep", [False, True], ids=["told", "swept"])
@pytest.mark.parametrize("field", ["last_name", "job_title"])
def test_an_edit_of_a_part_of_the_name_stands_over_the_whole_name_of_the_deleted(tmp_path, field, sweep):
    """``b`` holds the family name alone, and ``a``, more trusted, was deleted with the former one in it."""
    world = World(tmp_path, systems={"a": capable(deletes_visible=not sweep), "b": capable()}, spread="a", create="a")
    without(world, "b", "  name.given: {src: first_name}\n")
    ids = world.person("a", "b", job_title="pupil")
    world.person("a", number=9, last_name="Інша", birth_date="1999-09-09")
    world.sync()
    [question] = world.ask("review_list")
    world.ask("review_decide", question["id"], True, by="Olha")
    world.settle()
    world["b"].edit("person", ids["b"], {field: "Нова"})
    world["a"].delete("person", ids["a"])
    world.sync(sweep=sweep)
    world.sync(sweep=sweep)

    assert "Нова" == world["b"].person(ids["b"])[field]
    made = next(each for each in world["a"].records("person") if each["birth_date"] == "1985-03-02")
    assert ("Нова", "Anna") == (made[field], made["first_name"])


class TestOfWhatTheDeletingSystemHasNoFieldFor:
    """Its users cannot see such an edit; they had it in front of them if it was made before the last sync with them."""

    @pytest.fixture(params=[False, True], ids=["told", "swept"])
    def world(self, tmp_path, request):
        world = World(
            tmp_path, systems={"a": capable(), "b": capable(), "c": capable(deletes_visible=not request.param)}
        )
        world.spread, world.create, world.sweep = ("c",), ("a", "b", "c"), request.param
        without(world, "c", "  marital_status: {src: marital_status}\n")
        world.ids = world.person("a", "b", "c")
        world.person("c", number=9, last_name="Інша", birth_date="1999-09-09")
        world.settle()
        return world

    def persons(self, world):
        return [
            len([each for each in world[name].records("person") if each["last_name"] == "Коваль"]) for name in "abc"
        ]

    def test_an_edit_in_the_same_run_keeps_the_client(self, world):
        world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
        world["c"].delete("person", world.ids["c"])
        report = world.sync(sweep=world.sweep)
        world.sync(sweep=world.sweep)

        assert [1, 1, 1] == self.persons(world)
        assert (
            "married" == next(e for e in world["b"].records("person") if e["last_name"] == "Коваль")["marital_status"]
        )
        assert 1 == report.clients["conflicts"]
        assert "update beats delete" in " ".join(report.notes)

    def test_so_does_one_that_was_read_while_the_system_was_away(self, world):
        world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
        world.sync("a", "b")
        world["c"].delete("person", world.ids["c"])
        world.sync(sweep=world.sweep)
        world.sync(sweep=world.sweep)

        assert [1, 1, 1] == self.persons(world)

    def test_one_from_before_the_last_sync_does_not(self, world):
        """Where nobody tells of deletions: from before the last sweep, which saw the record there."""
        world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
        world.settle()
        world.sync(sweep=world.sweep)
        world["c"].delete("person", world.ids["c"])
        world.sync(sweep=world.sweep)
        world.sync(sweep=world.sweep)

        assert [0, 0, 0] == self.persons(world)

    def test_nor_does_an_edit_of_their_own(self, world):
        """They typed it, and then they deleted the record."""
        world["a"].edit("person", world.ids["a"], {"marital_status": "married"})
        world.settle()
        world["c"].edit("person", world.ids["c"], {"job_title": "teacher"})
        world["a"].before_write.append(die)
        with pytest.raises(Killed):
            world.sync()
        world["c"].delete("person", world.ids["c"])
        world.sync(sweep=world.sweep)
        world.sync(sweep=world.sweep)

        assert [0, 0, 0] == self.persons(world)
