"""Webhooks of the call centre, as the simulator sends them and as others would like to."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from crm_bridge.api import ConfigMistake, RecordHint, RejectRecord, Secret
from crm_bridge_callcenter import webhooks

from .conftest import client

KEY = webhooks.signing_key(Secret("whsec_" + base64.b64encode(b"k" * 32).decode()))


def caught(catcher, count):
    """Wait for ``count`` requests; the sender works in the background."""
    ticker = threading.Event()
    for _ in range(500):
        if len(catcher.requests) >= count:
            break
        ticker.wait(0.01)
    return list(catcher.requests)


@pytest.fixture
def changed(connector, system, catcher):
    """Makes a change as a user of the call centre, and returns what arrived."""
    (name,) = system.load("client", [client(1)])
    system.configure(webhook_url=catcher.server.url)

    def change(count=1):
        system.edit("client", name, {"job_title": "лікар"})
        return caught(catcher, count)

    return change


def test_a_change_becomes_a_hint(connector, changed):
    """The event leads to a re-read; its content is not trusted."""
    (request,) = changed()
    connector.verify(request)

    assert (RecordHint("evt_cc-1001_2", "client", "cc-1001"),) == tuple(connector.parse(request))


def test_the_same_webhook_twice_is_one_event(connector, system, changed):
    """Its id is the same: the inbox keeps one."""
    system.configure(webhook_duplicate_next=1)
    events = {connector.parse(request)[0].event_id for request in changed(2)}

    assert {"evt_cc-1001_2"} == events


def test_a_webhook_signed_by_somebody_else_is_kept_out(connector, system, changed):
    """Forged."""
    system.configure(webhook_forged_next=1)
    with pytest.raises(RejectRecord, match="signature"):
        connector.verify(changed()[0])


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_replay_is_kept_out(connector, changed, seconds):
    """Genuine, but of another time than its timestamp says."""
    request = changed()[0]
    with pytest.raises(RejectRecord, match="300 s"):
        connector.verify(replace(request, received_at=request.received_at + timedelta(seconds=seconds)))


def test_a_changed_body_is_kept_out(connector, changed):
    """The signature covers the raw bytes."""
    request = changed()[0]
    with pytest.raises(RejectRecord, match="signature"):
        connector.verify(replace(request, body=request.body.replace(b"cc-1001", b"cc-1002")))


def test_old_and_new_secret_are_both_taken_while_they_rotate(changed):
    """Several signatures in the header, several keys here: one match is enough."""
    request = changed()[0]
    headers = dict(request.headers)
    ours = webhooks.sign(KEY, event_id=headers["webhook-id"], timestamp=headers["webhook-timestamp"], body=request.body)
    signed = replace(request, headers=headers | {"webhook-signature": f"v1a,x {headers['webhook-signature']} {ours}"})

    webhooks.verify(signed, keys=[b"o" * 32, KEY])


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v2,abc", "v1,\u044f", "v1," + "A" * 100_000])
def test_a_malformed_signature_is_a_rejection(connector, changed, signature):
    """Not a crash."""
    request = changed()[0]
    with pytest.raises(RejectRecord):
        connector.verify(replace(request, headers=dict(request.headers) | {"webhook-signature": signature}))


def test_without_a_secret_no_webhook_is_taken(open_connector, changed):
    """Unsigned is not good enough."""
    with pytest.raises(RejectRecord):
        open_connector(webhook_secret_ref=None).verify(changed()[0])


def test_a_secret_that_is_none_is_a_mistake_in_the_configuration(open_connector, tmp_path):
    """Told at the start."""
    (tmp_path / "short").write_text("whsec_AAAA", encoding="ascii")
    with pytest.raises(ConfigMistake, match="24 bytes"):
        open_connector(webhook_secret_ref=f"file:{tmp_path / 'short'}")


def test_the_control_api_does_what_the_methods_do(connector, system, catcher):
    """For whoever tries the bridge by hand."""
    url = system._server.url
    with httpx.Client(base_url=url) as http:
        (name,) = http.post("/_simulator/load/client", json=[client(1)]).json()["ids"]
        http.post("/_simulator/knobs", json={"webhook_url": catcher.server.url}).raise_for_status()
        http.post(f"/_simulator/edit/client/{name}", json={"job_title": "лікар"}).raise_for_status()
        refused = http.post("/_simulator/knobs", json={"no_such": 1})

        assert system.records("client") == http.get("/_simulator/state/client").json()
        assert (422, catcher.server.url) == (refused.status_code, http.get("/_simulator/knobs").json()["webhook_url"])
    assert 1 == len(caught(catcher, 1))
