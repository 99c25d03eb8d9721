"""What nobody can tell, a person says: of writes and of messages."""

import pytest
from memory_world import Deaf, World, capable

from crm_bridge.connector import EffectSafety
from crm_bridge.errors import UserMistake

CONSENT = {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}


@pytest.fixture
def lost_write(tmp_path):
    """B can neither be read nor asked, and must not be sent anything twice."""

    def make(*, create, arrived):
        capabilities = {"a": capable(), "b": capable(effect_safety=EffectSafety.NONE, reads_back=False)}
        world = World(tmp_path, systems=capabilities, create=["b"] if create else [])
        if create:
            world.ids = world.person("a")
        else:
            world.ids = world.person("a", "b", job_title="pupil")
            world.settle()
            world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
        deaf = world.opened["b"] = Deaf(world["b"])
        deaf.read_changes = lambda kind, cursor: iter(())
        world["b"].lose_next_answer(arrived=arrived)
        world.sync()
        [world.unknown] = world.ask("unknown_list")
        return world

    return make


def resolve(world, **said):
    given = {"arrived": False, "record_id": None, "send_again": False, "by": "Olha", **said}
    return world.ask("unknown_resolve", world.unknown["id"], **given)


class TestWrites:
    def test_a_lost_write_is_listed_and_shown(self, lost_write):
        world = lost_write(create=False, arrived=True)

        shown = world.ask("unknown_case", world.unknown["id"])

        assert ("update", "b", "teacher") == (shown["what"], shown["system"], shown["fields"]["job_title"])

    def test_a_lost_create_is_shown_with_the_key_that_its_system_was_given(self, lost_write):
        world = lost_write(create=True, arrived=True)

        shown = world.ask("unknown_case", world.unknown["id"])

        assert [shown["key"]] == [write.key for write in world["b"].writes]

    def test_a_record_that_is_not_there_is_not_what_a_create_made(self, tmp_path):
        """A slip of the pen would be missing from the next list of all, and spread as a deletion."""
        silent = capable(effect_safety=EffectSafety.NONE, deletes_visible=False)
        world = World(tmp_path, systems={"a": capable(), "b": silent}, create=["b"], spread=["b"])
        world.person("a")
        world["b"].lose_next_answer(arrived=False)
        world["b"].read_changes = lambda kind, cursor: iter(())
        world.sync()
        [world.unknown] = world.ask("unknown_list")

        with pytest.raises(UserMistake, match="b has no person p-77: nothing was settled"):
            resolve(world, arrived=True, record_id="p-77")

        with pytest.raises(UserMistake, match="--deleted-since where somebody has deleted it"):
            resolve(world, arrived=True, record_id="p-77")
        [made] = world["b"].load("person", [{"last_name": "Шевченко"}])
        assert "settled" == resolve(world, arrived=True, record_id=made)["outcome"]
        world.sync(sweep=True)
        assert 1 == len(world["a"].records("person"))

    def test_what_did_not_arrive_is_planned_anew(self, lost_write):
        world = lost_write(create=False, arrived=False)

        resolve(world, arrived=False)
        report = world.sync()

        assert ("teacher", 0, []) == (
            world["b"].person(world.ids["b"])["job_title"],
            report.unknown,
            world.ask("unknown_list"),
        )

    def test_what_arrived_is_settled_and_not_written_again(self, lost_write):
        world = lost_write(create=False, arrived=True)
        writes = world.writes()["b"]

        resolve(world, arrived=True)
        world.sync()

        assert writes == world.writes()["b"]
        [carried] = world.ask("why", world.client()["id"], "job_title", "b")["carried"]
        assert ("accepted", "Olha says that it arrived") == (carried["state"], carried["receipt"])

    def test_a_create_that_arrived_is_linked_to_the_record_it_made(self, lost_write):
        world = lost_write(create=True, arrived=True)
        made = world["b"].records("person")[0]["id"]

        resolve(world, arrived=True, record_id=made)
        world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
        world.sync()

        assert [(made, "teacher")] == [(each["id"], each["job_title"]) for each in world["b"].records("person")]

    @pytest.mark.parametrize("record_id", [None, "", " ", "\u200b"])
    def test_a_create_that_arrived_without_its_record_is_not_settled(self, lost_write, record_id):
        """Nor with an id that is none: the client would have a record that nobody can find."""
        world = lost_write(create=True, arrived=True)

        with pytest.raises(UserMistake, match="--record-id"):
            resolve(world, arrived=True, record_id=record_id)
        assert [world.unknown] == world.ask("unknown_list")

    def test_a_create_that_did_not_arrive_is_made_once(self, lost_write):
        world = lost_write(create=True, arrived=False)

        resolve(world, arrived=False)
        world.sync()

        assert 1 == len(world["b"].records("person"))

    def test_what_was_resolved_is_not_resolved_again(self, lost_write):
        world = lost_write(create=False, arrived=True)
        resolve(world, arrived=True)

        with pytest.raises(UserMistake, match="unknown list"):
            resolve(world, arrived=False)


