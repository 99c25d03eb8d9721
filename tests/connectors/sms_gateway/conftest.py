"""An SMS gateway on loopback, and the connector that reaches it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_bridge.api import ConnectorContext, InboundRequest, Secret
from crm_bridge.testing.simulation import LoopbackServer, Reply
from crm_bridge_sms_gateway.connector import CONNECTOR
from crm_bridge_sms_gateway.simulator import SIMULATOR

NOW = datetime(2026, 10, 20, 8, 15, tzinfo=UTC)


class ReportCatcher:
    """A server that keeps the reports it is called with, as the bridge's own edge would hand them over."""

    def __init__(self):
        self.requests = []
        self.server = LoopbackServer(self._take, port=0, clock=lambda: NOW)
        self.url = f"{self.server.url}/webhooks/sms?tenant=a%20b"

    def _take(self, asked):
        self.requests.append(InboundRequest(asked.method, "/", asked.query, asked.headers, asked.body, NOW))
        return Reply(200)

    def wait_for(self, count):
        """The sender works in the background."""
        ticker = threading.Event()
        for _ in range(500):
            if len(self.requests) >= count:
                break
            ticker.wait(0.01)
        return list(self.requests)


def subscriber(number, **more):
    """An invented subscriber; the numbers belong to nobody."""
    return {"msisdn": f"38050555{number:04}", "first_name": f"Оксана-{number}", "last_name": "Шевченко"} | more


def read_secret(reference):
    return Secret(Path(reference.removeprefix("file:")).read_text(encoding="ascii"))


@pytest.fixture
def system(tmp_path):
    simulator = SIMULATOR.open(tmp_path / "sms_gateway", lambda: NOW)
    yield simulator
    simulator.close()


@pytest.fixture
def open_connector(system, tmp_path):
    """Opens connectors to the running simulator, with changed settings where wanted."""
    reach = system.start()
    opened = []

    def open_(**changes):
        context = ConnectorContext("sms_gateway", tmp_path, read_secret, lambda: NOW)
        opened.append(CONNECTOR.open(CONNECTOR.settings(**{**reach, **changes}), context))
        return opened[-1]

    yield open_
    for connector in opened:
        connector.close()


@pytest.fixture
def connector(open_connector):
    return open_connector(page_size=100)


@pytest.fixture
def catcher():
    catcher = ReportCatcher()
    yield catcher
    catcher.server.stop()
