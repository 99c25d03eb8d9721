"""What plugins propose where something is wrong, and what is done with it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from memory_world import World

from crm_bridge.api import ContactDecision, Notice, Objection, hookimpl

CONSENT = {
    "id": "k-1",
    "purpose": "claims",
    "channel": "sms",
    "status": "granted",
    "captured_at": "2026-01-02T03:04:05Z",
}


class TestPlugins:
    def test_an_enrichment_is_shown_with_its_reason(self, world):
        world.active.append("enrichment.names")
        world.person("a", last_name="КОВАЛЬ")
        world.sync()
        client = world.show(name="Коваль")["client"]

        [value] = world.ask("why", client["id"], "name")["values"]

        assert "Коваль" == client["name"]["family"]
        assert ["enrichment.names"] == [each["plugin"] for each in value["enriched"]]
        assert all(each["reason"] for each in value["enriched"])

    @pytest.mark.parametrize("harm", ["raises", "hangs"])
    def test_one_that_raises_or_hangs_costs_its_own_call(self, world, harm):
        from threading import Event

        from crm_bridge.api import hookimpl

        never = Event()

        @hookimpl
        def enrich_clients(batch):
            if harm == "raises":
                raise RuntimeError("a bug")
            never.wait(20)
            return []

        world.plugins["bad"] = SimpleNamespace(enrich_clients=enrich_clients)
        world.active.append("bad")
        ids = world.person("a", "b", job_title="teacher")

        report = world.sync()
        never.set()

        assert ["bad" in failure for failure in report.plugin_failures]
        assert 2 == len(world.show()["records"])
        assert ids

    def test_a_plan_tells_of_it_as_a_sync_does(self, world):
        """A plan that was made without what a plugin would have said is another plan."""
        from crm_bridge.api import hookimpl

        @hookimpl
        def enrich_clients(batch):
            raise RuntimeError("a bug")

        world.plugins["bad"] = SimpleNamespace(enrich_clients=enrich_clients)
        world.active.append("bad")
        world.person("a", "b", job_title="teacher")

        [told] = world.ask("plan").as_dict()["plugin_failures"]

        assert "plugin bad: enrich_clients: RuntimeError" in told

    def test_an_objection_holds_the_write_until_a_person_overrules_it(self, world):
        @hookimpl
        def review_plan(writes):
            return [Objection(w.system, w.kind, w.record_id, w.client_id, "not on a Sunday") for w in writes]

        world.plugins["sunday"] = SimpleNamespace(review_plan=review_plan)
        world.active.append("sunday")
        ids = world.person("a", "b")
        world.settle()
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})
        report = world.sync()

        [question] = world.ask("review_list")
        world.ask("review_decide", question["id"], True, by="Olha")
        world.sync()

        assert 1 == report.writes["b"].held
        assert "teacher" == world["b"].person(ids["b"])["job_title"]

    def test_a_reviewer_that_fails_makes_each_run_a_partial_one_that_names_it(self, world):
        """The first asks a person; later ones say that something still waits for a plugin."""

        @hookimpl
        def review_plan(writes):
            raise RuntimeError("a bug")

        ids = world.person("a", "b")
        world.settle()
        world.plugins["reviewer"] = SimpleNamespace(review_plan=review_plan)
        world.active.append("reviewer")
        world["a"].edit("person", ids["a"], {"job_title": "teacher"})

        reports = [world.sync(), world.sync()]

        assert [(5, {"reviewer": 1}), (3, {"reviewer": 1})] == [
            (report.exit_code, report.held_for_plugins) for report in reports
        ]

    @pytest.mark.parametrize("fails", [False, True], ids=["objects", "raises"])
    def test_objections_to_several_writes_of_one_batch_are_all_asked_about(self, world, fails):
        @hookimpl
        def review_plan(writes):
            if fails:
                raise RuntimeError("a bug")
            return [Objection(w.system, w.kind, w.record_id, w.client_id, "not on a Sunday") for w in writes]

        people = [world.person("a", "b", number=number) for number in (1, 2, 3)]
        world.settle()
        world.plugins["reviewer"] = SimpleNamespace(review_plan=review_plan)
        world.active.append("reviewer")
        for ids in people:
            world["a"].edit("person", ids["a"], {"job_title": "teacher"})

        reports = [world.sync(), world.sync()]

        assert [(5, 3), (3 if fails else 0, 3)] == [(report.exit_code, report.of_write("b").held) for report in reports]
        assert 3 == len(world.ask("review_list"))


class TestMessagesThatAPluginDecidesOn:
    """Anna has allowed messages; a plugin asks for one when her card changes, valid for an hour; another decides."""

    @pytest.fixture
    def asked(self, tmp_path):
        world = World(tmp_path)
        world.says = lambda: None

        @hookimpl
        def clients_changed(events, clients):
            until = world.now + timedelta(hours=1)
            return [Notice(each.id, each.client_id, "sms", "claims", "hello", until) for each in events]

        @hookimpl
        def decide_contact(request):
            return world.says()

        world.ids = world.person("a", "b", consents=[CONSENT])
        world.settle()
        world.plugins["writer"] = SimpleNamespace(clients_changed=clients_changed)
        world.plugins["judge"] = SimpleNamespace(decide_contact=decide_contact)
        world.active += ["writer", "judge"]
        world.sync()
        world["a"].edit("person", world.ids["a"], {"job_title": "teacher"})
        return world

    @staticmethod
    def states(world):
        return {(each["state"], each["rule"]) for each in world.show()["notices"]}

    def test_it_is_held_while_the_plugin_fails_and_goes_when_it_answers(self, asked):
        asked.says = lambda: 1 / 0

        held = [asked.sync(), asked.sync()]
        waiting = self.states(asked)
        asked.says = lambda: ContactDecision(True, "fine")
        after = asked.sync()

        assert {("planned", "plugin_failed:judge")} == waiting
        assert [(3, {"judge": 1})] * 2 == [(report.exit_code, report.held_for_plugins) for report in held]
        assert ({("accepted", "allowed")}, 0, {}) == (self.states(asked), after.exit_code, after.held_for_plugins)

    def test_it_waits_no_longer_than_it_is_worth_sending_and_not_for_a_plugin_that_says_no(self, asked):
        asked.says = lambda: 1 / 0
        asked.sync()
        asked.now += timedelta(hours=2)
        asked.says = lambda: ContactDecision(False, "not_this_week")
        asked["a"].edit("person", asked.ids["a"], {"job_title": "nurse"})

        report = asked.sync()

        assert 0 == report.exit_code
        assert {("expired_unsent", "valid_until"), ("suppressed", "not_this_week")} == self.states(asked)
