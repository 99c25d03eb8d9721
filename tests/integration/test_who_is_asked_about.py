"""The review queue from the outside: which clients a person is asked about, once, and why or why not."""

import pytest
from memory_world import CAPABLE, World

from crm_bridge.connector import Postponed
from crm_bridge.errors import UserMistake

PHONE = "+380505550101"
IVAN = {"last_name": "Коваль", "first_name": "Іван", "mobile_phone": PHONE}


def person(given, born=None, **fields):
    return {"last_name": "Коваль", "first_name": given, "mobile_phone": PHONE} | (
        {"birth_date": born, **fields} if born else fields
    )


def test_a_family_on_one_phone_is_counted_and_not_asked_about(world):
    """Four people, no question, and the report says how many pairs were judged to be two."""
    world["a"].load(
        "person", [person("Іван", "1980-01-02"), person("Олена", "1985-03-08"), person("Тарас"), person("Ян")]
    )

    report = world.sync()

    assert ([], 6) == (world.ask("review_list"), report.clients["judged_two"])
    assert 4 == len(world.ask("lookup", name="Коваль"))


def test_a_switchboard_of_two_hundred_asks_nobody(world):
    """Not even about namesakes of two generations."""
    families = ("Коваль", "Шевченко", "Мороз", "Бондар", "Ткачук", "Гнатюк", "Лисенко", "Романюк", "Дубина", "Яценко")
    names = ("Іван", "Олена", "Тарас", "Ольга", "Марія", "Петро", "Юрій", "Ганна", "Федір", "Людмила")
    people = enumerate((family, name) for family in families for name in names)
    staff = [
        {
            "last_name": family,
            "first_name": name,
            "mobile_phone": PHONE,
            "birth_date": f"{year}-{1 + at // 10:02}-0{1 + at % 9}",
        }
        for at, (family, name) in people
        for year in (1960, 1990)
    ]
    world["a"].load("person", staff)

    world.sync()

    assert [] == world.ask("review_list")


def test_two_clients_are_one_question_whoever_asks(world):
    """The second record of a client resembles the other client too: that is asked already."""
    world["a"].load("person", [person("Іван", "1985-03-08")])
    world.sync()
    world["b"].load("person", [person("Іван")])
    world.sync()
    world["c"].load("person", [person("Іван", "1985-03-08")])

    world.sync()

    assert 1 == len(world.ask("review_list"))


def test_a_client_is_compared_whole_before_anybody_is_asked(tmp_path):
    """The call centre, which nobody writes to, knows no birth date of the son. His other record does."""
    world = World(tmp_path, systems=dict.fromkeys("abc", CAPABLE))
    world["b"].write = lambda kind, writes: [Postponed("closed")] * len(writes)
    world["a"].load("person", [person("Іван", "1985-03-08")])
    [son] = world["b"].load("person", [person("Іван")])
    world.sync()
    [question] = world.ask("review_list")
    world.ask("review_decide", question["id"], True, by="Olha")
    world["c"].load("person", [person("Іван", "1955-03-08")])
    world.sync()
    world["b"].edit("person", son, {"job_title": "teacher"})

    world.sync()

    assert [] == world.ask("review_list")


def test_a_question_that_answers_itself_is_withdrawn(world):
    """A birth date comes in later, and it is the son's."""
    world["a"].load("person", [person("Іван", "1955-03-08")])
    [son] = world["b"].load("person", [person("Іван")])
    world.sync()
    asked = len(world.ask("review_list"))
    world["b"].edit("person", son, {"birth_date": "1985-03-08"})

    world.sync()

    assert (1, []) == (asked, world.ask("review_list"))


def test_the_likeliest_question_comes_first(world):
    """Within a grade, by the weight of what agrees."""
    world["a"].load("person", [person("Іван"), person("Олена", email="olena@example.com")])
    world.sync()
    world["b"].load("person", [person("Іван", "1985-03-08"), person("Олена", "1985-03-08", email="olena@example.com")])
    world.sync()

    rows = world.ask("review_list")

    assert [True, False] == ["email" in each["evidence"] for each in rows]
    assert [each["weight"] for each in rows] == sorted((each["weight"] for each in rows), reverse=True)


def test_a_case_says_in_words_why_it_is_asked(world):
    """What agrees and what is in doubt; values stand beside it, not in it."""
    world["a"].load("person", [person("Іван", "1985-03-08")])
    world["b"].load("person", [person("Іван")])
    world.sync()
    [question] = world.ask("review_list")

    why = world.ask("review_case", question["id"])["case"]["why"]

    assert why.startswith("Probably one client: a phone, the family name and the given name agree.")
    assert "Коваль" not in why


def test_why_two_records_are_not_asked_about_can_be_asked(world):
    """Any two records: the verdict as data and in a sentence, and both sides."""
    [one] = world["a"].load("person", [person("Іван", "1980-01-02")])
    [other] = world["b"].load("person", [person("Олена", "1985-03-08")])
    world.sync()

    found = world.ask("compare_records", f"a/person/{one}", f"b/person/{other}")

    assert ("unlikely", "relative") == (found["verdict"]["grade"], found["verdict"]["rule"])
    assert ("phone", "family", "!given", "!birth_date") == found["verdict"]["evidence"]
    assert found["verdict"]["why"] == (
        "Judged two persons: a phone and the family name agree; the given name and the birth date differ. "
        "Relatives and colleagues share phones, addresses and family names."
    )
    assert {"name", "birth_date"} <= {row["path"] for row in found["rows"]}


def test_comparing_what_is_not_there_says_how_to_name_it(world):
    """With the shape of a record's name."""
    with pytest.raises(UserMistake, match="SYSTEM/KIND/ID"):
        world.ask("compare_records", "a/person/none", "b")
