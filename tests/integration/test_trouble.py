"""What goes wrong: each failure costs what it must, is told, and settles."""

import pytest
from memory_world import PERSON, Deaf, Killed, World, capable, die

from crm_bridge.connector import EffectSafety
from crm_bridge.errors import CredentialsRefused, Unreachable


class TestBadRecords:
    def test_one_is_put_aside_and_the_others_go_on(self, world):
        world.person("a", gender="X")
        world.person("a", number=2)

        report = world.sync()
        [letter] = world.ask("dead_letters")

        assert (1, 1, 3) == (report.reads["a/person"].quarantined, report.reads["a/person"].new, report.exit_code)
        assert ("map", "unknown_code", "gender") == (letter["stage"], letter["code"], letter["path"])
        assert "X" == world.ask("dead_letter", letter["id"])["value"]

    def test_a_letter_that_stays_open_fails_only_the_run_that_wrote_it(self, world):
        world.person("a", gender="X")
        world.sync()

        assert 0 == world.sync().exit_code

    def test_a_mended_record_resolves_its_letter(self, world):
        ids = world.person("a", gender="X")
        world.sync()

        world["a"].edit("person", ids["a"], {"gender": "F"})
        world.sync()

        assert [] == world.ask("dead_letters")
        assert "female" == world.client()["gender"]

    def test_a_mended_mapping_and_a_replay_take_it_in(self, world):
        world.person("a", gender="X")
        world.sync()
        [letter] = world.ask("dead_letters")
        world.write_mapping("a", PERSON.format(system="a", image="full").replace("M: male", "M: male, X: unknown"))

        answer = world.ask("replay", [letter["id"]])

        assert [letter["id"]] == answer["replayed"]
        assert ("unknown", []) == (world.client()["gender"], world.ask("dead_letters"))

    def test_a_replay_that_fails_again_says_so(self, world):
        world.person("a", gender="X")
        world.sync()
        [letter] = world.ask("dead_letters")

        assert [letter["id"]] == list(world.ask("replay", [letter["id"]])["still"])
        assert 1 == len(world.ask("dead_letters"))

    def test_a_later_version_with_another_cause_takes_the_place_of_the_earlier_letter(self, world):
        """Replaying the earlier one would bring an old version back, and close the letter of the new one."""
        ids = world.person("a", gender="X")
        world.sync()

        world["a"].edit("person", ids["a"], {"gender": "F", "last_name": ""})
        world.sync()

        assert ["name.family"] == [letter["path"] for letter in world.ask("dead_letters")]


class TestRefusedWrites:
    def test_a_refused_write_is_put_aside_once(self, world):
        ids = world.person("a", "b")
        world.settle()
        world["b"].refuse(ids["b"], code="read_only")
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})

        first, second = world.sync(), world.sync()

        assert (1, 0, 1) == (first.writes["b"].refused, second.written, len(world.ask("dead_letters")))
        assert (3, 0) == (first.exit_code, second.exit_code)
        assert 1 == len(world["b"].writes)

    def test_a_replay_sends_it_again(self, world):
        ids = world.person("a", "b")
        world.settle()
        world["b"].refuse(ids["b"])
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world.sync()
        world["b"]._refused.clear()

        world.ask("replay", [letter["id"] for letter in world.ask("dead_letters")])
        world.sync()

        assert "teacher" == world["b"].person(ids["b"])["job_title"]

    def test_a_value_that_the_target_cannot_hold_is_stopped_and_not_cut(self, world):
        ids = world.person("a", "b")
        world.settle()
        world.write_mapping("a", PERSON.format(system="a", image="full").replace("max: 30", "max: 90"))

        world["a"].edit("person", ids["a"], {"last_name": "К" * 40})
        world.sync()

        assert "Коваль" == world["b"].person(ids["b"])["last_name"]
        assert ["too_long"] == [letter["code"] for letter in world.ask("dead_letters")]

    def test_the_letter_and_the_plan_name_the_fields_that_wait_with_it(self, world):
        """One field that cannot be written holds the whole record back: nobody has to find that out alone."""
        ids = world.person("a", "b")
        world.settle()
        world.write_mapping("a", PERSON.format(system="a", image="full").replace("max: 30", "max: 90"))
        world["a"].edit("person", ids["a"], {"last_name": "К" * 40, "job_title": "teacher", "dish": "борщ"})

        [blocked] = world.ask("plan").as_dict()["blocked"]
        world.sync()
        [letter] = world.ask("dead_letters")

        assert letter["message"].endswith("; with it wait: dish, job_title")
        assert letter["message"] == blocked["why"]


