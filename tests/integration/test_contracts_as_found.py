"""`plugin check` reads a configured system as its contract says, and leaves it as it is."""

PERSON = {"last_name": "Коваль", "first_name": "Anna", "mobile_phone": "+380505550101"}


def outcomes(world, kind="person"):
    return {
        each["test"]: (each["outcome"], each["why"])
        for each in world.ask("check_contracts", "memory")
        if (each["system"], each["kind"]) == ("a", kind)
    }


def test_a_connector_that_keeps_its_contract_passes(world):
    """What would have to write is told as not tried."""
    world["a"].load("person", [PERSON, PERSON])
    before = world["a"].records("person")

    found = outcomes(world)

    assert {"held", "not tried"} == {outcome for outcome, _ in found.values()}
    assert ("held", "") == found["test_what_is_read_by_id_is_what_was_read_by_change"]
    assert "not tried" == found["test_the_last_cursor_leads_to_what_changed_since"][0]
    assert before == world["a"].records("person")


def test_a_connector_that_reads_two_ways_fails(world):
    """With what is wrong, and no value of a record."""
    world["a"].load("person", [PERSON])
    honest = world["a"].read
    world["a"].read = lambda kind, ids: [{**record, "first_name": "Other"} for record in honest(kind, ids)]

    outcome, why = outcomes(world)["test_what_is_read_by_id_is_what_was_read_by_change"]

    assert ("broken", "read and read_changes bring different contents of one record") == (outcome, why)


def test_an_empty_system_cannot_show_everything(world):
    """Not tried, with the reason, and not held."""
    untried = outcomes(world)["test_missing_ids_are_missing_from_the_answer"]

    assert ("not tried", "the system holds no record of this kind") == untried


def test_a_system_that_is_not_there_says_nothing_about_the_connector(world):
    """Not tried, and not broken."""
    world["a"].load("person", [PERSON])
    world["a"].fail_next(100)

    assert {"held", "not tried"} == {outcome for outcome, _ in outcomes(world).values()}
