"""From a claim to one SMS, and what systems tell us by themselves."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from memory_world import World
from sqlalchemy import select
from structlog.testing import capture_logs

from crm_bridge.connector import InboundRequest
from crm_bridge.errors import Unreachable
from crm_bridge.store.schema import message_reports
from crm_bridge.store.schema import notices as notices_table

CONSENT = {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}


@pytest.fixture
def insurer(tmp_path):
    """A keeps clients and claims, and carries SMS; Anna has allowed messages about her claims."""
    world = World(tmp_path, active=["dedup.exact_keys", "notification.claims_sms"])
    world.ids = world.person("a", "b", consents=[{**CONSENT, "id": "k-1"}])
    world.settle()
    world.sync()
    return world


def claim(world, *, owner=None, number="CL-1", status="registered"):
    return world["a"].load("claim", [{"number": number, "status": status, "owner": owner or world.ids["a"]}])[0]


def sent(world):
    return [message for peer in world.peers.values() for message in peer.channel.sent]


def notices(world, **asked):
    return [(notice["state"], notice["rule"]) for notice in world.show(**asked)["notices"]]


def tell(world, *events):
    """``b`` calls us."""
    body = json.dumps(list(events)).encode()
    headers = {"x-signature": world["b"].receiver.sign(body)}
    request = InboundRequest("POST", "/", {}, headers, body, world.now)
    return world.ask("receive", "b", request).status_code


class TestClaims:
    def test_a_registered_claim_becomes_one_sms(self, insurer):
        claim(insurer)
        insurer.sync()

        [message] = sent(insurer)

        assert ("+380505550001", True) == (message.to, "CL-1" in message.text)

    def test_a_run_counts_its_own_messages(self, insurer):
        """Those of earlier runs are no news."""
        claim(insurer)

        assert ({"accepted": 1}, {}) == (insurer.sync().notices, insurer.sync().notices)

    def test_none_goes_out_beside_a_plan_that_the_guard_stopped(self, insurer):
        """What is wrong may be the number; it goes when the plan does."""
        insurer.more = "[guard]\nmin_records = 1\n"
        insurer["a"].edit("person", insurer.ids["a"], {"job_title": "teacher"})
        claim(insurer)

        assert (4, []) == (insurer.sync().exit_code, sent(insurer))
        assert (0, 1) == (insurer.sync(allow_large_change=True).exit_code, len(sent(insurer)))

    def test_the_same_event_seen_again_sends_nothing_more(self, insurer):
        number = claim(insurer)
        insurer.sync()

        for status in ("closed", "registered"):
            insurer["a"].edit("claim", number, {"status": status})
            insurer.sync()

        assert 1 == len(sent(insurer))

    def test_without_consent_none_goes_and_the_rule_is_told(self, tmp_path):
        world = World(tmp_path, active=["dedup.exact_keys", "notification.claims_sms"])
        world.ids = world.person("a")
        world.sync()
        claim(world)
        world.sync()

        assert ([], [("suppressed", "no_consent")]) == (sent(world), notices(world))

    def test_consent_withdrawn_between_event_and_dispatch_counts(self, insurer):
        """The claim comes at night and waits for the morning; meanwhile she writes STOP in the other system."""
        insurer.now += timedelta(hours=12)
        claim(insurer)
        insurer.sync()
        assert [] == sent(insurer)
        withdrawn = {**CONSENT, "id": "k-1", "status": "withdrawn", "captured_at": "2026-10-20T22:30:00Z"}
        insurer["b"].edit("person", insurer.ids["b"], {"consents": [withdrawn]})

        insurer.now += timedelta(hours=12)
        insurer.sync()

        assert ([], [("suppressed", "consent_refused")]) == (sent(insurer), notices(insurer))

    def test_a_withdrawal_that_polling_has_not_shown_yet_counts(self, insurer):
        """A consent is a row of its own in many systems, and moves no stamp; whoever can say it is asked before."""
        withdrawn = {**CONSENT, "id": "k-1", "status": "withdrawn", "captured_at": "2026-10-20T09:30:00Z"}
        insurer["b"].edit("person", insurer.ids["b"], {"consents": [withdrawn]})
        insurer["b"].read_changes = lambda kind, cursor: iter(())
        claim(insurer)

        insurer.sync()

        assert ([], [("suppressed", "consent_refused")]) == (sent(insurer), notices(insurer))

    def test_a_message_waits_while_nobody_can_say_whether_the_consent_stands(self, insurer):
        """A message late is mended; one against a withdrawn consent is not. It goes when the system answers."""
        read = insurer["b"].read

        def away(kind, record_ids):
            raise Unreachable("no route to b")

        insurer["b"].read = away
        claim(insurer)
        report = insurer.sync()
        assert ([], [("planned", "unasked")], 69) == (sent(insurer), notices(insurer), report.exit_code)

        insurer["b"].read = read
        insurer.sync()

        assert 1 == len(sent(insurer))

    def test_a_lost_answer_is_never_sent_again(self, insurer):
        insurer["a"].channel.lose_next_answer(arrived=False)
        claim(insurer)
        insurer.sync()
        insurer.sync()

        assert ([], [("unknown", "allowed")]) == (sent(insurer), notices(insurer))

    def test_a_provider_that_is_away_gets_it_later(self, insurer):
        insurer["a"].channel.fail_next()
        claim(insurer)
        insurer.sync()
        assert [] == sent(insurer)

        insurer.now += timedelta(hours=1)
        insurer.sync()

        assert 1 == len(sent(insurer))

    def test_a_claim_that_comes_before_its_client_is_told_of_when_the_client_comes(self, insurer):
        number = insurer["a"]._new_id("person")
        claim(insurer, owner=number, number="CL-2")
        insurer.sync()
        assert [] == sent(insurer)

        insurer["a"].load(
            "person",
            [
                {
                    "id": number,
                    "last_name": "Бондар",
                    "first_name": "Boris",
                    "mobile_phone": "+380505550177",
                    "consents": [{**CONSENT, "id": "k-9"}],
                }
            ],
        )
        insurer.sync()

        assert ["+380505550177"] == [message.to for message in sent(insurer)]
        assert ["CL-2"] == [each["number"] for each in insurer.show(name="Бондар")["claims"]]

    def test_the_first_load_tells_nobody(self, tmp_path):
        """Claims of the years before are no news."""
        world = World(tmp_path, active=["dedup.exact_keys", "notification.claims_sms"])
        world.ids = world.person("a", consents=[{**CONSENT, "id": "k-1"}])
        claim(world)

        world.sync()
        world.sync()

        assert [] == sent(world)


class TestReports:
    def message(self, insurer):
        claim(insurer)
        insurer.sync()
        [message] = sent(insurer)
        return message.id

    def test_a_delivery_moves_the_notice_on(self, insurer):
        message = self.message(insurer)

        assert 202 == tell(insurer, {"id": "e-1", "message_id": message, "status": "delivered"})
        insurer.ask("process_inbox")

        assert [("delivered", "allowed")] == notices(insurer)

    def test_a_late_word_does_not_undo_a_later_state(self, insurer):
        message = self.message(insurer)
        for number, status in enumerate(("delivered", "sent", "accepted")):
            tell(insurer, {"id": f"e-{number}", "message_id": message, "status": status})
            insurer.ask("process_inbox")

        assert [("delivered", "allowed")] == notices(insurer)

    def test_a_report_that_overtakes_the_answer_counts(self, insurer):
        """The provider reports before it has answered, and then the answer is lost."""
        peer = insurer["a"]
        send = peer.channel.send

        def overtaken(message):
            outcome = send(message)
            tell(insurer, {"id": "e-1", "message_id": message.id, "status": "delivered"})
            return outcome

        peer.channel.send = overtaken
        peer.channel.lose_next_answer()
        claim(insurer)
        insurer.sync()
        insurer.ask("process_inbox")

        assert [("delivered", "allowed")] == notices(insurer)

    def kept(self, world):
        with world.bridge() as bridge, bridge.reading() as connection:
            return sorted(connection.execute(select(message_reports.c.message_id)).scalars())

    def test_a_report_about_a_message_that_is_not_known_yet_is_kept_and_counts_when_it_is(self, insurer):
        """A provider's word comes before the message is ours: it waits, and outranks the answer."""
        insurer.now += timedelta(hours=12)  # at night nothing is sent: the message is planned, and has its id
        claim(insurer)
        insurer.sync()
        with insurer.bridge() as bridge, bridge._database.transaction() as connection:
            [planned] = [dict(row) for row in connection.execute(select(notices_table)).mappings()]
            connection.execute(notices_table.delete())
        tell(insurer, {"id": "e-1", "message_id": planned["message_id"], "status": "delivered"})
        insurer.ask("process_inbox")
        with insurer.bridge() as bridge, bridge._database.transaction() as connection:
            connection.execute(notices_table.insert().values(**planned))

        insurer.now += timedelta(hours=12)
        insurer.sync()

        assert [("delivered", "allowed")] == notices(insurer)

    def test_reports_about_messages_of_others_are_forgotten_after_a_week(self, insurer):
        message = self.message(insurer)
        tell(insurer, {"id": "e-1", "message_id": message, "status": "sent"})
        tell(insurer, {"id": "e-2", "message_id": "of-others", "status": "delivered"})
        insurer.ask("process_inbox")
        assert [message, "of-others"] == self.kept(insurer)

        insurer.now += timedelta(days=8)
        tell(insurer, {"id": "e-3", "message_id": "of-others-too", "status": "delivered"})
        insurer.sync()

        assert [message, "of-others-too"] == self.kept(insurer)

    def test_the_same_call_twice_is_one(self, insurer):
        message = self.message(insurer)
        event = {"id": "e-1", "message_id": message, "status": "delivered"}

        assert (202, 200) == (tell(insurer, event), tell(insurer, event))
        assert 1 == insurer.ask("process_inbox")


