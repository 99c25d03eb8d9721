"""A sender that keeps us waiting is closed, wherever it stops; one that does not is left alone."""

from __future__ import annotations

import socket
import threading

import httpx
import pytest

from crm_bridge.web.connection_guard import guarded_protocol

QUICK = guarded_protocol(header_seconds=0.3, body_seconds=0.6)
START = b"POST /webhooks/callcenter/x HTTP/1.1\r\nHost: localhost\r\n"


def _connect(url):
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def _closed(connection):
    """Wait, by reading, until the other side closes; a time-out of the socket fails the test."""
    try:
        while connection.recv(1024):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        START,
        START + b"X-Half: ",
        START + b"Content-Length: 100\r\n\r\nabc",
        START + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["silent", "half the headers", "half a header", "half a body", "half a chunk"],
)
def test_a_half_open_request_is_closed(serve, bridge, sent):
    """The four shapes of slow loris, and silence."""
    with _connect(serve(bridge, protocol=QUICK)) as connection:
        connection.sendall(sent)

        assert _closed(connection)
    assert [] == bridge.received


def test_dripping_does_not_put_the_deadline_off(serve, bridge):
    """The deadline runs from the first byte, not from the last."""
    with _connect(serve(bridge, protocol=QUICK)) as connection:
        connection.settimeout(0.05)
        sent, closed = 0, False
        for byte in START * 50:
            try:
                connection.sendall(bytes([byte]))
                sent += 1
                closed = connection.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
            if closed:
                break

    assert closed
    assert sent < 20


def test_a_kept_connection_serves_many_requests(serve, bridge):
    """Deadlines are of one request, and do not add up."""
    url = serve(bridge, protocol=QUICK)
    with httpx.Client() as client:
        answers = [client.post(f"{url}/webhooks/callcenter/x", content=b"x").status_code for _ in range(50)]

    assert [202] * 50 == answers


def test_a_slow_answer_of_ours_is_not_the_senders_fault(serve, bridge):
    """Once the request is here whole, no deadline of reading runs."""
    never = threading.Event()
    receive = bridge.receive

    def slowly(system, request):
        never.wait(1.0)  # longer than both deadlines
        return receive(system, request)

    bridge.receive = slowly

    assert 202 == httpx.post(f"{serve(bridge, protocol=QUICK)}/webhooks/callcenter/x", content=b"x").status_code


def test_a_body_that_comes_too_slowly_is_told_so(serve, bridge):
    """408 before the connection is closed."""
    with _connect(serve(bridge, body_seconds=0.2)) as connection:
        connection.sendall(START + b"Content-Length: 100\r\n\r\nabc")

        assert connection.recv(1024).startswith(b"HTTP/1.1 408 ")
