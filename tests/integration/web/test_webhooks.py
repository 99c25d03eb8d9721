"""What systems send us is capped, kept as raw bytes, and answered by what became of it."""

from __future__ import annotations

import threading

import httpx
import pytest

from crm_bridge.connector import InboundRequest
from crm_bridge.errors import Locked, RetryLater

from .conftest import NOW


def test_a_webhook_arrives_as_the_bytes_that_were_sent(url, bridge):
    """A signature covers raw bytes, so nothing parses or recodes them on the way."""
    body = b'{"a":1,  "b":"\xd1\x82"}\r\n'
    headers = {"X-Signature": "v1,abc", "Content-Type": "application/json"}

    answer = httpx.post(f"{url}/webhooks/callcenter/events/x?q=1", content=body, headers=headers)

    assert (202, b"") == (answer.status_code, answer.content)
    (system, request), *others = bridge.received
    assert [] == others
    assert "callcenter" == system
    assert InboundRequest("POST", "/events/x", {"q": "1"}, request.headers, body, NOW) == request
    assert "v1,abc" == request.headers["x-signature"]


def test_a_delivery_report_may_come_as_a_get(url, bridge):
    """Kannel's contract: everything in the query."""
    assert 202 == httpx.get(f"{url}/webhooks/sms_gateway/dlr?id=m-1&status=1").status_code
    assert ("GET", "/dlr", {"id": "m-1", "status": "1"}) == (
        bridge.received[0][1].method,
        bridge.received[0][1].path,
        bridge.received[0][1].query,
    )


@pytest.mark.parametrize("end", ["", "/"])
def test_the_path_behind_the_system_is_a_slash_at_least(url, bridge, end):
    """Whether or not the sender writes one, and without a redirect."""
    assert 202 == httpx.post(f"{url}/webhooks/callcenter{end}", content=b"x").status_code
    assert "/" == bridge.received[0][1].path


@pytest.mark.parametrize("status_code", [200, 202, 400, 401, 404])
def test_the_sender_learns_the_verdict_and_no_reason(serve, bridge, status_code):
    """A status alone: whoever cannot prove itself learns nothing."""
    bridge.answers = status_code
    answer = httpx.post(f"{serve(bridge)}/webhooks/callcenter/x", content=b"x")

    assert (status_code, b"") == (answer.status_code, answer.content)


@pytest.mark.parametrize("error", [RetryLater("the store is busy"), Locked("another run")])
def test_what_could_not_be_stored_is_asked_for_again(serve, bridge, error):
    """503 with Retry-After, and never a 2xx for what is not durable."""
    bridge.raises = error
    answer = httpx.post(f"{serve(bridge)}/webhooks/callcenter/x", content=b"x")

    assert 503 == answer.status_code
    assert answer.headers["retry-after"].isdigit()


def test_a_body_over_the_cap_is_refused_by_its_length(url, bridge):
    """413 before it is read."""
    answer = httpx.post(f"{url}/webhooks/callcenter/x", content=b"x" * (256 * 1024 + 1))

    assert 413 == answer.status_code
    assert [] == bridge.received


def test_a_body_over_the_cap_is_refused_without_a_length_too(url, bridge):
    """Chunked: counted as it comes."""

    def chunks():
        for _ in range(300):
            yield b"x" * 1024

    try:
        status_code = httpx.post(f"{url}/webhooks/callcenter/x", content=chunks()).status_code
    except httpx.TransportError:  # the server may close before we have sent all
        status_code = 413

    assert 413 == status_code
    assert [] == bridge.received


def test_a_body_at_the_cap_is_taken(url, bridge):
    """256 KB is allowed."""
    assert 202 == httpx.post(f"{url}/webhooks/callcenter/x", content=b"x" * (256 * 1024)).status_code


def test_compressed_bodies_are_refused(url, bridge):
    """A bomb never gets to unfold."""
    answer = httpx.post(f"{url}/webhooks/callcenter/x", content=b"x", headers={"Content-Encoding": "gzip"})

    assert 415 == answer.status_code
    assert [] == bridge.received


def test_headers_over_the_cap_are_refused(url, bridge):
    """8 KB in all."""
    answer = httpx.post(f"{url}/webhooks/callcenter/x", content=b"x", headers={"X-Long": "x" * 8192})

    assert 431 == answer.status_code
    assert [] == bridge.received


def test_other_methods_are_not_for_webhooks(url):
    """POST and GET alone."""
    assert 405 == httpx.delete(f"{url}/webhooks/callcenter/x").status_code


def test_the_inbox_is_woken_by_what_was_stored_only(serve, bridge):
    """A refused request wakes nobody."""
    woken = []
    url = serve(bridge, on_received=lambda: woken.append(True))
    bridge.answers = 401
    httpx.post(f"{url}/webhooks/callcenter/x", content=b"x")
    bridge.answers = 202
    httpx.post(f"{url}/webhooks/callcenter/x", content=b"x")

    assert [True] == woken


def test_a_burst_is_taken_whole(url, bridge):
    """Everything that was answered with 202 was stored, whatever the order."""
    answers = []

    def send(sender):
        with httpx.Client() as client:
            for index in range(25):
                answers.append(client.post(f"{url}/webhooks/callcenter/{sender}-{index}", content=b"x").status_code)

    senders = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()

    assert [202] * 200 == answers
    assert 200 == len({request.path for _, request in bridge.received})
