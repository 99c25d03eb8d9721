"""Edits travel: to every system that holds the client, once, and none is lost."""

import json

import pytest
from memory_world import World, capable

from crm_bridge.connector import InboundRequest

ANNA = {"last_name": "Коваль", "first_name": "Anna"}


def test_one_person_in_three_systems_is_one_client(world):
    world.person("a", "b", "c")

    world.sync()

    assert 3 == len(world.show()["records"])


def test_a_new_phone_in_one_system_reaches_the_others(world):
    ids = world.person("a", "b", "c")
    world.settle()

    world["c"].edit("person", ids["c"], {"mobile_phone": "+380505550199"})
    world.sync()

    assert {"+380505550199"} == {world[name].person(ids[name])["mobile_phone"] for name in "abc"}


def test_disjoint_edits_of_one_client_on_both_sides_survive(world):
    ids = world.person("a", "b", job_title="teacher")
    world.settle()

    world["a"].edit("person", ids["a"], {"email": "anna@example.com"})
    world["b"].edit("person", ids["b"], {"job_title": "headmaster"})
    world.sync()
    world.sync()

    for name in "ab":
        record = world[name].person(ids[name])
        assert ("anna@example.com", "headmaster") == (record["email"], record["job_title"])


def test_an_emptied_field_is_emptied_elsewhere(world):
    ids = world.person("a", "b", job_title="teacher")
    world.settle()

    world["b"].edit("person", ids["b"], {"job_title": ""})
    world.sync()

    assert not world["a"].person(ids["a"])["job_title"]


@pytest.mark.parametrize("first", ["a", "b"])
def test_edits_of_one_field_on_both_sides_go_by_trust_and_the_loser_stays_in_the_history(world, first):
    """Whichever of the two is read first."""
    ids = world.person("a", "b", job_title="teacher")
    world.settle()

    world["a"].edit("person", ids["a"], {"job_title": "headmaster"})
    world["b"].edit("person", ids["b"], {"job_title": "baker"})
    report = world.sync(first, "b" if first == "a" else "a")
    world.sync()
    told = world.ask("history", world.client()["id"])

    assert {"headmaster"} == {world[name].person(ids[name])["job_title"] for name in "ab"}
    assert 1 == report.clients["conflicts"]
    assert [["baker"]] == [[lost["value"] for lost in line["lost"]] for line in told if line["what"] == "conflict"]


def test_a_field_that_was_empty_and_is_filled_in_on_both_sides_is_a_conflict_too(tmp_path):
    """Nobody had seen the other's word: one of them loses, and that is told."""
    world = World(tmp_path)
    ids = world.person("a", "b", "c")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world["b"].edit("person", ids["b"], {"job_title": "driver"})

    report = world.sync()

    [told] = [line for line in world.ask("history", world.client()["id"]) if line["what"] == "conflict"]
    assert 1 == report.clients["conflicts"]
    assert ("teacher", "driver") == (told["new"], told["lost"][0]["value"])


def test_what_a_system_always_held_is_no_edit_that_lost(tmp_path):
    """C's first word is beaten by an edit of A; nobody of C had edited anything."""
    world = World(tmp_path)
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.person("c", job_title="driver")

    report = world.sync()

    assert "conflicts" not in report.clients
    assert "teacher" == world["b"].person(ids["b"])["job_title"]


def test_an_edit_of_a_carried_value_wins_over_where_it_came_from(world):
    ids = world.person("a", "b")
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.settle()

    world["b"].edit("person", ids["b"], {"job_title": "baker"})
    world.sync()

    assert "baker" == world["a"].person(ids["a"])["job_title"]


def test_edits_made_while_the_most_trusted_system_is_away_outlive_its_old_value(world):
    ids = world.person("a", "b", "c", job_title="1")
    world.settle()
    world["b"].edit("person", ids["b"], {"job_title": "2"})
    world.sync("b", "c")
    world["c"].edit("person", ids["c"], {"job_title": "3"})
    world.sync("b", "c")

    world.sync()
    world.sync()

    assert {"3"} == {world[name].person(ids[name])["job_title"] for name in "abc"}


def test_a_second_sync_writes_and_fetches_nothing(world):
    for number in range(1, 6):
        world.person("a", "b", "c", number=number, job_title=f"job {number}")
    world.settle()
    writes, fetched = world.writes(), [peer.fetched for peer in world.peers.values()]

    report = world.sync()

    assert (writes, 0) == (world.writes(), report.written)
    assert fetched == [peer.fetched for peer in world.peers.values()]


def test_what_we_wrote_is_read_back_as_unchanged(world):
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.sync()

    report = world.sync()

    assert (1, 1, 0) == (
        report.reads["b/person"].read,
        report.reads["b/person"].unchanged,
        report.reads["b/person"].changed,
    )