class TestHints:
    def test_a_hint_leads_to_a_re_read(self, world):
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        world["b"].edit("person", ids["b"], {"job_title": "teacher"})

        tell(world, {"id": "e-1", "kind": "person", "record_id": ids["b"]})
        handled = world.ask("process_inbox")

        assert (1, "teacher") == (handled, world.client()["job_title"])

    def test_the_same_bytes_are_news_again(self, world):
        """Not every sender numbers what it sends: a second change of a record may look like the first."""
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        for title in ("teacher", "headmaster"):
            world["b"].edit("person", ids["b"], {"job_title": title})
            tell(world, {"id": "e-1", "kind": "person", "record_id": ids["b"]})
            world.ask("process_inbox")

        assert "headmaster" == world.client()["job_title"]

    def test_what_comes_again_while_it_is_dealt_with_waits_anew(self, world):
        """It may be about a change behind our look."""
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        event = {"id": "e-1", "kind": "person", "record_id": ids["b"]}
        read = type(world["b"]).read

        def read_and_edited(kind, record_ids):
            found = list(read(world["b"], kind, record_ids))
            del world["b"].read
            world["b"].edit("person", ids["b"], {"job_title": "teacher"})
            tell(world, event)
            return found

        world["b"].read = read_and_edited
        tell(world, event)

        assert 2 == world.ask("process_inbox")
        assert "teacher" == world.client()["job_title"]

    def test_an_early_hint_leads_to_a_second_look(self, world):
        """It came before the commit: the first look sees the old record."""
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        parse = type(world["b"]).parse
        world["b"].parse = lambda call: [replace(each, early=True) for each in parse(world["b"], call)]
        tell(world, {"id": "e-1", "kind": "person", "record_id": ids["b"]})
        assert 1 == world.ask("process_inbox")
        world["b"].edit("person", ids["b"], {"job_title": "teacher"})

        world.ask("process_inbox")
        assert "pupil" == world.client()["job_title"]
        world.now += timedelta(seconds=10)
        world.ask("process_inbox")

        assert "teacher" == world.client()["job_title"]

    def test_a_forged_call_is_refused_and_not_kept(self, world):
        world.person("a")
        request = InboundRequest("POST", "/", {}, {"x-signature": "0"}, b"[]", world.now)

        assert (401, 0) == (world.ask("receive", "b", request).status_code, world.ask("process_inbox"))

    def test_a_call_that_cannot_be_read_is_put_aside(self, world):
        tell(world, {"no": "event"})

        with capture_logs() as lines:
            world.ask("process_inbox")

        assert [("b", 1)] == [(each["system"], each["count"]) for each in lines]
        assert [("inbox", "malformed")] == [(each["stage"], each["code"]) for each in world.ask("dead_letters")]

    def test_calls_of_a_system_that_is_away_wait_and_those_of_others_do_not(self, world):
        ids = world.person("a", "b", job_title="pupil")
        world.settle()
        world["b"].edit("person", ids["b"], {"job_title": "teacher"})
        body = json.dumps([{"id": "e-1", "kind": "person", "record_id": ids["a"]}]).encode()
        headers = {"x-signature": world["a"].receiver.sign(body)}
        world.ask("receive", "a", InboundRequest("POST", "/", {}, headers, body, world.now))
        tell(world, {"id": "e-2", "kind": "person", "record_id": ids["b"]})

        world["a"].fail_next()
        first = world.ask("process_inbox")
        second = world.ask("process_inbox")

        assert (1, 1) == (first, second)
        assert "teacher" == world.client()["job_title"]
