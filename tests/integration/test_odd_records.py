"""Records as no system should give them: none is lost, none is merged with another, and none stops the bridge."""

from __future__ import annotations

import math

import pytest

from crm_bridge.connector import Page


def given(world, *pages, system="a"):
    """The system's next reading brings exactly these pages."""
    world[system].read_changes = lambda kind, cursor: iter(pages if kind == "person" else ())


def person(**fields):
    return {"version": "1", "last_name": "Коваль", "first_name": "Anna", **fields}


class TestWithoutAnId:
    def test_each_record_has_a_letter_of_its_own(self, world):
        """Also those that stand in the same row of different pages, and rows that are no objects."""
        given(world, Page([person(first_name="Anna"), ["x"]], "1"), Page([person(first_name="Olha"), "y"], "2"))

        world.sync()

        raws = [world.ask("dead_letter", each["id"])["raw"] for each in world.ask("dead_letters")]
        assert 4 == len(raws)
        assert {"Anna", "Olha"} == {raw["first_name"] for raw in raws if isinstance(raw, dict)}
        assert [["x"], "y"] == [raw for raw in raws if not isinstance(raw, dict)]

    @pytest.mark.parametrize("nothing", [None, [None], [[None, 1]]])
    def test_nothing_in_place_of_a_record_has_a_letter_too(self, world, nothing):
        given(world, Page([nothing, person(id="7")], "1"))

        report = world.sync()

        [letter] = world.ask("dead_letters")
        assert nothing == world.ask("dead_letter", letter["id"])["raw"]
        assert ({}, 1) == (report.stopped, report.reads["a/person"].new)

    @pytest.mark.parametrize("blank", ["", " \t", "\u00a0", "\u200b", " \ufeff ", "\u3164", "\u2800\u00ad", None])
    def test_an_id_that_nobody_can_see_is_none(self, world, blank):
        """It is neither dropped nor a client under an id without a letter."""
        given(world, Page([person(id=blank), person(id="7", last_name="Мельник")], "1"))

        report = world.sync()

        [letter] = world.ask("dead_letters")
        assert ("required", "record.id") == (letter["code"], letter["path"])
        assert "id: the record has no id: correct the system, or `record.id` in the mapping" == letter["message"]
        assert (3, 1) == (report.exit_code, report.reads["a/person"].new)
        assert [] == world.ask("lookup", name="Коваль")

    def test_the_same_record_again_is_the_same_letter(self, world):
        given(world, Page([person(), person(first_name="Olha")], "1"))
        world.sync()
        given(world, Page([person(first_name="Olha")], "2"))

        assert 0 == world.sync().new_dead_letters
        assert 2 == len(world.ask("dead_letters"))

    def test_a_replay_takes_in_what_a_mended_mapping_can_name(self, world):
        given(world, Page([person(number="7")], "1"))
        world.sync()
        [letter] = world.ask("dead_letters")
        path = world.folder / "a.yaml"
        world.write_mapping("a", path.read_text(encoding="utf-8").replace("record: {id: id", "record: {id: number"))

        answer = world.ask("replay", [letter["id"]])

        assert [letter["id"]] == answer["replayed"]
        assert [] == world.ask("dead_letters")


class TestIds:
    def test_two_that_differ_by_blanks_are_two_records_and_two_clients(self, world):
        given(world, Page([person(id=" 7 "), person(id="7", last_name="Мельник")], "1"))

        report = world.sync()

        assert 2 == report.reads["a/person"].new
        assert 2 == report.clients["created"]

    def test_of_two_rows_with_one_id_the_last_counts_and_a_letter_keeps_each_other(self, world):
        rows = [person(id="7", first_name=name) for name in ("Anna", "Olha", "Iryna")]
        given(world, Page(rows, "1"))

        report = world.sync()

        letters = world.ask("dead_letters")
        assert ["duplicate_id"] * 2 == [each["code"] for each in letters]
        raws = [world.ask("dead_letter", each["id"])["raw"] for each in letters]
        assert {"Anna", "Olha"} == {raw["first_name"] for raw in raws}
        assert (1, 3) == (report.reads["a/person"].new, report.exit_code)
        assert "Iryna" == world.client()["name"]["given"]

    @pytest.mark.parametrize("change", [{}, {"version": "2"}])
    def test_a_row_that_only_comes_twice_or_in_a_later_version_is_no_contradiction(self, world, change):
        given(world, Page([person(id="7"), person(id="7", **change)], "1"))

        assert 0 == world.sync().exit_code


class TestWhatJsonCannotCarry:
    @pytest.mark.parametrize(
        "value",
        ["\ud800", b"x", math.nan, math.inf, object(), 2**64, {1: "a"}, [math.nan], {"deep": {"set"}}],
        ids=lambda value: type(value).__name__,
    )
    def test_one_record_is_put_aside_and_the_rest_goes_on(self, world, value):
        given(world, Page([person(id="1", nothing=None, dish=value), person(id="2", nothing=None)], "1"))

        report = world.sync()

        [letter] = world.ask("dead_letters")
        assert ("not_json", "1", 1) == (letter["code"], letter["record_id"], report.reads["a/person"].new)
        assert "last_name" in world.ask("dead_letter", letter["id"])["raw"]

    def test_also_as_an_id(self, world):
        given(world, Page([person(id="\ud800"), person(id="2")], "1"))

        report = world.sync()

        assert ["not_json"] == [each["code"] for each in world.ask("dead_letters")]
        assert 1 == report.reads["a/person"].new


def test_what_a_connector_notes_of_its_reading_stands_in_the_report(world):
    """Such as a file that came twice."""
    given(world, Page([], "1", notes=("new.csv holds the same as old.csv",)))

    assert "a: new.csv holds the same as old.csv" in world.sync().notes