class TestMessages:
    @pytest.fixture
    def lost_message(self, tmp_path):
        world = World(tmp_path, active=["dedup.exact_keys", "notification.claims_sms"])
        world.ids = world.person("a", consents=[{**CONSENT, "id": "k-1"}])
        world.settle()
        world.sync()
        world["a"].channel.lose_next_answer(arrived=False)
        world["a"].load("claim", [{"number": "CL-1", "status": "registered", "owner": world.ids["a"]}])
        world.report = world.sync()
        [world.unknown] = world.ask("unknown_list")
        return world

    def sent(self, world):
        return [message for peer in world.peers.values() for message in peer.channel.sent]

    def states(self, world):
        return [(notice["state"], notice["rule"]) for notice in world.show()["notices"]]

    def test_a_lost_message_is_listed_and_asks_for_a_person(self, lost_message):
        assert ("message", 5) == (lost_message.unknown["what"], lost_message.report.exit_code)
        assert "CL-1" in lost_message.ask("unknown_case", lost_message.unknown["id"])["text"]

    def test_one_that_arrived_counts_as_accepted(self, lost_message):
        resolve(lost_message, arrived=True)
        report = lost_message.sync()

        assert ([("accepted", "allowed")], 0, []) == (
            self.states(lost_message),
            report.exit_code,
            self.sent(lost_message),
        )

    def test_one_that_was_not_sent_is_not_sent_by_itself(self, lost_message):
        resolve(lost_message, arrived=False)
        lost_message.sync()

        assert ([("failed", "not_sent")], []) == (self.states(lost_message), self.sent(lost_message))

    def test_with_send_again_it_goes_out_once_more_under_its_id(self, lost_message):
        resolve(lost_message, arrived=False)
        resolve(lost_message, arrived=False, send_again=True)
        for _ in range(2):
            lost_message.sync()

        assert [lost_message.unknown["id"]] == [message.id for message in self.sent(lost_message)]

    def test_send_again_does_not_go_with_arrived(self, lost_message):
        with pytest.raises(UserMistake, match="--not-arrived"):
            resolve(lost_message, arrived=True, send_again=True)


def test_a_letter_about_a_write_stays_open_while_nobody_knows_whether_the_record_was_created(tmp_path):
    """Nothing is planned for the client meanwhile, which is no sign that its system needs nothing."""
    capabilities = {"a": capable(), "b": capable(effect_safety=EffectSafety.NONE, reads_back=False)}
    world = World(tmp_path, systems=capabilities, create=["b"])
    world.write_mapping("a", (tmp_path / "a.yaml").read_text(encoding="utf-8").replace("max: 30", "max: 90"))
    ids = world.person("a", last_name="К" * 40)
    deaf = world.opened["b"] = Deaf(world["b"])
    deaf.read_changes = lambda kind, cursor: iter(())
    world.sync()
    world["b"].lose_next_answer(arrived=False)
    world["a"].edit("person", ids["a"], {"last_name": "Коваль"})
    world.sync()
    [world.unknown] = world.ask("unknown_list")
    world["a"].edit("person", ids["a"], {"job_title": "teacher"})
    world.sync()
    open_meanwhile = [each["code"] for each in world.ask("dead_letters")]

    resolve(world, arrived=False)
    world.sync()

    assert ["too_long"] == open_meanwhile
    assert ([], 1) == (world.ask("dead_letters"), len(world["b"].records("person")))
