"""``undo RUN``: what a run wrote goes back in all systems; what people did since stays; the next sync leaves it so."""

import pytest
from memory_world import Killed, World, capable, die

from crm_bridge.errors import UserMistake
from crm_bridge.store import notices


def held(world, ids, field="job_title"):
    return {name: world[name].person(record_id).get(field) for name, record_id in ids.items()}


def undo(world, run, **options):
    return world.ask("undo", run.run_id, by="Olha", **options)


@pytest.fixture
def edited(world):
    """A's user made a teacher of a pupil, and a run carried it to B and C."""
    world.ids = world.person("a", "b", "c", job_title="pupil")
    world.settle()
    world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
    world.run = world.sync()
    assert {"a": "teacher", "b": "teacher", "c": "teacher"} == held(world, world.ids)
    return world


class TestOfAnEdit:
    def test_it_goes_back_everywhere_and_the_next_sync_leaves_it_so(self, edited):
        """The card goes back: else the next sync would carry the teacher again."""
        report = undo(edited, edited.run)

        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(edited, edited.ids)
        assert ("pupil", True, 0) == (edited.client()["job_title"], report.applied, edited.sync().written)

    def test_the_plan_shows_old_and_new_and_writes_nothing(self, edited):
        before = edited.writes()
        plan = edited.ask("plan_undo", edited.run.run_id)

        assert {("a", "teacher", "pupil"), ("b", "teacher", "pupil"), ("c", "teacher", "pupil")} == {
            (write.system, field.old, field.new) for write in plan.writes for field in write.fields
        }
        assert before == edited.writes()
        assert "teacher" == edited.client()["job_title"]

    def test_a_later_edit_of_the_field_stays(self, edited):
        """It was made on top of what we wrote, so it is nobody's to take back."""
        edited["b"].edit("person", edited.ids["b"], {"job_title": "headmaster"})

        report = undo(edited, edited.run)
        edited.sync()

        assert [("b/person/" + edited.ids["b"], "headmaster")] == [
            (each["record"], each["now"]) for each in report.kept if "now" in each
        ]
        assert {"a": "headmaster", "b": "headmaster", "c": "headmaster"} == held(edited, edited.ids)

    def test_a_later_edit_of_another_field_stays_and_this_one_goes_back(self, edited):
        edited["b"].edit("person", edited.ids["b"], {"marital_status": "married"})

        undo(edited, edited.run)
        edited.sync()

        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(edited, edited.ids)
        assert {"a": "married", "b": "married", "c": "married"} == held(edited, edited.ids, "marital_status")

    def test_undone_twice_there_is_nothing_left(self, edited):
        undo(edited, edited.run)
        before = edited.writes()

        again = undo(edited, edited.run)

        assert (True, before) == (again.nothing_left, edited.writes())

    def test_the_undo_can_be_undone(self, edited):
        first = undo(edited, edited.run)

        second = undo(edited, first.report)

        assert {"a": "teacher", "b": "teacher", "c": "teacher"} == held(edited, edited.ids)
        assert 0 == edited.sync().written
        undo(edited, second.report)
        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(edited, edited.ids)

    def test_an_edit_made_on_top_of_it_wins(self, edited):
        undo(edited, edited.run)
        edited["a"].edit("person", edited.ids["a"], {"job_title": "headmaster"})
        edited.sync()

        assert {"a": "headmaster", "b": "headmaster", "c": "headmaster"} == held(edited, edited.ids)

    def test_why_says_who_took_it_back(self, edited):
        undo(edited, edited.run)

        [value] = edited.ask("why", edited.client()["id"], "job_title")["values"]

        assert ("pupil", f"decided by Olha, undoing run {edited.run.run_id}") == (value["value"], value["rule"])

    def test_what_waits_for_others_is_not_sent_along(self, edited):
        other = edited.person("a", "b", number=2, last_name="Інша", job_title="cook")
        edited.settle()
        edited["a"].edit("person", other["a"], {"job_title": "baker"})

        undo(edited, edited.run)

        assert "cook" == edited["b"].person(other["b"])["job_title"]

    def test_every_write_of_it_is_journaled(self, edited):
        report = undo(edited, edited.run)

        rows = edited.ask("why", edited.client()["id"], "job_title", system="b")["carried"]
        assert ("accepted", {"job_title": "pupil"}) == (
            rows[0]["state"],
            {name: rows[0]["fields"][name] for name in ("job_title",)},
        )
        assert "undo" == edited.ask("run", report.report.run_id)["kind"]


@pytest.mark.parametrize(("before", "after"), [(None, "teacher"), ("teacher", None)])
def test_what_was_empty_is_empty_again_and_what_was_cleared_is_there_again(world, before, after):
    ids = world.person("a", "b", **({"job_title": before} if before else {}))
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": after or ""})
    run = world.sync()
    assert (after or "") == (held(world, ids)["b"] or "")

    undo(world, run)

    assert {"a": before or "", "b": before or ""} == {name: one or "" for name, one in held(world, ids).items()}
    assert 0 == world.sync().written


