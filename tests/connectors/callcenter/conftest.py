"""A call centre on loopback, and the connector that reaches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm_bridge.api import ConnectorContext, InboundRequest, Secret
from crm_bridge.testing.simulation import LoopbackServer, Reply
from crm_bridge_callcenter.connector import CONNECTOR
from crm_bridge_callcenter.simulator import SIMULATOR


class Clock:
    """Time that moves when a test says so."""

    def __init__(self):
        self.now = datetime(2026, 10, 20, 8, 15, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += timedelta(seconds=seconds)


class WebhookCatcher:
    """A server that keeps what is sent to it, as the bridge's own edge would hand it over."""

    def __init__(self, clock):
        self.requests = []
        self._clock = clock
        self.server = LoopbackServer(self._take, port=0, clock=clock)

    def _take(self, asked):
        self.requests.append(InboundRequest(asked.method, "/", asked.query, asked.headers, asked.body, self._clock()))
        return Reply(202)


def client(number, **more):
    """An invented client; the numbers belong to nobody."""
    return {
        "last_name": "Шевченко",
        "first_name": f"Оксана-{number}",
        "mobile_phone": f"+38050555{number % 10000:04}",
        "birth_date": "1985-03-08",
        "gender": "female",
    } | more


def read_secret(reference):
    return Secret(Path(reference.removeprefix("file:")).read_text(encoding="ascii"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def system(tmp_path, clock):
    simulator = SIMULATOR.open(tmp_path / "callcenter", clock)
    yield simulator
    simulator.close()


@pytest.fixture
def open_connector(system, clock, tmp_path):
    """Opens connectors to the running simulator, with changed settings where wanted."""
    reach = system.start()
    opened = []

    def open_(**changes):
        context = ConnectorContext("callcenter", tmp_path, read_secret, clock)
        opened.append(CONNECTOR.open(CONNECTOR.settings(**{**reach, **changes}), context))
        return opened[-1]

    yield open_
    for connector in opened:
        connector.close()


@pytest.fixture
def connector(open_connector):
    return open_connector()


@pytest.fixture
def catcher(clock):
    catcher = WebhookCatcher(clock)
    yield catcher
    catcher.server.stop()
