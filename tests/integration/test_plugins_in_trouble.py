"""What plugins propose where something is wrong, and what is done with it."""

from types import SimpleNamespace

import pytest


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
        from crm_bridge.api import Objection, hookimpl

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
