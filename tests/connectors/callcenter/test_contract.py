"""The call-centre connector keeps every contract that it claims, against the simulator over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_bridge.api import InboundRequest
from crm_bridge.testing import EventReceiverContract, KeyListerContract, RecordSourceContract, RecordTargetContract
from crm_bridge_callcenter.webhooks import sign, signing_key

from .conftest import client, read_secret

NOW = datetime(2026, 10, 20, 8, 15, tzinfo=UTC)


class TestCallCenter(RecordSourceContract, KeyListerContract, RecordTargetContract, EventReceiverContract):
    """Source, lister, target and receiver."""

    kind = "client"

    @pytest.fixture
    def connector(self, open_connector):
        return open_connector(page_size=100)

    @pytest.fixture
    def receiver(self, open_connector, tmp_path):
        self.key = signing_key(read_secret(f"file:{tmp_path / 'callcenter' / 'webhook_secret'}"))
        return open_connector()

    def new_record(self, number):
        return client(number)

    def change(self, number):
        return {"mobile_phone": f"+38067555{number:04}"}

    def genuine(self, receiver):
        body = b'{"id":"evt_1","type":"client.changed","client_id":"cc-1001","at":"2026-10-20T08:15:00Z"}'
        stamp = str(int(NOW.timestamp()))
        headers = {
            "webhook-id": "evt_1",
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self.key, event_id="evt_1", timestamp=stamp, body=body),
        }
        return InboundRequest("POST", "/", {}, headers, body, NOW)
