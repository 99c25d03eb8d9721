"""What holds now, from an append-only list of consents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_bridge.model import Consent, current_consent

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def said(
    status: str, day: str | None = None, *, purpose: str = "claims", channel: str = "sms", **more: Any
) -> dict[str, Any]:
    dated = {"captured_at": f"{day}T10:00:00Z"} if day else {}
    return {"purpose": purpose, "channel": channel, "status": status, **dated, **more}


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([], "none"),
        ([said("granted", "2026-01-02")], "granted"),
        ([said("granted")], "granted"),
        ([said("granted", "2026-01-02"), said("withdrawn", "2026-02-02")], "withdrawn"),
        ([said("withdrawn", "2026-01-02"), said("granted", "2026-02-02")], "granted"),
        ([said("withdrawn", "2026-02-02"), said("granted", "2026-02-02")], "withdrawn"),
        ([said("granted", "2026-02-02"), said("denied", "2026-02-02")], "denied"),
        ([said("denied", "2020-01-01"), said("granted")], "denied"),
        ([said("denied"), said("granted", "2026-02-02")], "denied"),
        ([said("denied", "2026-03-01", purpose="any"), said("granted", "2026-02-02")], "denied"),
        ([said("denied", "2026-03-01", channel="any"), said("granted", "2026-02-02")], "denied"),
        ([said("denied", "2026-01-01", purpose="any", channel="any"), said("granted", "2026-02-02")], "granted"),
        ([said("granted", "2026-02-02", purpose="any")], "none"),
        ([said("granted", "2026-02-02", channel="any")], "none"),
        ([said("granted", "2026-02-02", purpose="sales")], "none"),
        ([said("denied", "2026-02-02", purpose="sales"), said("granted", "2026-01-01")], "granted"),
        ([said("granted", "2027-01-01")], "none"),
        ([said("granted", "2026-01-01"), said("withdrawn", "2027-01-01")], "withdrawn"),
        ([said("granted", "2026-01-01", valid={"end": "2026-06-01"})], "none"),
        ([said("pending", "2026-01-01")], "pending"),
        ([said("granted", "2026-01-01"), said("pending", "2026-02-01")], "granted"),
        ([said("granted", "2026-01-01", contact_point="p1")], "none"),
        ([said("granted", "2026-01-01"), said("denied", "2026-02-01", contact_point="p1")], "denied"),
    ],
)
def test_the_rules_of_consent(consents: list[dict[str, Any]], expected: str) -> None:
    """Newest dated; refusal wins ties and undated grants; ``any`` covers all in a refusal and nothing in a grant."""
    forward = current_consent(consents, purpose="claims", channel="sms", at=AT)
    backward = current_consent(reversed(consents), purpose="claims", channel="sms", at=AT)

    assert forward.status == expected
    assert backward.status == expected
    assert forward.granted == (expected == "granted")


def test_a_consent_may_be_about_one_point_alone() -> None:
    """A grant for one number does not cover another."""
    consents = [said("granted", "2026-01-01", contact_point="p1")]

    assert current_consent(consents, purpose="claims", channel="sms", at=AT, contact_point="p1").granted
    assert not current_consent(consents, purpose="claims", channel="sms", at=AT, contact_point="p2").granted


def test_models_and_documents_mean_the_same() -> None:
    """The function takes either."""
    doc = said("granted", "2026-01-02")
    state = current_consent([Consent.model_validate(doc)], purpose="claims", channel="sms", at=AT)

    assert state.granted
    assert state.decided_by == doc


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([said("granted", "2026-02-02"), {**said("denied"), "captured_at": "02.01.2026"}], "denied"),
        ([said("denied", "2020-01-01"), {**said("granted"), "captured_at": "2026-13-45"}], "denied"),
        ([said("granted", "2026-02-02", valid={"end": "next year"})], "none"),
        ([said("denied", "2026-02-02", valid={"start": "2026-01-01", "end": "?"})], "denied"),
    ],
)
def test_a_date_that_nobody_can_read_widens_nothing(consents: list[dict[str, Any]], expected: str) -> None:
    """It counts as no date: a refusal stands, and a grant gives way. Who may be contacted can still be asked."""
    state = current_consent(consents, purpose="claims", channel="sms", at=AT)

    assert expected == state.status
