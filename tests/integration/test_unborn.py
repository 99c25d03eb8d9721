"""A birth date that is still to come is nobody's: its record waits, until it is mended or the day is there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

SAID = "a birth date that is still to come: correct it in the system that holds it"


@pytest.fixture
def world(world):
    world.map_children("a", "b", rows={})
    return world


def letters(world):
    return [world.ask("dead_letter", each["id"]) for each in world.ask("dead_letters")]


@pytest.mark.parametrize("born", ["2062-03-08", "2026-10-22", "2026-11", "2027"])
def test_the_record_becomes_a_dead_letter(world, born):
    """It names path, field, value and what to do; the other records go on."""
    world.person("a", number=1, birth_date=born)
    world.person("a", number=2, last_name="Мельник")

    report = world.sync()

    [letter] = letters(world)
    assert ("bad_date", "birth_date", born) == (letter["code"], letter["path"], letter["value"])
    assert f"birth_date: {SAID}" == letter["message"]
    assert (3, 1) == (report.exit_code, report.reads["a/person"].new)


@pytest.mark.parametrize("born", ["2026-10-21", "2026-10", "2026", "--12-31", "1985-03-08"])
def test_a_day_of_slack_is_left_for_zones_and_nothing_is_filled_in(world, born):
    world.person("a", birth_date=born)

    assert 0 == world.sync().exit_code
    assert [] == letters(world)


def test_somebody_related_is_looked_at_too(world):
    world.person(
        "a", kids=[{"k": "1", "name": "Ivan", "born": "2018-03-08"}, {"k": "2", "name": "Olha", "born": "2081-01-01"}]
    )

    world.sync()

    [letter] = letters(world)
    assert ("bad_date", "relationships[child].to.birth_date", "2081-01-01") == (
        letter["code"],
        letter["path"],
        letter["value"],
    )
    assert f"kids: {SAID}" == letter["message"]


def test_it_is_taken_in_when_the_day_has_come(world):
    world.person("a", birth_date="2026-10-23")
    world.sync()
    [letter] = letters(world)
    world.now = datetime(2026, 10, 23, tzinfo=UTC)

    answer = world.ask("replay", [letter["id"]])

    assert 1 == answer["counts"]["replayed"]
    assert [] == letters(world)


def test_a_correction_that_is_no_better_says_so(world):
    world.person("a", birth_date="2062-03-08")
    world.sync()
    [letter] = letters(world)

    answer = world.ask("edit_letter", letter["id"], {**letter["raw"], "birth_date": "2063-03-08"}, by="Olha")

    assert [f"birth_date: {SAID}"] == answer["still"]