def test_systems_that_cannot_tell_changes_are_settled_too(tmp_path):
    """Full reads every time: everything is fetched, nothing is mapped or written."""
    world = World(tmp_path, systems=dict.fromkeys("ab", capable(incremental=False, conditional_writes=False)))
    world.person("a", "b", job_title="teacher")
    world.settle()

    report = world.sync()

    assert (1, 0) == (report.reads["a/person"].unchanged, report.written)


def test_a_client_is_created_where_the_system_wants_every_client(tmp_path):
    world = World(tmp_path, create=["b"])
    world.person("a")

    world.settle()

    assert ["Коваль"] == [record["last_name"] for record in world["b"].records("person")]


def test_a_record_that_its_system_deleted_is_not_created_again(tmp_path):
    world = World(tmp_path, create=["b"])
    world.person("a")
    world.settle()
    [record] = world["b"].records("person")

    world["b"].delete("person", record["id"])
    world.settle()

    assert [] == world["b"].records("person")


def test_one_number_in_two_slots_is_no_reason_to_write(world):
    world.person("a", "b", home_phone="+380505550001")

    world.sync()
    world.sync()

    assert 0 == world.sync().written


def test_a_partial_image_says_nothing_about_what_it_lacks(tmp_path):
    """The agency's file has no job title: the other system's stays."""
    world = World(tmp_path, images={"b": "partial"})
    ids = world.person("a", "b", job_title="teacher")
    world.settle()

    held = dict(world["b"].person(ids["b"]))
    held.pop("job_title")
    world["b"].load("person", [{**held, "email": "anna@example.com"}])
    world.sync()

    record = world["a"].person(ids["a"])
    assert ("teacher", "anna@example.com") == (record["job_title"], record["email"])


class TestPlan:
    def test_it_is_what_the_sync_then_writes(self, world):
        ids = world.person("a", "b", "c", job_title="teacher")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "headmaster"})
        written = world.writes()

        plan = world.ask("plan")

        assert written == world.writes()
        assert [("b", ids["b"], "teacher", "headmaster"), ("c", ids["c"], "teacher", "headmaster")] == [
            (write.system, write.record_id, write.fields[0].old, write.fields[0].new) for write in plan.writes
        ]
        world.sync()
        assert [{"job_title": "headmaster"}, {"job_title": "headmaster"}] == [
            {name: value for name, value in world[name_].writes[-1].fields.items() if name not in ("id", "version")}
            for name_ in "bc"
        ]

    def test_twice_it_is_the_same_to_the_byte_also_before_anything_was_read(self, tmp_path):
        world = World(tmp_path, create=["b", "c"])
        for number in range(1, 5):
            world.person("a", number=number)

        plans = [json.dumps(world.ask("plan").as_dict(), ensure_ascii=False) for _ in range(2)]

        assert plans[0] == plans[1]
        assert 8 == len(json.loads(plans[0])["writes"])

    def test_systems_are_heard_and_inboxes_worked_off_while_it_reads(self, world):
        """Webhooks and the daemon do not wait for a slow system that a plan is reading."""
        ids = world.person("a", "b", job_title="teacher")
        world.settle()
        world["b"].edit("person", ids["b"], {"job_title": "headmaster"})
        body = json.dumps([{"id": "e-1", "kind": "person", "record_id": ids["b"]}]).encode()
        call = InboundRequest("POST", "/", {}, {"x-signature": world["b"].receiver.sign(body)}, body, world.now)
        told = []

        def while_reading(kind, cursor):
            if not told:
                told.append(world.ask("receive", "b", call).status_code)
                told.append(world.ask("process_inbox"))
            return type(world["a"]).read_changes(world["a"], kind, cursor)

        world["a"].read_changes = while_reading
        plan = world.ask("plan")
        del world["a"].read_changes

        assert [202, 1] == told
        assert ["a"] == [write.system for write in plan.writes]
        assert "headmaster" == world.client()["job_title"]

    def test_it_says_who_is_the_reason(self, world):
        ids = world.person("a", "b", job_title="teacher")
        world.settle()
        world["b"].edit("person", ids["b"], {"job_title": "headmaster"})

        [write] = world.ask("plan").writes

        assert [f"b/person/{ids['b']} (edit)"] == [field.why for field in write.fields]

    def test_it_shows_what_cannot_be_written_and_why(self, world):
        """The name is too long for the system that has to take it."""
        ids = world.person("a", "b")
        world.settle()
        world.write_mapping("a", (world.folder / "a.yaml").read_text(encoding="utf-8").replace("max: 30", "max: 90"))
        world["a"].edit("person", ids["a"], {"last_name": "К" * 40})

        plan = world.ask("plan")

        assert [("b", "name.family")] == [(letter.system, letter.path) for letter in plan.blocked]


