"""A client about whom a question is open is created nowhere before it is answered."""

import pytest
from memory_world import World

PERSON = {"last_name": "Коваль", "first_name": "Anna", "mobile_phone": "+380505550101"}


@pytest.fixture
def doubtful(tmp_path):
    """The same name and phone, and no birth date in B: nobody can be sure; C wants every client."""
    world = World(tmp_path, create=["c"])
    world["a"].load("person", [{**PERSON, "birth_date": "1985-03-08"}])
    world["b"].load("person", [PERSON])
    return world


def test_both_sides_wait_are_counted_as_held_and_told(doubtful):
    report = doubtful.sync()
    [question] = doubtful.ask("review_list")
    blocked = doubtful.ask("plan").as_dict()["blocked"]

    assert ([], 2) == (doubtful["c"].records("person"), report.writes["c"].held)
    assert [("c", "held", 2)] == [(each["system"], each["state"], each["writes"]) for each in report.waiting]
    assert [f"waits for review case {question['id']}"] * 2 == [each["why"] for each in blocked]


@pytest.mark.parametrize(("accept", "made"), [(True, 1), (False, 2)])
def test_the_answer_lets_it_go_on(doubtful, accept, made):
    doubtful.sync()
    [question] = doubtful.ask("review_list")

    doubtful.ask("review_decide", question["id"], accept, by="Olha")
    report = doubtful.sync()

    assert (made, []) == (len(doubtful["c"].records("person")), report.waiting)


def test_so_does_a_merge_of_the_two(doubtful):
    doubtful.sync()
    doubtful.ask(
        "merge", *sorted(each["id"] for each in doubtful.ask("lookup", name="Коваль")), by="Olha", reason="one"
    )

    doubtful.sync()

    assert 1 == len(doubtful["c"].records("person"))
