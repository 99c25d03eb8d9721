"""A merge carried an e-mail and a profession into somebody else's record, whose mapping never empties fields."""

import pytest
from memory_world import PERSON


@pytest.fixture
def parted(world):
    """Anna, of A, and Olha, of B, were made one client, and parted again. B keeps what nobody says any more."""
    world.write_mapping("b", PERSON.format(system="b", image="full").replace("unset: blank", "unset: keep"))
    anna = {"last_name": "Коваль", "first_name": "Anna", "mobile_phone": "+380505550101", "email": "anna@example.com"}
    olha = {"last_name": "Бондар", "first_name": "Olha", "mobile_phone": "+380505550102", "dish": "борщ"}
    world.anna = world["a"].load("person", [{**anna, "job_title": "teacher"}])[0]
    world.olha = world["b"].load("person", [olha])[0]
    world.settle()
    [one], [other] = (world.ask("lookup", phone=f"+38050555010{number}") for number in (1, 2))
    world.ask("merge", other["id"], one["id"], by="Ivan", reason="a mistake")
    world.sync()
    held = world["b"].person(world.olha)
    assert ("anna@example.com", "teacher") == (held["email"], held["job_title"])
    world.ask("unmerge", other["id"], f"a/person/{world.anna}", by="Ivan", reason="two people")
    return world


def test_what_we_wrote_there_is_emptied_when_the_merge_is_taken_back(parted):
    """Nobody finds Olha by Anna's e-mail, and what is hers stays."""
    parted.settle()

    held = parted["b"].person(parted.olha)
    assert ("", "", "борщ") == (held.get("email") or "", held.get("job_title") or "", held["dish"])
    assert "anna@example.com" == parted["a"].person(parted.anna)["email"]
    assert 1 == len(parted.ask("lookup", email="anna@example.com"))


def test_what_she_made_her_own_meanwhile_stays(parted):
    """A user typed over it in her record: that is her word."""
    parted["b"].edit("person", parted.olha, {"email": "olha@example.com"})

    parted.settle()

    assert "olha@example.com" == parted["b"].person(parted.olha)["email"]


def test_without_a_merge_the_mapping_s_word_holds(world):
    """Emptied in A, kept in B."""
    world.write_mapping("b", PERSON.format(system="b", image="full").replace("unset: blank", "unset: keep"))
    ids = world.person("a", "b", job_title="teacher")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": ""})
    world.settle()

    assert "teacher" == world["b"].person(ids["b"])["job_title"]