def test_a_phone_goes_back_to_the_one_before(world):
    ids = world.person("a", "b")
    world.settle()
    before = world["b"].person(ids["b"])["mobile_phone"]
    world["a"].edit("person", ids["a"], {"mobile_phone": "+380505550777"})
    run = world.sync()
    assert "+380505550777" == held(world, ids, "mobile_phone")["b"]

    undo(world, run)

    assert {"a": before, "b": before} == held(world, ids, "mobile_phone")
    assert 0 == world.sync().written


class TestOfTheFirstMeeting:
    """The systems contradicted each other, and precedence wrote A's word over the others'."""

    @pytest.fixture
    def met(self, world):
        world.ids = world.person("a", job_title="pupil")
        world.ids |= world.person("b", job_title="cook", dish="борщ") | world.person("c", job_title="baker")
        world.run = world.sync()
        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(world, world.ids)
        return world

    def test_each_record_has_its_own_value_again_and_keeps_it(self, met):
        """Nobody's edit was carried, so nobody's record is turned over by it: A's stays."""
        undo(met, met.run)

        assert {"a": "pupil", "b": "cook", "c": "baker"} == held(met, met.ids)
        assert {"a": None, "b": "борщ", "c": None} == {k: v or None for k, v in held(met, met.ids, "dish").items()}
        assert 0 == met.sync().written
        assert {"a": "pupil", "b": "cook", "c": "baker"} == held(met, met.ids)

    def test_the_next_edit_is_carried_as_ever(self, met):
        undo(met, met.run)
        met["a"].edit("person", met.ids["a"], {"job_title": "teacher"})
        met.sync()

        assert {"a": "teacher", "b": "teacher", "c": "teacher"} == held(met, met.ids)

    def test_undone_twice_there_is_nothing_left(self, met):
        undo(met, met.run)

        assert undo(met, met.run).nothing_left

    def test_the_undo_can_be_undone(self, met):
        first = undo(met, met.run)

        undo(met, first.report)

        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(met, met.ids)
        assert 0 == met.sync().written

    def test_the_links_are_shown_with_the_command_that_takes_them_back(self, met):
        report = met.ask("plan_undo", met.run.run_id)

        assert {f"b/person/{met.ids['b']}", f"c/person/{met.ids['c']}"} == {each["record"] for each in report.links}
        assert all("client unmerge" in each["command"] for each in report.links)


def test_the_side_that_lost_a_conflict_has_its_own_edit_again(world):
    ids = world.person("a", "b", job_title="pupil")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world["b"].edit("person", ids["b"], {"job_title": "headmaster"})
    run = world.sync()
    assert "teacher" == held(world, ids)["b"]

    undo(world, run)

    assert ({"a": "teacher", "b": "headmaster"}, 0) == (held(world, ids), world.sync().written)


class TestOfCreates:
    def made(self, tmp_path, **capabilities):
        world = World(tmp_path, systems={"a": capable(), "b": capable(**capabilities)}, create=["b"])
        world.ids = world.person("a", job_title="pupil")
        world.run = world.sync()
        assert 1 == len(world["b"].records("person"))
        return world

    def test_an_untouched_record_is_deleted_and_not_made_again(self, tmp_path):
        world = self.made(tmp_path, deletes=True)

        undo(world, world.run)
        world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
        world.sync()

        assert [] == world["b"].records("person")
        assert undo(world, world.run).nothing_left

    def test_one_that_somebody_touched_stays(self, tmp_path):
        world = self.made(tmp_path, deletes=True)
        [record] = world["b"].records("person")
        world["b"].edit("person", record["id"], {"dish": "борщ"})

        report = undo(world, world.run)

        assert (1, 1) == (len(world["b"].records("person")), len(report.kept))

    def test_where_nothing_can_be_deleted_it_says_so(self, tmp_path):
        world = self.made(tmp_path, deletes=False)

        report = undo(world, world.run)

        assert ["the run made it, and records of b cannot be deleted"] == [each["why"] for each in report.cannot]
        assert 1 == len(world["b"].records("person"))

    def test_the_undo_can_be_undone(self, tmp_path):
        world = self.made(tmp_path, deletes=True)
        first = undo(world, world.run)

        undo(world, first.report)

        assert ["pupil"] == [each["job_title"] for each in world["b"].records("person")]
        assert 0 == world.sync().written


