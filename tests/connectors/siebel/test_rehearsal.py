"""`crm-bridge plugin check siebel`: the promises that every connector makes, tried in each dialect and over REST."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from crm_bridge.api import Secret
from crm_bridge.testing.rehearsal import rehearse
from crm_bridge_siebel.registration import connector_type


def test_every_promise_is_held():
    """What is not tried is what the connector does not promise."""
    found = list(
        rehearse(
            connector_type(),
            clock=lambda: datetime(2026, 10, 20, 8, 15, tzinfo=UTC),
            secrets=lambda folder: lambda named: Secret(Path(named.removeprefix("file:")).read_text("utf-8")),
        )
    )
    outcomes = Counter(result.outcome for result in found)

    assert [] == [(result.test, result.why) for result in found if result.outcome == "broken"]
    assert outcomes["held"] > 60
    suites = {result.suite for result in found if result.outcome == "held"}
    assert "EventReceiverContract" in suites
