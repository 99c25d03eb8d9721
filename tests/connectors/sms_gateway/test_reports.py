"""Delivery reports: from the simulator's callbacks to events, and what is kept out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_bridge.api import InboundRequest, OutboundMessage, RejectRecord
from crm_bridge_sms_gateway import reports

from .conftest import NOW


@pytest.fixture
def send(connector, catcher):
    def send_(message_id="claims_sms:registered:CL-2026-0042"):
        connector.send(
            OutboundMessage(message_id, "sms", "+380505550101", "Вашу справу зареєстровано", report_url=catcher.url)
        )

    return send_


def events(connector, requests):
    for request in requests:
        connector.verify(request)
    return [event for request in requests for event in connector.parse(request)]


def test_accepted_then_delivered(connector, catcher, send):
    """Two reports on one message, with its own id, times and the words of the SMSC."""
    send()
    found = events(connector, catcher.wait_for(2))

    assert [("claims_sms:registered:CL-2026-0042", "sent"), ("claims_sms:registered:CL-2026-0042", "delivered")] == [
        (event.message_id, event.status) for event in found
    ]
    assert ("stat:DELIVRD err:000", datetime(2026, 10, 20, 8, 15, tzinfo=UTC)) == (found[1].detail, found[1].at)


def test_the_query_of_the_configured_address_stays(catcher, send):
    """A percent sign of ours is no escape of Kannel's."""
    send()

    assert "a b" == catcher.wait_for(1)[0].query["tenant"]


def test_a_report_may_come_before_the_answer(connector, system, catcher, send):
    """The sender is still waiting when it is there."""
    system.configure(dlr_before_answer_next=1)
    send()

    assert ["sent", "delivered"] == [event.status for event in events(connector, catcher.requests)]


def test_a_report_may_never_come(system, catcher, send):
    """Kannel tries once; the message was delivered all the same."""
    system.configure(dlr_lost_next=1)
    send("lost")
    send("told")
    catcher.wait_for(2)

    assert 2 == len(catcher.requests)
    assert ["delivered", "delivered"] == [message["status"] for message in system.records("message")]


def test_queued_then_not_delivered(connector, system, catcher, send):
    """4, 8 and 2."""
    system.configure(queued_next=1, undeliverable_next=1)
    send()

    assert ["accepted", "sent", "failed"] == [event.status for event in events(connector, catcher.wait_for(3))]


def test_no_phone_and_no_text_come_back(connector, catcher, send):
    """Not in the address that was asked for, and not in what is kept of the receipt."""
    send()
    requests = catcher.wait_for(2)

    assert not any("380505550101" in value for request in requests for value in request.query.values())
    assert not any("справу" in (event.detail or "") for event in events(connector, requests))


def test_a_token_is_good_for_its_message_alone(connector, catcher, send):
    """Whoever got one report cannot make another."""
    send("n-1")
    send("n-2")
    first, *_, last = catcher.wait_for(4)
    forged = replace(first, query={**first.query, "m": last.query["m"]})
    with pytest.raises(RejectRecord, match="did not hand out"):
        connector.verify(forged)


@pytest.mark.parametrize(
    "query", [{}, {"m": "бад", "t": "x"}, {"m": "!", "t": "x"}, {"m": "bi0x"}, {"m": "_w", "t": "x"}]
)
def test_a_report_that_names_nothing_is_kept_out(connector, query):
    """Rejected, not a crash."""
    with pytest.raises(RejectRecord):
        connector.verify(InboundRequest("GET", "/", query, {}, b"", NOW))


@pytest.mark.parametrize(
    ("kind", "status"), [("1", "delivered"), ("2", "failed"), ("4", "accepted"), ("8", "sent"), ("16", "failed")]
)
def test_each_kind_has_its_status(kind, status):
    """As Kannel's guide numbers them."""
    query = {"m": "bi0x", "d": kind, "f": "7", "a": "", "at": ""}
    (report,) = reports.parse(InboundRequest("GET", "/", query, {}, b"", NOW))

    assert ("n-1", status, f"dlr:n-1:{kind}:7") == (report.message_id, report.status, report.event_id)


def test_an_expired_message_is_said_to_be(connector):
    """The receipt's own state says more than the number."""
    query = {"m": "bi0x", "d": "2", "a": "id:1 sub:001 dlvrd:000 stat:EXPIRED err:027 text:Вашу"}
    (report,) = reports.parse(InboundRequest("GET", "/", query, {}, b"", NOW))

    assert ("expired", "stat:EXPIRED err:027") == (report.status, report.detail)


def test_an_unknown_kind_is_rejected(connector):
    """Never guessed."""
    with pytest.raises(RejectRecord, match="unknown kind"):
        reports.parse(InboundRequest("GET", "/", {"m": "bi0x", "d": "3"}, {}, b"", NOW))


def test_without_a_secret_no_reports_are_asked_for(open_connector, catcher, system):
    """And none are taken."""
    connector = open_connector(dlr_secret_ref=None)
    connector.send(OutboundMessage("n-1", "sms", "+380505550101", "Hello", report_url=catcher.url))
    system.stop()  # sends what waits

    assert [] == catcher.requests
    with pytest.raises(RejectRecord):
        connector.verify(InboundRequest("GET", "/", {"m": "bi0x", "t": "x"}, {}, b"", NOW))
