"""The guard of tests/conftest.py: it stops every way out, and remembers who tried."""

from __future__ import annotations

import socket

import httpx
import pytest

OUTSIDE = "192.0.2.1"  # TEST-NET-1 of RFC 5737: nobody's


def test_a_connection_to_the_outside_is_refused_and_remembered(refused_connections):
    """Connecting to an address is stopped before a packet leaves."""
    with socket.socket() as client, pytest.raises(PermissionError):
        client.connect((OUTSIDE, 80))

    assert [f"socket.connect '{OUTSIDE}'"] == refused_connections
    refused_connections.clear()


def test_a_name_is_not_even_looked_up(refused_connections):
    """A DNS question tells the outside as much as a connection."""
    with pytest.raises(httpx.ConnectError):  # httpx swallows the guard's error; the guard remembers
        httpx.get("http://crm.example.com/")

    assert ["socket.getaddrinfo 'crm.example.com'"] == refused_connections
    refused_connections.clear()


def test_loopback_is_free(refused_connections):
    """A server of our own is reached."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass

    assert [] == refused_connections
