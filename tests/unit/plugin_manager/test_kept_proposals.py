"""Of what a plugin proposes, only what is a plugin's to say is kept, and what the store can hold."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.hookspecs import Proposal, SourceView
from crm_bridge.plugin_manager.answers import VALUE_LIMIT, keep_proposals

VIEW = SourceView("siebel/contact/1", "siebel", "contact", "1", {"kind": "person"})
CONSENT = {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}
RECORD = {"system": "siebel.contact.row_id", "value": "1-A", "type": "record"}


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "0192e0c4-0000-7000-8000-000000000000"),
        ("version", 7),
        ("kind", "organisation"),
        ("status", "deceased"),
        ("replaced_by", "0192e0c4-0000-7000-8000-000000000000"),
        ("consents", [CONSENT]),
        ("consents[claims/sms].status", "granted"),
        ("consents[claims/sms]", CONSENT),
        ("identifiers", [RECORD]),
        ("identifiers[siebel.contact.row_id/1-A]", RECORD),
        ("identifiers[siebel.contact.row_id/1-A].value", "1-B"),
    ],
)
def test_who_a_client_is_and_what_it_agreed_to_is_no_plugins_to_say(path: str, value: Any) -> None:
    """Dropped, and counted with the reason."""
    kept = keep_proposals([Proposal(VIEW.key, path, value, "an example")], [VIEW])

    assert ((), {"not for plugins to propose": 1}) == (kept.items, kept.dropped)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("x" * VALUE_LIMIT, f"value of more than {VALUE_LIMIT} characters at name.given"),
        ("\ud800", "value is not plain data at name.given"),
        (float("nan"), "value is not plain data at name.given"),
        (nested(2_000), "value is not plain data at name.given"),
        (1 << 80, "value is not plain data at name.given"),
    ],
)
def test_what_no_store_could_hold_is_dropped(value: Any, why: str) -> None:
    """One plugin's monstrous value breaks neither the page nor the run."""
    kept = keep_proposals([Proposal(VIEW.key, "name.given", value, "an example")], [VIEW])

    assert ((), {why: 1}) == (kept.items, kept.dropped)


@pytest.mark.parametrize(
    "proposal",
    [
        Proposal(["a list"], "name.given", "Anna", "an example"),  # type: ignore[arg-type]  # plugins are not typed
        Proposal(VIEW.key, "name.given", "Anna", "x" * VALUE_LIMIT),
        Proposal(VIEW.key, "name.given", "Anna", 5),  # type: ignore[arg-type]  # plugins are not typed
        Proposal(VIEW.key, f"facts[{'x' * VALUE_LIMIT}].value", "x", "an example"),
        Proposal(VIEW.key, "facts[\ud800].value", "x", "an example"),
    ],
)
def test_so_are_odd_keys_paths_and_reasons(proposal: Proposal) -> None:
    """Every part of a proposal is judged."""
    kept = keep_proposals([proposal], [VIEW])

    assert ((), 1) == (kept.items, sum(kept.dropped.values()))
