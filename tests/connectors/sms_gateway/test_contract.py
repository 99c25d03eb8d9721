"""The SMS-gateway connector keeps every contract that it claims, against the simulator over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_bridge.api import InboundRequest
from crm_bridge.testing import (
    EventReceiverContract,
    KeyListerContract,
    MessageChannelContract,
    RecordSourceContract,
    RecordTargetContract,
)
from crm_bridge_sms_gateway.reports import token_of

from .conftest import NOW, read_secret, subscriber


class TestRegister(RecordSourceContract, KeyListerContract, RecordTargetContract):
    """Source, lister, target and look-up."""

    kind = "subscriber"

    def new_record(self, number):
        return subscriber(number)

    def change(self, number):
        return {"postal_code": f"{number:05}"}


class TestChannel(MessageChannelContract):
    """Messages."""

    @pytest.fixture
    def channel(self, connector, system):
        self.system = system
        return connector

    def arrived(self, channel):
        return [(message["to"], message["text"]) for message in self.system.records("message")]


class TestReports(EventReceiverContract):
    """Delivery reports."""

    @pytest.fixture
    def receiver(self, connector, tmp_path):
        self.secret = read_secret(f"file:{tmp_path / 'sms_gateway' / 'dlr_secret'}").reveal().encode()
        return connector

    def genuine(self, receiver):
        query = {"m": "bi0x", "t": token_of("n-1", secret=self.secret), "d": "1", "f": "7", "a": "", "at": "1792484100"}
        return InboundRequest("GET", "/", query, {}, b"", NOW)

    def forged(self, receiver):
        request = self.genuine(receiver)
        return replace(request, query={**request.query, "m": "bi0y"})
