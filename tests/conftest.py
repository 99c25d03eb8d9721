"""What holds for every test: no network but loopback, and a word about the real peers that are here.

The guard is an audit hook of the interpreter, so that it sees connections of every library, also those made in C.
It raises, and it remembers: code under test may take the error for an unreachable partner and go on, the test still
fails. Processes that a test starts are not guarded.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings
from kept import keep_parsed_yaml, open_unsynced

from crm_bridge.store import opening

# The same stories in every run: a build tells of the change that it tests. HYPOTHESIS_PROFILE=explore looks for others.
settings.register_profile("build", derandomize=True, deadline=None)  # a machine that is busy is no mistake
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "build"))

# Real programs that some tests talk to when they are installed: never needed, skipped by name.
REAL_PEERS = {"kannel": "bearerbox", "asterisk": "asterisk", "prism": "prism"}

_outside: list[str] = []


def _is_loopback(host: object) -> bool:
    if host is None or host in ("", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text == socket.gethostname()
    return address.is_loopback or address.is_unspecified


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if not isinstance(address, tuple):  # a Unix socket, or one that is connected already
            return
        host = address[0]
    else:
        return
    if not _is_loopback(host):
        _outside.append(f"{event} {host!r}")
        raise PermissionError(f"tests use no network but loopback: {event} {host!r}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_peer(name): talks to a real program; skipped where it is not installed")
    sys.addaudithook(_refuse_the_network)
    keep_parsed_yaml()


def pytest_report_header() -> str:
    found = {name: shutil.which(program) for name, program in REAL_PEERS.items()}
    return "optional real peers: " + ", ".join(f"{name} {'present' if at else 'absent'}" for name, at in found.items())


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("real_peer"):
        name = marker.args[0]
        if shutil.which(REAL_PEERS[name]) is None:
            pytest.skip(f"real peer {name} is not installed")


@pytest.fixture(autouse=True)
def _stores_need_not_survive_a_power_cut(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncing the disk at every commit costs the suite minutes; a killed process loses nothing without it."""
    if "synced_stores" not in request.fixturenames:
        monkeypatch.setattr(opening, "open_sqlite", open_unsynced)


@pytest.fixture
def synced_stores() -> None:
    """What a test asks for that looks at the store as it is used."""


@pytest.fixture
def refused_connections() -> list[str]:
    """Where the current test tried to go outside; a test that empties it says that it meant to."""
    return _outside


@pytest.fixture(autouse=True)
def _no_network_but_loopback() -> Iterator[None]:
    _outside.clear()
    yield
    assert [] == _outside, "this test reached for the network"
