"""Dead letters: by cause, mended here, replayed singly or by cause, discarded; later changes supersede them."""

from collections import Counter

import pytest
from memory_world import Killed, World, die

from crm_bridge.connector import BrokenRecord, Page
from crm_bridge.errors import RejectRecord, UserMistake
from crm_bridge.store.causes import Cause

BAD_GENDER = Cause(code="unknown_code")


def letters(world, **asked):
    return world.ask("dead_letters", **asked)


def replay(world, *ids, **options):
    answer = world.ask("replay", list(ids), **options)
    return {**answer, "counts": Counter(answer["counts"])}


def mend(world, letter, **fields):
    record = {**world.ask("dead_letter", letter)["raw"], **fields}
    return world.ask("edit_letter", letter, record, by="Olha")


@pytest.fixture
def bad(world):
    """Three records of A whose gender is no code, and one of B whose birth date is no date."""
    world.ids = [world.person("a", number=number, last_name=f"Коваль{number}", gender="X")["a"] for number in (1, 2, 3)]
    world.person("b", number=4, last_name="Інша", birth_date="soon")
    world.sync()
    return world


def mend_mapping(world):
    path = world.folder / "a.yaml"
    world.write_mapping("a", path.read_text(encoding="utf-8").replace("{F: female,", "{X: other, F: female,"))


class TestGroups:
    def test_they_are_counted_by_cause_with_the_oldest_and_what_to_do(self, bad):
        first, second = bad.ask("dead_letter_groups")

        assert ("a", "person", "map", "unknown_code", "gender", 3) == tuple(
            first[name] for name in ("system", "kind", "stage", "code", "path", "letters")
        )
        assert ("b", "birth_date", 1) == tuple(second[name] for name in ("system", "path", "letters"))
        letter = bad.ask("dead_letter", first["example"])
        assert (letter["first_at"], letter["hint"]) == (first["oldest"], first["hint"])

    def test_no_list_shows_personal_data(self, bad):
        """Only ``show`` does."""
        told = repr([*letters(bad), *bad.ask("dead_letter_groups")])

        assert "Коваль" not in told
        assert "Коваль1" == bad.ask("dead_letter", letters(bad)[0]["id"])["raw"]["last_name"]

    def test_a_list_of_one_cause_goes_on_behind_its_last(self, bad):
        one = letters(bad, cause=Cause(system="a"), limit=2)
        rest = letters(bad, cause=Cause(system="a"), limit=2, after=one[-1]["id"])

        assert (2, 1, {"a"}) == (len(one), len(rest), {each["system"] for each in [*one, *rest]})
        assert 3 == bad.ask("dead_letters_total", cause=Cause(system="a"))


