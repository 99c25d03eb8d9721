"""What Acme's plugins offer."""

from __future__ import annotations

import acme_vendor.plugin
from acme_vendor.welcome import Plugin

from crm_bridge.testing import event, person_doc, source_view


def test_a_member_without_channel_gets_sms() -> None:
    """And nobody else does."""
    silent = source_view("M-1", system="club", kind="member")
    spoken = source_view("M-2", system="club", kind="member", doc=person_doc(preferences={"channels": ["email"]}))
    stranger = source_view("1")
    proposals = list(acme_vendor.plugin.enrich_clients([silent, spoken, stranger]))

    assert [(silent.key, "preferences.channels", ["sms"])] == [(p.key, p.path, p.value) for p in proposals]


def test_a_new_client_is_greeted_once() -> None:
    """The same client has the same key."""
    plugin = Plugin(Plugin.Settings(text="Welcome to the club!"))
    events = [event("client.created"), event("client.created", event_id="e2"), event("client.changed")]
    notices = list(plugin.clients_changed(events))

    assert ["acme_vendor.welcome:c1"] * 2 == [notice.key for notice in notices]
    assert {"Welcome to the club!"} == {notice.text for notice in notices}