class TestTrouble:
    @pytest.mark.parametrize("when", ["before_write", "after_write"])
    def test_killed_around_a_write_the_next_run_goes_on(self, edited, when):
        getattr(edited["b"], when).append(die)
        with pytest.raises(Killed):
            undo(edited, edited.run)

        edited.sync()

        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(edited, edited.ids)
        assert 0 == edited.sync().written

    def test_killed_around_a_write_it_can_be_repeated(self, edited):
        edited["b"].before_write.append(die)
        with pytest.raises(Killed):
            undo(edited, edited.run)

        undo(edited, edited.run)

        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(edited, edited.ids)

    def test_a_system_that_is_away_is_undone_later(self, edited):
        edited["b"].fail_next(9)
        report = undo(edited, edited.run)
        assert (69, ["b"]) == (report.report.exit_code, list(report.report.stopped))
        edited["b"]._failures.clear()

        undo(edited, edited.run)

        assert {"a": "pupil", "b": "pupil", "c": "pupil"} == held(edited, edited.ids)

    def test_too_much_is_stopped_by_the_guard(self, tmp_path):
        world = World(tmp_path, more="[guard]\nmin_records = 1\n")
        ids = world.person("a", "b", job_title="pupil")
        world.sync(allow_large_change=True)
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        run = world.sync(allow_large_change=True)

        report = undo(world, run)

        assert (4, False, "teacher") == (report.report.exit_code, report.applied, held(world, ids)["b"])
        undo(world, run, allow_large_change=True)
        assert "pupil" == held(world, ids)["b"]

    def test_a_run_that_is_not_there_is_refused(self, world):
        with pytest.raises(UserMistake, match="runs list"):
            world.ask("undo", "none", by="Olha")


def test_a_message_that_was_sent_is_shown_as_beyond_recall(edited):
    """Nobody unsends it."""
    with edited.bridge() as bridge, bridge._database.transaction() as connection:
        row = {
            "key": "k-1",
            "message_id": "m-1",
            "plugin": "p",
            "client_id": bridge.lookup(name="Коваль")[0]["id"],
            "channel": "sms",
            "purpose": "claims",
            "text": "paid",
            "created_at": edited.run.started_at,
            "updated_at": edited.run.started_at,
        }
        notices.plan(connection, row)
        notices.change(connection, "k-1", at=edited.run.started_at, state="sent")

    report = undo(edited, edited.run)

    assert ["a message by sms was sent"] == [each["why"] for each in report.cannot]


def test_a_consent_is_not_turned_back(world):
    """The client took it back; an undo does not give it again."""
    consent = {"id": "1", "purpose": "claims", "channel": "sms"}
    given = {**consent, "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}
    taken = {**consent, "id": "2", "status": "withdrawn", "captured_at": "2026-10-02T03:04:05Z"}
    ids = world.person("a", "b", consents=[given])
    world.settle()
    world["a"].edit("person", ids["a"], {"consents": [given, taken]})
    run = world.sync()
    held_now = world["b"].person(ids["b"])["consents"]

    report = undo(world, run)

    assert held_now == world["b"].person(ids["b"])["consents"]
    assert ["consents[claims/sms]"] == [each["path"] for each in report.cannot]


def test_of_a_whole_name_only_what_was_written_goes_back(world):
    """A name is one unit: as long as nobody touched it, it goes back as a whole."""
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"last_name": "Нова"})
    run = world.sync()

    undo(world, run)

    assert {"a": "Коваль", "b": "Коваль"} == held(world, ids, "last_name")
    assert 0 == world.sync().written


def test_a_merge_since_then_is_followed(world):
    """The records are another client's by now; they go back all the same."""
    ids = world.person("a", "b", job_title="pupil")
    other = world.person("c", number=9, last_name="Інша", birth_date="1990-01-02")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    run = world.sync()
    survivor = world.ask("show", world.ask("lookup", name="Інша")[0]["id"])["client"]["id"]
    world.ask("merge", survivor, world.client()["id"], by="Olha", reason="a test")

    undo(world, run)

    assert {"a": "pupil", "b": "pupil"} == held(world, ids)
    assert other


class TestOfAnUndo:
    """Taking an undo back does again what it had taken back, and nothing else that its run happened to carry."""

    def test_what_it_took_back_stands_again(self, edited):
        undone = undo(edited, edited.run)
        undo(edited, undone.report)

        assert {"a": "teacher", "b": "teacher", "c": "teacher"} == held(edited, edited.ids)
        assert 0 == edited.sync().written

    def test_an_edit_that_it_kept_and_carried_stays(self, edited):
        edited["c"].edit("person", edited.ids["c"], {"job_title": "headmaster"})
        undone = undo(edited, edited.run)
        edited.settle()
        undo(edited, undone.report)
        edited.settle()

        assert {"a": "headmaster", "b": "headmaster", "c": "headmaster"} == held(edited, edited.ids)

    def test_an_edit_of_another_field_that_it_carried_stays(self, edited):
        edited["b"].edit("person", edited.ids["b"], {"marital_status": "married"})
        undone = undo(edited, edited.run)
        edited.settle()
        undo(edited, undone.report)
        edited.settle()

        assert {"a": "married", "b": "married", "c": "married"} == held(edited, edited.ids, "marital_status")
        assert {"a": "teacher", "b": "teacher", "c": "teacher"} == held(edited, edited.ids)