class TestReplay:
    def test_by_cause_all_go_through_and_others_stay(self, bad):
        mend_mapping(bad)

        answer = replay(bad, cause=BAD_GENDER)

        assert {"replayed": 3, "put_back": 0, "still": 0, "not_replayable": 0, "already": 0, "unknown": 0} == answer[
            "counts"
        ]
        assert ["b"] == [each["system"] for each in letters(bad)]
        assert 3 == sum(len(bad.ask("lookup", name=f"Коваль{number}")) for number in (1, 2, 3))

    def test_twice_equals_once(self, bad):
        mend_mapping(bad)
        ids = [each["id"] for each in letters(bad, cause=BAD_GENDER)]
        replay(bad, *ids)

        again = replay(bad, *ids)

        assert (0, 3) == (again["counts"]["replayed"], again["counts"]["already"])
        assert 1 == len(bad.ask("lookup", name="Коваль1"))

    def test_what_fails_again_stays_open_once(self, bad):
        answer = replay(bad, cause=BAD_GENDER)

        assert (0, 3) == (answer["counts"]["replayed"], answer["counts"]["still"])
        assert 4 == len(letters(bad))

    @pytest.mark.parametrize(("mended", "outcome"), [(True, "replayed"), (False, "still")])
    def test_a_dry_run_says_what_would_become_of_each_and_writes_nothing(self, bad, mended, outcome):
        if mended:
            mend_mapping(bad)
        before = letters(bad)

        answer = replay(bad, cause=BAD_GENDER, dry_run=True)

        assert (3, True) == (answer["counts"][outcome], answer["dry_run"])
        assert before == letters(bad)
        assert [] == bad.ask("lookup", name="Коваль1")

    def test_of_a_number_that_never_was_it_says_so(self, bad):
        with pytest.raises(UserMistake, match="no dead letter: 99"):
            replay(bad, 99)

    def test_of_several_numbers_those_that_are_letters_are_replayed(self, bad):
        mend_mapping(bad)
        [first, *_] = letters(bad, cause=BAD_GENDER)

        answer = replay(bad, first["id"], 99)

        assert ({"replayed": 1, "unknown": 1}, [99]) == (+answer["counts"], answer["unknown"])

    def test_two_letters_of_one_record_go_through_together(self, world):
        world.person("a", gender="X", birth_date="soon")
        world.sync()
        assert 2 == len(letters(world))
        for letter in letters(world):
            mend(world, letter["id"], gender="F", birth_date="1985-03-08")

        answer = replay(world, *[each["id"] for each in letters(world)])

        assert (2, []) == (answer["counts"]["replayed"], letters(world))


class TestUnreadable:
    """A record of A that nobody can read: its page names its id, or its place alone."""

    @pytest.fixture(params=["id", "place"])
    def torn(self, world, request, monkeypatch):
        world.ids = world.person("a")
        named = world.ids["a"] if request.param == "id" else None
        world.broken = True
        a = world["a"]

        def read_changes(kind, cursor):
            if kind == "person" and cursor is None:
                yield Page([], cursor="behind", broken=[BrokenRecord("page 3", "torn", "{", "malformed", named)])

        def read(kind, ids):
            if world.broken:
                raise RejectRecord("torn", code="malformed")
            return type(a).read(a, kind, ids)

        monkeypatch.setattr(a, "read_changes", read_changes)
        monkeypatch.setattr(a, "read", read)
        world.sync()
        return request.param == "id"

    def test_a_replay_asks_for_it_by_its_id_and_its_letter_closes_once_it_was_read(self, world, torn):
        [letter] = letters(world)
        while_broken = replay(world, letter["id"])["counts"]
        world.broken = False
        foreseen = replay(world, letter["id"], dry_run=True)["counts"]

        mended = replay(world, letter["id"])["counts"]

        went = "replayed" if torn else "not_replayable"
        assert (1, 1, 1) == (while_broken["still" if torn else "not_replayable"], foreseen[went], mended[went])
        assert ([] if torn else [letter["id"]]) == [each["id"] for each in letters(world)]
        assert torn == bool(world.ask("lookup", name="Коваль"))

    def test_a_sweep_that_reads_it_closes_its_letter(self, world, torn):
        world.broken = False

        world.sync(sweep=True)

        assert torn == (letters(world) == [])


class TestNews:
    def test_letters_of_a_run_that_was_killed_are_told_by_the_next_one_and_once(self, world):
        """The killed run's exit code said nothing of them."""
        ids = world.person("a", "b")
        world.settle()
        world.person("a", number=2, gender="X")
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world["b"].before_write.append(die)
        with pytest.raises(Killed):
            world.sync()

        reports = [world.sync(), world.sync()]

        assert [(3, 1, 1), (0, 0, 0)] == [
            (each.exit_code, each.new_dead_letters, each.earlier_dead_letters) for each in reports
        ]


