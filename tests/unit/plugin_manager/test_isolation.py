"""A plugin that misbehaves costs its own call, and is reported without a word of the client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pluggy
import plugins_under_test as bad
import pytest

from crm_bridge import hookspecs
from crm_bridge.api import ContactDecision, ContactRequest, Event, PlannedWrite, Proposal, SourceView
from crm_bridge.plugin_manager import Limits, Plugins
from crm_bridge.plugin_manager.isolation import Failed

BATCH = [SourceView(f"siebel/contact/{n}", "siebel", "contact", str(n), {"kind": "person"}) for n in (1, 2)]
REQUEST = ContactRequest("c1", {}, "sms", "claims", "k1", datetime(2026, 10, 20, 9, tzinfo=UTC))
WRITES = [PlannedWrite("siebel", "contact", "update", str(n), f"c{n}", ()) for n in (1, 2)]
EVENTS = [Event("e1", "client.changed", "c1", datetime(2026, 10, 20, 9, tzinfo=UTC))]


def plugins(*active: object, limits: Limits | None = None) -> Plugins:
    manager = pluggy.PluginManager("crm_bridge")
    manager.add_hookspecs(hookspecs)
    for plugin in active:
        manager.register(plugin, name=type(plugin).__name__.lower())
    names = [type(plugin).__name__.lower() for plugin in active]
    return Plugins(manager, names, limits=limits or Limits(seconds=5))


@pytest.fixture
def hanging() -> Iterator[bad.Hangs]:
    plugin = bad.Hangs()
    yield plugin
    plugin.let_go.set()


def good_proposals() -> tuple[tuple[str, Proposal], ...]:
    return tuple(("good", Proposal(view.key, "name.given", "Anna", "an example")) for view in BATCH)


@pytest.mark.parametrize("worse", [bad.Raises, bad.Exits, bad.Endless, bad.WrongTypes])
def test_a_failing_plugin_costs_only_its_own_proposals(worse: type) -> None:
    """Whatever one plugin does, the proposals of the others arrive."""
    found = plugins(worse(), bad.Good())

    assert good_proposals() == found.enrich(BATCH)
    assert [(worse.__name__.lower(), "enrich_clients", 1)] == [(f.plugin, f.hook, f.count) for f in found.failures]


def test_a_hung_call_is_abandoned(hanging: bad.Hangs) -> None:
    """A plugin over its time loses its call, and the next plugin is asked."""
    found = plugins(hanging, bad.Good(), limits=Limits(seconds=0.02))

    assert good_proposals() == found.enrich(BATCH)
    assert ["TimeLimit"] == [failure.error for failure in found.failures]


def test_a_plugin_that_hangs_again_and_again_is_suspended(hanging: bad.Hangs) -> None:
    """After the allowed number of hangs nobody waits for it any more."""
    found = plugins(hanging, bad.Good(), limits=Limits(seconds=0.01, hangs=2))
    for _ in range(5):
        found.enrich(BATCH)

    assert frozenset({"hangs"}) == found.suspended
    assert [("TimeLimit", 2), ("Suspended", 3)] == [(f.error, f.count) for f in found.failures]


def test_a_plugin_that_raises_again_and_again_is_suspended() -> None:
    """Raising is cheap, so more of it is borne, but not for ever."""
    found = plugins(bad.Raises(), limits=Limits(failures=3))
    for _ in range(4):
        found.enrich(BATCH)

    assert [("KeyError", 3), ("Suspended", 1)] == [(f.error, f.count) for f in found.failures]


def test_a_failure_tells_the_place_and_not_the_message() -> None:
    """Authors put values in messages: only the class and the line get out."""
    found = plugins(bad.Raises())
    found.enrich(BATCH)
    told = str(found.failures[0])

    assert "Anna" not in told
    assert "KeyError (plugins_under_test.py:" in told


def test_careless_items_are_dropped_and_counted_by_reason() -> None:
    """One bad proposal does not take the good ones with it."""
    found = plugins(bad.Careless())

    assert [("careless", "fine")] == [(plugin, proposal.reason) for plugin, proposal in found.enrich(BATCH)]
    assert [
        ("unknown key", 1),
        ("unknown path", 1),
        ("value not allowed at gender", 1),
        ("value is not plain data at name.given", 1),
        ("an item of a list is named by its selector, not by position or +", 2),
    ] == [(failure.detail, failure.count) for failure in found.failures]
    assert frozenset() == found.suspended


def test_plugins_are_asked_in_the_order_of_the_configuration() -> None:
    """Pluggy would call the last one first; we call as configured."""
    found = plugins(bad.Good(), bad.Careless())

    assert ["good", "good", "careless"] == [plugin for plugin, _ in found.enrich(BATCH)]


def test_a_plugin_lives_in_one_thread() -> None:
    """An author need not think of threads."""
    good = bad.Good()
    found = plugins(good)
    found.enrich(BATCH)
    found.enrich(BATCH)

    assert ["plugin good", "plugin good"] == good.threads


def test_a_plugin_cannot_change_what_the_source_said() -> None:
    """It is handed copies, so that a mistake, or a thread that was left behind, harms nobody."""
    doc = {"kind": "person", "name": {"family": "Коваль"}}
    view = SourceView("siebel/contact/1", "siebel", "contact", "1", doc)
    found = plugins(bad.Scribbles())
    found.enrich([view])
    found.find_duplicates([view], {})
    found.clients_changed(EVENTS, {"c1": doc})

    assert () == found.failures
    assert {"kind": "person", "name": {"family": "Коваль"}} == doc


def test_failing_dedup_costs_its_pairs() -> None:
    """The pairs of the others stay."""
    found = plugins(bad.Raises(), bad.Good())

    assert [("good", "neighbours")] == [(plugin, pair.rule) for plugin, pair in found.find_duplicates(BATCH, {})]


def test_a_failing_reviewer_holds_the_whole_batch() -> None:
    """An objection is a safety device: whoever cannot speak is taken to object to everything."""
    found = plugins(bad.Raises(), bad.Good())
    objections = found.review_plan(WRITES)

    assert [("good", "1"), ("raises", "1"), ("raises", "2")] == [(name, o.record_id) for name, o in objections]
    assert objections[1][1].reason.startswith("plugin_failed:raises:")


def test_events_that_a_plugin_missed_are_known() -> None:
    """The others' notices go on; the caller learns whom to tell again."""
    told = plugins(bad.Raises(), bad.Good()).clients_changed(EVENTS, {"c1": {}})

    assert (["good:e1"], ["good:held:e1"], ("raises",)) == (
        [notice.key for _, notice in told.notices],
        [held.key for _, held in told.held],
        told.failed,
    )


