"""Calls to the call centre: no foreign exception comes through, and no call outlives its deadline."""

from __future__ import annotations

import inspect
import socket
import threading

import httpx
import pytest

from crm_bridge.api import OutcomeUnknown, Secret, Unreachable
from crm_bridge_callcenter.calls import TRANSLATION, Calls, translate
from crm_bridge_callcenter.settings import CallCenterSettings

LEAVES = [
    kind
    for _, kind in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(kind, httpx.TransportError | httpx.TooManyRedirects | httpx.DecodingError | httpx.InvalidURL)
    and not kind.__subclasses__()
]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_in_the_table(kind):
    """A new one in a later release is noticed here."""
    assert kind in TRANSLATION


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_the_text_of_a_foreign_exception_is_not_passed_on(kind):
    """It may quote an address."""
    assert "+380505550101" not in str(translate(kind("+380505550101"), system="callcenter"))


def test_only_what_was_surely_not_sent_is_unreachable():
    """Everything else may have taken effect."""
    assert Unreachable is type(translate(httpx.ConnectError("x"), system="s"))
    assert OutcomeUnknown is type(translate(httpx.ReadTimeout("x"), system="s"))


@pytest.fixture
def dripping_server():
    """Answers one byte at a time, each within the read timeout."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stop.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop.set()
    thread.join()
    listener.close()


def test_a_server_that_drips_is_cut_off_at_the_deadline(dripping_server):
    """The time limit is of the whole call, not of each read."""
    settings = CallCenterSettings(base_url=dripping_server, token_ref="env:X", timeout_seconds=0.2)
    calls = Calls(settings, system="callcenter", token=Secret("t"))
    with pytest.raises(OutcomeUnknown, match="not whole after"):
        calls.call("GET", "/")
    calls.close()