class TestWrites:
    @pytest.fixture
    def refused(self, world):
        ids = world.person("a", "b")
        world.settle()
        world["b"].refuse(ids["b"])
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world.sync()
        return world

    def test_one_that_fails_again_keeps_its_number_and_is_news_again(self, refused):
        """A replay only puts the write back; the next sync tries it."""
        [letter] = letters(refused)
        answer = replay(refused, letter["id"])
        waiting = letters(refused)

        reports = [refused.sync(), refused.sync()]

        [after] = letters(refused)
        assert ({"put_back": 1}, [letter["id"]], []) == (+answer["counts"], answer["put_back"], waiting)
        assert (letter["id"], 2) == (after["id"], after["count"])
        assert [(3, 1), (0, 0)] == [(each.exit_code, each.new_dead_letters) for each in reports]

    def test_one_that_goes_is_closed(self, refused):
        [letter] = letters(refused)
        refused["b"]._refused.clear()
        replay(refused, letter["id"])

        assert (0, []) == (refused.sync().exit_code, letters(refused))
        assert "replayed" == refused.ask("dead_letter", letter["id"])["state"]


class TestEdit:
    def test_the_edited_record_counts_instead_of_what_the_source_said(self, bad):
        [letter, *_] = letters(bad, cause=BAD_GENDER)

        outcome = mend(bad, letter["id"], gender="F")
        answer = replay(bad, letter["id"])

        assert ({"gender": ["X", "F"]}, []) == (outcome["changed"], outcome["still"])
        assert [letter["id"]] == answer["replayed"]
        assert "female" == bad.show(name="Коваль1")["client"]["gender"]
        assert 3 == len(letters(bad))

    def test_it_is_kept_with_who_and_when(self, bad):
        [letter, *_] = letters(bad, cause=BAD_GENDER)
        mend(bad, letter["id"], gender="F")
        replay(bad, letter["id"])

        [made] = bad.ask("dead_letter", letter["id"])["corrections"]

        assert ("Olha", {"gender": "X"}, {"gender": "F"}) == (made["by"], made["said"], made["meant"])
        assert made["at"]

    def test_reading_the_same_again_changes_nothing(self, bad):
        """As a full listing does, or another version of the mapping."""
        [letter, *_] = letters(bad, cause=BAD_GENDER)
        mend(bad, letter["id"], gender="F")
        replay(bad, letter["id"])
        mapping = (bad.folder / "a.yaml").read_text(encoding="utf-8")
        bad.write_mapping("a", mapping.replace("version: 1", "version: 2"))

        bad.sync()

        assert (3, "female") == (len(letters(bad)), bad.show(name="Коваль1")["client"]["gender"])

    def test_so_does_an_edit_of_another_field(self, bad):
        [letter, *_] = letters(bad, cause=BAD_GENDER)
        mend(bad, letter["id"], gender="F")
        replay(bad, letter["id"])

        bad["a"].edit("person", bad.ids[0], {"job_title": "teacher"})
        bad.sync()

        client = bad.show(name="Коваль1")["client"]
        assert (3, "female", "teacher") == (len(letters(bad)), client["gender"], client["job_title"])

    def test_the_next_word_of_the_source_on_it_supersedes(self, bad):
        [letter, *_] = letters(bad, cause=BAD_GENDER)
        mend(bad, letter["id"], gender="F")
        replay(bad, letter["id"])

        bad["a"].edit("person", bad.ids[0], {"gender": "M"})
        bad.sync()
        assert "male" == bad.show(name="Коваль1")["client"]["gender"]
        bad["a"].edit("person", bad.ids[0], {"gender": "X"})
        bad.sync()

        assert 4 == len(letters(bad))  # it holds no more: the old mistake is a new one
        assert bad.ask("dead_letter", letter["id"])["corrections"][0]["superseded_at"]

    def test_the_source_is_not_written_to_by_it(self, bad):
        [letter, *_] = letters(bad, cause=BAD_GENDER)
        told = [mend(bad, letter["id"], gender="F")["in_source"], replay(bad, letter["id"])["in_source"][letter["id"]]]
        bad.sync()

        assert ["a still holds what it said in gender: correct it there too"] * 2 == told
        assert ("X", 0) == (bad["a"].person(bad.ids[0])["gender"], len(bad["a"].writes))

    def test_an_edit_that_would_fail_again_says_so(self, bad):
        [letter, *_] = letters(bad, cause=BAD_GENDER)

        assert mend(bad, letter["id"], gender="Y")["still"]

    def test_a_write_cannot_be_edited(self, world):
        ids = world.person("a", "b")
        world.settle()
        world["b"].refuse(ids["b"])
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world.sync()
        [letter] = letters(world)

        with pytest.raises(UserMistake, match="mend the value where it comes from"):
            mend(world, letter["id"], job_title="baker")


