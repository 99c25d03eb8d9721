"""Sending through Kannel's contract: every answer, and no answer at all."""

from __future__ import annotations

import logging

import pytest

from crm_bridge.api import (
    CredentialsRefused,
    EventReceiver,
    MessageAccepted,
    MessageChannel,
    OutboundMessage,
    Postponed,
    RecordSource,
    Refused,
    Unknown,
    Unreachable,
    WriteLookup,
)
from crm_bridge_sms_gateway.segments import count_segments
from crm_bridge_sms_gateway.sending import outcome_of
from crm_bridge_sms_gateway.simulator.handset import shown_text

PHONE = "+380505550101"
CYRILLIC = "Справу № CL-2026-0042 зареєстровано. Ґанок, їжак, ’лапки’ — & + % ="


def message(text=CYRILLIC, **more):
    return OutboundMessage(**{"id": "n-1", "channel": "sms", "to": PHONE, "text": text, **more})


def test_it_is_what_it_says(connector):
    """The bridge looks for protocols with isinstance."""
    for protocol in (MessageChannel, EventReceiver, RecordSource, WriteLookup):
        assert isinstance(connector, protocol)


def test_it_carries_sms(connector):
    """And nothing else."""
    assert ["sms"] == list(connector.channels())


def test_cyrillic_arrives_as_it_was_written(connector, system):
    """As the handset shows it, in one part more than a Latin text."""
    outcome = connector.send(message(CYRILLIC))
    (sent,) = system.records("message")

    assert MessageAccepted(parts=count_segments(CYRILLIC).parts) == outcome
    assert (CYRILLIC, PHONE, "2") == (sent["text"], sent["to"], sent["coding"])


def test_a_latin_text_travels_in_seven_bits(connector, system):
    """Half the price; extended letters included."""
    connector.send(message("Case {42}: 12 500 € [ok]"))
    (sent,) = system.records("message")

    assert ("Case {42}: 12 500 € [ok]", "0") == (sent["text"], sent["coding"])


def test_queued_is_taken_too(connector, system):
    """`3: Queued for later delivery` is a success."""
    system.configure(queued_next=1)

    assert isinstance(connector.send(message()), MessageAccepted)


def test_a_lost_answer_leaves_the_outcome_unknown(connector, system):
    """And the message may well have gone: it is not sent again."""
    system.configure(drop_answer_next=1)

    assert isinstance(connector.send(message()), Unknown)
    assert 1 == len(system.records("message"))


def test_a_late_answer_leaves_the_outcome_unknown(open_connector, system):
    """The time limit is no proof that nothing happened."""
    system.configure(delay=0.5)

    assert isinstance(open_connector(timeout_seconds=0.1).send(message()), Unknown)


def test_a_busy_gateway_postpones(connector, system):
    """503: nothing happened."""
    system.configure(fail_next=1)

    assert isinstance(connector.send(message()), Postponed)
    assert [] == list(system.records("message"))


def test_a_gateway_that_is_down_was_sent_nothing(connector, system):
    """A refused connection may be repeated."""
    connector.send(message())
    system.stop()
    with pytest.raises(Unreachable):
        connector.send(message())


def test_a_refused_account_stops(open_connector):
    """403: trying on would lock it."""
    with pytest.raises(CredentialsRefused):
        open_connector(username="somebody").send(message())


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (202, "0: Accepted for delivery", MessageAccepted),
        (202, "3: Queued for later delivery", MessageAccepted),
        (202, "<html>Welcome to the hotel</html>", Unknown),
        (200, "<html>Please log in</html>", Unknown),
        (302, "", Unknown),
        (400, "Missing receiver number, rejected", Refused),
        (503, "Temporal failure, try again later.", Postponed),
        (500, "", Unknown),
        (502, "", Unknown),
    ],
)
def test_each_answer_has_a_meaning(status, body, expected):
    """What is not Kannel's leaves the outcome open."""
    assert expected is type(outcome_of(status, body, retry_after=None, segments=count_segments("x")))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": "380505550101"}, "bad_phone"),
        ({"to": "+380505550101 +380505550102"}, "bad_phone"),
        ({"text": ""}, "empty_text"),
        ({"text": "ж" * 671}, "too_long"),
    ],
)
def test_what_the_gateway_would_bend_is_not_offered(connector, system, changes, code):
    """A space is a second recipient; a long text would be cut."""
    outcome = connector.send(message(**changes))

    assert (code, []) == (outcome.code, list(system.records("message")))


def test_no_log_holds_the_address_of_a_call(connector, caplog):
    """It holds the password, the phone and the text."""
    caplog.set_level(logging.DEBUG)
    connector.send(message())

    assert "380505550101" not in caplog.text
    assert "password" not in caplog.text


def test_check_sends_nothing(connector, system):
    """A look at the account and at the register."""
    assert [] == list(connector.check())
    assert [] == list(system.records("message"))


def test_the_simulator_shows_what_a_mistake_would_look_like():
    """Cyrillic without coding becomes question marks, silently: as Kannel does."""
    assert "?????!" == shown_text("Їжак№!".encode(), coding="0", charset="")
    assert "Їжак" == shown_text("Їжак".encode("utf-16-be"), coding="2", charset="")