class TestGuard:
    def many(self, world):
        for number in range(1, 12):
            world.person("a", "b", number=number)
        world.settle()
        world.more = "[guard]\nmin_records = 10\nmax_change_percent = 20\n"
        for record in world["a"].records("person")[:5]:
            world["a"].edit("person", record["id"], {"job_title": "teacher"})

    def test_a_run_that_would_change_too_much_stops_with_4_and_writes_nothing(self, world):
        self.many(world)
        written = world.writes()

        report = world.sync()

        assert (4, written) == (report.exit_code, world.writes())

    def test_it_says_how_much_and_of_what_and_how_to_go_on(self, world):
        """In figures and fields, without a value; the limit that is advised would let it through."""
        self.many(world)

        report = world.sync()

        assert "b: 5 records would be changed, 46 % of the 11 there (guard.max_change_percent is 20)" in str(
            report.stopped
        )
        expected = {"known": 11, "changed": 5, "deleted": 0, "created": 0, "fields": {"job_title": 5}}
        assert expected == report.too_much["b"]
        world.more = "[guard]\nmin_records = 10\nmax_change_percent = 46\n"
        assert (0, 5) == ((again := world.sync()).exit_code, again.written)

    def test_what_is_too_much_for_one_system_keeps_the_others_from_it_too(self, world):
        """It comes from somewhere, and may be wrong everywhere."""
        self.many(world)
        world.person("a", "c", number=20)
        world.more = ""
        world.settle()
        world.more = "[guard]\nmin_records = 10\nmax_change_percent = 20\n"
        for record in world["a"].records("person"):
            world["a"].edit("person", record["id"], {"marital_status": "single"})
        written = world.writes()

        report = world.sync()

        assert (4, ["b"], written) == (report.exit_code, list(report.too_much), world.writes())

    def test_it_counts_for_systems_that_a_run_does_not_name_too(self, world):
        """`sync -s`: what floods B is on its way to C in smaller numbers, and is not let through there."""
        self.many(world)
        world.more = ""
        ids = world.person("a", "c", number=20)
        world.settle()
        world.more = "[guard]\nmin_records = 10\nmax_change_percent = 20\n"
        for record in world["a"].records("person")[:5]:
            world["a"].edit("person", record["id"], {"job_title": "nurse"})
        world["a"].edit("person", ids["a"], {"job_title": "nurse"})
        written = world.writes()

        stopped = [world.sync("a", "c"), world.sync("c")]

        assert ([4, 4], written) == ([each.exit_code for each in stopped], world.writes())
        assert ["b"] == list(stopped[0].too_much)
        assert 1 == world.sync("a", "c", allow_large_change=True).written

    def test_creates_have_a_limit_of_their_own(self, tmp_path):
        """They are no changes of what is there; any number of them can come."""
        world = World(tmp_path, systems=dict.fromkeys("ab", capable()), create="b")
        for number in range(1, 11):
            world.person("a", "b", number=number)
        world.settle()
        world.more = "[guard]\nmin_records = 10\nmax_change_percent = 1\n"
        for number in range(11, 23):
            world.person("a", number=number)

        report = world.sync()

        assert (4, 10) == (report.exit_code, len(world["b"].records("person")))
        why = "12 records would be created, 120 % of the 10 there (guard.max_create_percent is 20); nothing was written"
        assert [f"b: {why}"] == [*report.stopped.values()]
        world.more += "max_create_percent = 120\n"
        assert (0, 12) == ((again := world.sync()).exit_code, again.writes["b"].created)

    def test_a_first_load_into_an_empty_system_goes_through(self, tmp_path):
        """There is nothing there to harm."""
        world = World(tmp_path, systems=dict.fromkeys("ab", capable()), create="b", more="[guard]\nmin_records = 0\n")
        for number in range(1, 11):
            world.person("a", number=number)

        assert 10 == world.sync().writes["b"].created

    def test_a_person_lets_it_through(self, world):
        self.many(world)

        assert 5 == world.sync(allow_large_change=True).written


def test_a_record_that_comes_back_with_a_new_stamp_alone_is_an_echo(world):
    """As Siebel stamps what we write: it is counted, it is no edit, and it costs no write."""
    ids = world.person("a", "b")
    world.settle()
    world["a"].edit("person", ids["a"], {"stamped_at": "2026-10-20T10:00:00Z"})

    report = world.sync()

    figures = report.reads["a/person"]
    assert (1, 0, 0) == (figures.echoes, figures.changed, report.written)