def test_a_record_that_changed_meanwhile_is_read_again_and_merged(world):
    """Somebody saves the record in B between our reading and our writing: both edits stand."""
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world["b"].before_write.append(lambda: world["b"].edit("person", ids["b"], {"email": "anna@example.com"}))

    report = world.sync()
    world.sync()

    assert 1 == report.writes["b"].stale
    for name in "ab":
        record = world[name].person(ids[name])
        assert ("teacher", "anna@example.com") == (record["job_title"], record["email"])


class TestLostAnswers:
    @pytest.mark.parametrize("arrived", [True, False])
    def test_of_an_update_is_settled_by_reading_back(self, world, arrived):
        ids = world.person("a", "b")
        world.settle()
        world["b"].lose_next_answer(arrived=arrived)
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})

        report = world.sync()

        assert "teacher" == world["b"].person(ids["b"])["job_title"]
        assert (0, 0) == (report.unknown, world.sync().written)
        assert (1 if arrived else 2) == len(world["b"].writes)

    @pytest.mark.parametrize("arrived", [True, False])
    def test_of_a_create_is_settled_by_asking_for_its_key(self, tmp_path, arrived):
        world = World(tmp_path, create=["b"])
        world["b"].lose_next_answer(arrived=arrived)
        world.person("a")

        world.sync()
        report = world.sync()

        assert (1, 0) == (len(world["b"].records("person")), report.unknown)
        assert 0 == world.sync().written

    @pytest.mark.parametrize("arrived", [True, False])
    def test_of_a_create_is_settled_by_sending_the_same_key_where_nobody_can_be_asked(self, tmp_path, arrived):
        world = World(tmp_path, create=["b"])
        world.opened["b"] = Deaf(world["b"])
        world["b"].lose_next_answer(arrived=arrived)
        world.person("a")

        world.sync()
        world.sync()

        assert 1 == len(world["b"].records("person"))
        assert 1 == len({write.key for write in world["b"].writes})

    def test_twice_in_a_row_still_makes_one_record(self, tmp_path):
        """The repetition's answer is lost as well: it keeps its key until somebody answers."""
        world = World(tmp_path, create=["b"])
        world.opened["b"] = Deaf(world["b"])
        world["b"].lose_next_answer(3)
        world.person("a")

        for _ in range(4):
            world.sync()

        assert 1 == len(world["b"].records("person"))
        assert 1 == len({write.key for write in world["b"].writes})

    def test_of_what_must_not_be_repeated_stays_unknown_and_asks_for_a_person(self, tmp_path):
        world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=EffectSafety.NONE)}, create=["b"])
        world.opened["b"] = deaf = Deaf(world["b"])
        deaf.read_changes = lambda kind, cursor: iter(())  # and what it holds is not to be seen
        world["b"].lose_next_answer(arrived=False)
        ids = world.person("a")

        first = world.sync()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        second = world.sync()

        assert (5, 5, 1) == (first.exit_code, second.exit_code, second.unknown)
        assert 1 == len(world["b"].writes)

    def test_of_what_cannot_be_asked_for_nobody_is_asked(self, tmp_path):
        """A connector may look up some kinds and not others: what it says of this one counts."""
        world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=EffectSafety.NONE)}, create=["b"])
        world["b"].find_write = lambda kind, write: None  # wrong: nothing tells one record from another there
        world["b"].read_changes = lambda kind, cursor: iter(())
        world["b"].lose_next_answer()
        world.person("a")

        reports = [world.sync() for _ in range(3)]

        assert [1, 1, 1] == [report.unknown for report in reports]
        assert 1 == len(world["b"].writes)

    def test_of_such_a_create_is_settled_when_the_record_is_read(self, tmp_path):
        world = World(tmp_path, systems={"a": capable(), "b": capable(effect_safety=EffectSafety.NONE)}, create=["b"])
        world.opened["b"] = Deaf(world["b"])
        world["b"].lose_next_answer()
        world.person("a")

        world.sync()
        world.sync()
        report = world.sync()

        assert (0, 0, 1) == (report.exit_code, report.unknown, len(world["b"].records("person")))


