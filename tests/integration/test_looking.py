"""What people and schedules are told: both sides of a doubt, why a value stands, which system is away."""

from contextlib import closing

import pytest

from crm_bridge.connector import Note
from crm_bridge.errors import ConfigMistake, CredentialsRefused, SafetyStop, Unreachable, UserMistake
from crm_bridge.runner.checkup import exit_code_of
from crm_bridge.store import review
from crm_bridge.store.opening import open_database

ANNA = {"last_name": "Коваль", "first_name": "Anna", "mobile_phone": "+380505550101"}


def test_both_sides_of_a_doubt_are_shown_with_what_they_say(world):
    """Path by path, and whether they agree."""
    world["a"].load("person", [{**ANNA, "birth_date": "1985-03-08"}])
    world["b"].load("person", [{**ANNA, "job_title": "teacher"}])
    world.sync()
    [question] = world.ask("review_list")

    case = world.ask("review_case", question["id"])

    rows = {row["path"]: (row["left"], row["right"], row["same"]) for row in case["rows"]}
    assert [question["left"], question["right"]] == [side["record"] for side in case["sides"]]
    assert ("1985-03-08", None, False) == rows["birth_date"]
    assert rows["name"][2]
    assert case["case"]["evidence"]


def test_a_case_that_is_not_there_is_named(world):
    """With the way to find one."""
    with pytest.raises(UserMistake, match="there is no case 7; see `crm-bridge review list`"):
        world.ask("review_case", 7)


def test_why_takes_an_item_as_a_mapping_names_it(world):
    """By type and purpose, as well as by its value."""
    world["a"].load("person", [ANNA])
    world.sync()
    [found] = world.ask("lookup", name="Коваль")

    [value] = world.ask("why", found["id"], "contact_points[phone/mobile].value")["values"]

    assert "+380505550101" == value["value"]["value"]


def test_a_client_whom_no_system_has_any_more_is_found_as_closed(world):
    """Whoever talks to such a client sees it at once."""
    ids = world.person("a")
    world.sync()
    [standing] = world.ask("lookup", name="Коваль")
    world["a"].delete("person", ids["a"])
    world.sync(sweep=True)

    [closed] = world.ask("lookup", name="Коваль")

    assert "closed_at" not in standing
    assert world.ask("show", closed["id"])["closed_at"] == closed["closed_at"]


def test_a_name_and_a_number_are_looked_for_together(world):
    """However many have the name: a person at a desk narrows by adding what else is known."""
    numbers = [f"+38050555{number:04}" for number in range(60)]
    world["a"].load(
        "person", [{**ANNA, "first_name": f"Anna{n}", "mobile_phone": phone} for n, phone in enumerate(numbers)]
    )
    world.sync()
    last = max(world.ask("lookup", name="Коваль", limit=100), key=lambda found: found["id"])

    found = world.ask("lookup", name="Коваль", phone=last["contact_points"][0])

    assert [last["id"]] == [each["id"] for each in found]
    assert (50, 60) == (len(world.ask("lookup", name="Коваль")), len(world.ask("lookup", name="Коваль", limit=60)))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unreachable("no answer"), ("away", 69)),
        (CredentialsRefused("no such user"), ("credentials", 77)),
        (ConfigMistake("no such table"), ("config", 78)),
        (SafetyStop("too much"), ("stopped", 5)),
        (RuntimeError("Коваль"), ("bug", 1)),
    ],
)
def test_a_check_says_what_kind_of_finding_it_is(world, error, expected):
    """One system that fails hides no other; a crash is told without its text, which may quote a record."""

    def fail():
        raise error

    world["a"].check = fail
    world["b"].check = lambda: ["no webhook secret"]
    first, second = [finding for each in world.ask("check") for finding in each.findings]

    assert expected == (first.code, exit_code_of([first, second]))
    assert ("b", "finding", "no webhook secret") == (second.system, second.code, second.message)
    assert "Коваль" not in first.message


def test_a_note_of_a_connector_asks_nobody_for_anything(world):
    """An optional setting that is left out is shown, and the check-up passes."""
    world["b"].check = lambda: [Note("no webhook secret")]

    found = [finding for each in world.ask("check") for finding in each.findings]

    assert [("b", "note", "no webhook secret")] == [(each.system, each.code, each.message) for each in found]
    assert 0 == exit_code_of(found)


def test_a_check_says_what_was_reached_and_read(world):
    """The first page of each kind, and what the connector declares; a system that is away has neither."""

    def fail():
        raise Unreachable("no answer")

    world.person("a", number=1)
    world.person("a", number=2)
    world["b"].check = fail

    first, second, _ = world.ask("check")

    kinds = {each.kind: each for each in first.kinds}
    assert (True, 2, 0) == (first.reached, kinds["person"].records, kinds["claim"].records)
    assert "updates, stale writes refused" in kinds["person"].capabilities
    assert "not written" in kinds["claim"].capabilities
    assert (False, []) == (second.reached, list(second.kinds))


def test_a_system_whose_records_cannot_be_read_is_found_out(world):
    """It answers to the check, and fails where the work begins."""

    def fail(kind, cursor):
        raise CredentialsRefused("this login may not query")

    world["a"].read_changes = fail

    first, *_ = world.ask("check")

    expected = [("credentials", "person: this login may not query"), ("credentials", "claim: this login may not query")]
    assert expected == [(finding.code, finding.message) for finding in first.findings]


def test_cases_are_paged_in_the_order_in_which_they_are_listed(world):
    """Going on behind one shows each case once, the surer first, though their numbers are not in that order."""
    with (
        closing(open_database(world.store, base_dir=world.folder)) as store,
        store.transaction() as connection,
    ):
        grades = ["possible", "probable", "certain", "possible", "probable"]
        doubts = [review.Doubt("duplicate", f"a/{at}", f"b/{at}", grade, "rule") for at, grade in enumerate(grades)]
        review.put(connection, doubts, at="2026-10-20T10:00:00Z")
    whole = [case["id"] for case in world.ask("review_list")]

    paged, after = [], 0
    while page := world.ask("review_list", limit=2, after=after):
        after = page[-1]["id"]
        paged += [case["id"] for case in page]

    assert whole == paged
    assert 5 == len(paged) == world.ask("review_total")


def test_a_sample_is_raw_records_of_one_kind(world):
    """As many as were asked for; where there are several kinds, one has to be named."""
    world.person("a", number=1)
    world.person("a", number=2)

    assert ["Коваль"] == [each["last_name"] for each in world.ask("sample", "a", kind="person", limit=1)]
    for kind in (None, "pirson"):
        with pytest.raises(UserMistake, match="person, claim"):
            world.ask("sample", "a", kind=kind, limit=1)
