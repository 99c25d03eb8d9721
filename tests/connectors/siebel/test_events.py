"""Notifications of Siebel's workflows: who is believed, what is taken, and what is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from crm_bridge.api import EventReceiver, InboundRequest, RejectRecord
from crm_bridge_siebel.simulator.catalogue import CONTACT
from crm_bridge_siebel.simulator.events import siebel_message

TOKEN = "0123456789abcdef01234567"
ROW = {"Id": "1-4X7Q", "LastName": "Коваль", "ListOfChild": {"Child": [{"Id": "1-9ZZ", "FirstName": "Марко"}]}}


def request(body=b"", *, path=f"/{TOKEN}", headers=None):
    return InboundRequest("POST", path, {}, headers or {}, body, datetime(2026, 10, 20, tzinfo=UTC))


def basic(user, password):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def connector(siebel, tmp_path):
    """Takes notifications at a secret address."""
    (tmp_path / "token").write_text(TOKEN)
    return siebel.connector(events={"path_token_ref": f"file:{tmp_path / 'token'}"})


@pytest.mark.parametrize("whole", [True, False])
def test_a_message_is_a_hint_to_read_its_records(connector, whole):
    """Its row id is taken and nothing else; child rows have ids of their own, which are none of ours."""
    assert isinstance(connector, EventReceiver)
    body = siebel_message(CONTACT, ROW, message_id="1-M1", whole=whole)

    connector.verify(request(body))
    (hint,) = connector.parse(request(body))

    assert ("contact", "1-4X7Q", "1-M1/1-4X7Q") == (hint.kind, hint.record_id, hint.event_id)
    assert (hint,) == connector.parse(request(body)), "the same event has another name when it comes again"


@pytest.mark.parametrize("path", ["/", "/wrong", f"/{TOKEN}x", f"/x/{TOKEN}", f"/{TOKEN[:-1]}", "/ключ"])
def test_a_wrong_address_is_not_believed(connector, path):
    """The secret is the whole rest of the address."""
    with pytest.raises(RejectRecord):
        connector.verify(request(path=path))


def test_without_events_nobody_is_believed(siebel):
    """An empty configuration opens no door."""
    with pytest.raises(RejectRecord):
        siebel.connector().verify(request())


@pytest.mark.parametrize(
    ("headers", "good"),
    [
        (basic("EAI", "a:b"), True),
        (basic("EAI", "a"), False),
        (basic("", ""), False),
        ({}, False),
        ({"authorization": "Basic ???"}, False),
        ({"authorization": "Bearer x"}, False),
    ],
)
def test_basic_authentication_is_checked_whole(siebel, tmp_path, headers, good):
    """User and password, and nothing that only looks like them."""
    (tmp_path / "password").write_text("a:b")
    connector = siebel.connector(events={"username": "EAI", "password_ref": f"file:{tmp_path / 'password'}"})
    try:
        connector.verify(request(headers=headers))
    except RejectRecord:
        assert not good
    else:
        assert good


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<SiebelMessage",
        b"<html><body>busy</body></html>",
        b"<SiebelMessage><ListOfX><Contact><Id/></Contact></ListOfX></SiebelMessage>",
        b"<SiebelMessage><ListOfX><Contact><Id>1-1' OR [Id] LIKE '*</Id></Contact></ListOfX></SiebelMessage>",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><SiebelMessage>&b;</SiebelMessage>',
        b"<SiebelMessage>" + b"<a>" * 500 + b"</a>" * 500 + b"</SiebelMessage>",
        "<SiebelMessage/>".encode("utf-16"),
        b"<SiebelMessage><L>"
        + b"".join(b"<Contact><Id>1-%d</Id></Contact>" % n for n in range(1_100))
        + b"</L></SiebelMessage>",
    ],
)
def test_what_is_no_message_is_refused(connector, body):
    """It becomes a dead letter, and nothing of it reaches a query."""
    with pytest.raises(RejectRecord):
        connector.parse(request(body))


def test_a_message_within_an_envelope_is_found(connector):
    """Some sites send it over SOAP."""
    message = siebel_message(CONTACT, ROW, message_id="1-M1", whole=False).split(b"?>", 2)[2]
    start = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    body = start + message + b"</s:Body></s:Envelope>"

    assert ["1-4X7Q"] == [hint.record_id for hint in connector.parse(request(body))]


def test_objects_that_are_none_of_ours_give_no_hint(connector):
    """They are taken and forgotten."""
    body = b'<SiebelMessage MessageId="1"><ListOfA><Asset><Id>1-1</Id></Asset></ListOfA></SiebelMessage>'

    assert () == connector.parse(request(body))


def test_a_message_of_too_many_records_is_refused(connector):
    """One request makes us read a thousand records at most."""
    rows = b"".join(b"<Contact><Id>1-%d</Id></Contact>" % number for number in range(1_001))

    with pytest.raises(RejectRecord):
        connector.parse(request(b"<SiebelMessage><L>" + rows + b"</L></SiebelMessage>"))