class TestBrokenOff:
    """The bridge is killed around a write; meanwhile a user edits the very field that was written."""

    def broken_off(self, world, *, arrived):
        ids = world.person("a", "b", job_title="pupil", dish="борщ")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher", "dish": "вареники"})
        (world["b"].after_write if arrived else world["b"].before_write).append(die)
        with pytest.raises(Killed):
            world.sync()
        return ids

    def test_an_edit_of_what_arrived_wins_over_it(self, world):
        """B's user saw our value and changed it: that is no conflict, whoever is trusted more."""
        ids = self.broken_off(world, arrived=True)

        world["b"].edit("person", ids["b"], {"job_title": "headmaster"})
        world.sync()
        world.sync()

        for name in "ab":
            record = world[name].person(ids[name])
            assert ("headmaster", "вареники") == (record["job_title"], record["dish"])

    def test_what_did_not_arrive_is_not_taken_for_undone(self, world):
        ids = self.broken_off(world, arrived=False)

        world["b"].edit("person", ids["b"], {"email": "anna@example.com"})
        world.sync()
        world.sync()

        record = world["b"].person(ids["b"])
        assert ("teacher", "вареники", "anna@example.com") == (record["job_title"], record["dish"], record["email"])


class TestPartnersAway:
    def test_an_unreachable_target_does_not_stop_the_others(self, world):
        ids = world.person("a", "b", "c")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world["b"].fail_next(9)

        report = world.sync()

        assert (69, ["b"]) == (report.exit_code, list(report.stopped))
        assert "teacher" == world["c"].person(ids["c"])["job_title"]
        world["b"]._failures.clear()
        world.sync()
        assert "teacher" == world["b"].person(ids["b"])["job_title"]

    def test_a_target_that_goes_away_between_reading_and_writing_is_tried_again_later(self, world):
        from datetime import timedelta

        ids = world.person("a", "b")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world["b"].before_write.append(lambda: world["b"].fail_next())

        report = world.sync()
        world.now += timedelta(hours=7)
        world.sync()

        assert 69 == report.exit_code
        assert "teacher" == world["b"].person(ids["b"])["job_title"]

    @pytest.mark.parametrize("when", ["reading", "writing"])
    def test_refused_credentials_end_with_77_and_are_tried_once(self, world, when):
        ids = world.person("a", "b", "c")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        error = CredentialsRefused("the account is locked")
        if when == "reading":
            world["b"].fail_next(error=error)
        else:
            world["b"].before_write.append(lambda: world["b"].fail_next(error=error))

        report = world.sync()

        assert 77 == report.exit_code
        assert "teacher" == world["c"].person(ids["c"])["job_title"]

    def test_credentials_refused_while_a_stale_record_is_read_again_do_not_stop_the_others(self, world):
        ids = world.person("a", "b", "c")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world["b"].stale(ids["b"])
        error = CredentialsRefused("the account is locked")
        world["b"].read = lambda kind, record_ids: (_ for _ in ()).throw(error)

        report = world.sync()

        assert 77 == report.exit_code
        assert "teacher" == world["c"].person(ids["c"])["job_title"]

    def test_what_was_given_back_is_not_taken_for_sent(self, tmp_path):
        """Two batches are due; the target goes away at the first: nobody doubts the second."""
        safety = capable(effect_safety=EffectSafety.NONE, batch_size=1)
        world = World(tmp_path, systems={"a": capable(), "b": safety}, create=["b"])
        world.opened["b"] = Deaf(world["b"])
        for number in (1, 2):
            world.person("a", number=number, last_name=f"Коваль{number}")
        world["b"].before_write.append(lambda: world["b"].fail_next(error=Unreachable("not there")))

        report = world.sync()

        assert 0 == report.unknown

    def test_nor_is_what_was_due_to_another_kind_of_record(self, tmp_path):
        safety = capable(effect_safety=EffectSafety.NONE)
        world = World(tmp_path, systems={"a": capable(), "b": safety}, create=["b"])
        world.kinds.append("second")
        world.opened["b"] = Deaf(world["b"])
        world.person("a")
        world["b"].before_write.append(lambda: world["b"].fail_next(error=Unreachable("not there")))
        world.sync()

        assert 0 == world.sync("b").unknown


def test_a_second_process_is_told_that_the_store_is_owned(world):
    from crm_bridge.errors import Locked

    world.person("a")
    with world.bridge() as one, world.bridge() as two, one._database.owned(), pytest.raises(Locked):
        two.sync()
