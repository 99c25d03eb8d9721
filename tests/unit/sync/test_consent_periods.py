"""Statements of consent with different periods stand side by side: which of them counts is known when it is asked."""

from datetime import UTC, datetime

import pytest
from saying import TRUST, Systems, said

from crm_bridge.model import current_consent
from crm_bridge.sync.survivorship import survive

EXPIRED = {
    "purpose": "sales",
    "channel": "sms",
    "status": "granted",
    "captured_at": "2026-02-01T00:00:00Z",
    "valid": {"start": "2026-02-01", "end": "2026-03-01"},
}
CURRENT = {"purpose": "sales", "channel": "sms", "status": "granted", "captured_at": "2026-01-01T00:00:00Z"}
STOP = {"purpose": "sales", "channel": "sms", "status": "withdrawn", "captured_at": "2026-01-15T00:00:00Z"}


def holds(doc, month):
    at = datetime(2026, month, 15, tzinfo=UTC)
    return current_consent(doc["consents"], purpose="sales", channel="sms", at=at).status


@pytest.mark.parametrize("statements", [[EXPIRED, CURRENT], [CURRENT, EXPIRED]])
def test_an_expired_grant_does_not_hide_a_current_one_of_the_same_record(statements):
    """In whichever order they stand."""
    card = survive([said("a", consents=statements), said("b")], policy=TRUST)

    assert ["granted", "granted"] == [holds(card.doc, month) for month in (2, 6)]


def test_nor_one_of_another_system():
    card = survive([said("a", consents=[EXPIRED]), said("b", consents=[CURRENT])], policy=TRUST)

    assert "granted" == holds(card.doc, 6)


def test_a_grant_for_a_time_lies_above_a_refusal_only_for_that_time():
    """She had stopped it, then allowed one campaign: when that is over the refusal holds again."""
    card = survive([said("a", consents=[STOP]), said("b", consents=[EXPIRED])], policy=TRUST)

    assert ["granted", "withdrawn"] == [holds(card.doc, month) for month in (2, 6)]


def test_a_period_that_its_source_prolongs_takes_the_place_of_the_shorter_one():
    """Its former end is nobody's word any more, also where it was carried."""
    longer = {**EXPIRED, "valid": {**EXPIRED["valid"], "end": "2026-12-01"}}
    systems = Systems(said("a", consents=[EXPIRED]), said("b", seq=2))
    systems.carry()

    systems.reads("a/contact/1", consents=[longer])
    systems.carry()

    assert [[longer], [longer]] == [each.doc["consents"] for each in systems.records.values()]


def test_of_statements_with_one_period_the_stronger_stands():
    """As without periods."""
    refusal = {**EXPIRED, "status": "denied"}
    card = survive([said("a", consents=[EXPIRED]), said("b", consents=[refusal])], policy=TRUST)

    assert ["denied"] == [each["status"] for each in card.doc["consents"]]


@pytest.mark.parametrize("stored", ["02.01.2026", "2026-13-45", "?", 7])
def test_a_moment_that_cannot_be_read_stops_no_card(stored):
    """A store may hold what an older bridge took: a refusal without a readable date is one without a date."""
    refusal = {**STOP, "captured_at": stored}
    card = survive([said("a", consents=[CURRENT, refusal]), said("b", consents=[CURRENT])], policy=TRUST)

    assert [refusal] == card.doc["consents"]