class TestDiscard:
    def test_by_cause_with_the_reason(self, bad):
        ids = [each["id"] for each in letters(bad, cause=BAD_GENDER)]

        done = bad.ask("discard", cause=BAD_GENDER, reason="test rows", by="Olha")

        assert {"discarded": 3, "already": 0, "unknown": []} == done
        assert ("discarded", "Olha", "test rows") == tuple(
            bad.ask("dead_letter", ids[0])[name] for name in ("state", "closed_by", "closed_reason")
        )
        assert ["b"] == [each["system"] for each in letters(bad)]

    def test_of_a_number_that_never_was_it_says_so(self, bad):
        with pytest.raises(UserMistake, match="no dead letter: 99"):
            bad.ask("discard", [99], reason="test rows", by="Olha")

    def test_of_several_numbers_those_that_are_letters_are_discarded_once(self, bad):
        first, second, _ = (each["id"] for each in letters(bad, cause=BAD_GENDER))
        bad.ask("discard", [first], reason="test rows", by="Olha")

        done = bad.ask("discard", [first, second, 99], reason="another reason", by="Anna")

        assert {"discarded": 1, "already": 1, "unknown": [99]} == done
        assert "test rows" == bad.ask("dead_letter", first)["closed_reason"]


class TestLaterChanges:
    """Nothing waits behind a dead letter: what comes later is whole, and takes its place."""

    def test_a_later_version_of_the_record_supersedes_it(self, bad):
        bad["a"].edit("person", bad.ids[0], {"gender": "F", "job_title": "teacher"})
        bad.sync()

        assert 3 == len(letters(bad))
        assert "teacher" == bad.show(name="Коваль1")["client"]["job_title"]

    def refused(self, world):
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        world["b"].refuse(ids["b"])
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        world.sync()
        assert 1 == len(letters(world))
        return ids

    def test_a_later_change_of_the_client_is_written_with_what_was_refused(self, world):
        ids = self.refused(world)
        world["b"]._refused.clear()

        world["a"].edit("person", ids["a"], {"dish": "борщ"})
        world.sync()

        record = world["b"].person(ids["b"])
        assert ("teacher", "борщ", []) == (record["job_title"], record["dish"], letters(world))

    def test_what_was_set_back_at_its_source_needs_no_write_and_no_letter(self, world):
        ids = self.refused(world)

        world["a"].edit("person", ids["a"], {"job_title": "pupil"})
        world.sync()

        assert [] == letters(world)

    def test_a_refused_create_that_goes_later_closes_its_letter(self, tmp_path):
        world = World(tmp_path, create=["b"])
        ids = world.person("a", last_name="Довгепрізвище" * 3)
        world.sync()
        [letter] = letters(world)

        world["a"].edit("person", ids["a"], {"last_name": "Коваль"})
        world.sync()

        assert ([], 1) == (letters(world), len(world["b"].records("person")))
        assert "resolved" == world.ask("dead_letter", letter["id"])["state"]

    def test_a_replayed_write_is_planned_against_what_is_there_by_then(self, world):
        ids = self.refused(world)
        world["b"]._refused.clear()
        [letter] = letters(world)
        foreseen = replay(world, letter["id"], dry_run=True)
        replay(world, letter["id"])
        replay(world, letter["id"])
        world.sync()

        assert {letter["id"]: "writes job_title"} == foreseen["outlook"]
        assert "teacher" == world["b"].person(ids["b"])["job_title"]
        assert 1 == sum(write.fields.get("job_title") == "teacher" for write in world["b"].writes[-1:])