def test_one_plugin_can_be_told_by_itself() -> None:
    """So that one that always fails keeps no event from the others."""
    found = plugins(bad.Raises(), bad.Good())
    told = [found.clients_changed(EVENTS, {"c1": {}}, only=name) for name in found.implementers("clients_changed")]

    assert [((), ("raises",)), (("good:e1",), ())] == [
        (tuple(notice.key for _, notice in each.notices), each.failed) for each in told
    ]


@pytest.mark.parametrize("worse", [bad.Raises, bad.WrongTypes])
def test_a_failing_decision_is_no_permission_and_no_denial(worse: type) -> None:
    """Who cannot be asked has not agreed, even where another plugin allows; nor has it refused."""
    assert Failed(worse.__name__.lower()) == plugins(bad.Good(), worse()).decide_contact(REQUEST)


def test_a_hung_or_suspended_decision_is_no_permission(hanging: bad.Hangs) -> None:
    """Suspension does not turn silence into a yes."""
    found = plugins(hanging, limits=Limits(seconds=0.01, hangs=1))

    assert [Failed("hangs")] * 2 == [found.decide_contact(REQUEST) for _ in range(2)]


def test_a_denial_stands_beside_a_plugin_that_failed() -> None:
    """It is final whatever the other would have said."""
    decision = plugins(bad.Raises(), bad.Refuses()).decide_contact(REQUEST)

    assert isinstance(decision, ContactDecision)
    assert (False, "quiet_week") == (decision.allowed, decision.rule)


def test_one_denial_is_enough() -> None:
    """A permission does not outvote a denial."""
    decision = plugins(bad.Good(), bad.Refuses()).decide_contact(REQUEST)

    assert isinstance(decision, ContactDecision)
    assert (False, "quiet_week") == (decision.allowed, decision.rule)


def test_nobody_asked_means_no_opinion() -> None:
    """Without plugins policy alone decides."""
    assert plugins().decide_contact(REQUEST) is None
    assert plugins(bad.Good()).implements("decide_contact")
    assert not plugins(bad.Exits()).implements("decide_contact")
