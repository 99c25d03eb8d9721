"""The memory connector is a real one: it passes the suites that every connector has to pass."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_bridge.api import Capabilities, EffectSafety, InboundRequest, RawRecord, WriteMode
from crm_bridge.testing import (
    EventReceiverContract,
    KeyListerContract,
    MemoryChannel,
    MemoryConnector,
    MemoryReceiver,
    MessageChannelContract,
    RecordSourceContract,
    RecordTargetContract,
    raw_person,
)
from crm_bridge.testing.memory_connector import CAPABLE


class TestMemoryConnector(RecordSourceContract, RecordTargetContract, KeyListerContract):
    """With everything that a connector can have."""

    capabilities = CAPABLE

    @pytest.fixture
    def connector(self) -> MemoryConnector:
        return MemoryConnector(capabilities=self.capabilities)

    @pytest.fixture
    def system(self, connector: MemoryConnector) -> MemoryConnector:
        return connector

    def new_record(self, number: int) -> RawRecord:
        return raw_person(number)

    def change(self, number: int) -> RawRecord:
        return {"job_title": f"title {number}"}


class TestMemoryConnectorAsReplacing(TestMemoryConnector):
    """With writes that empty what they do not name."""

    capabilities = replace(CAPABLE, write_mode=WriteMode.REPLACE)


class TestMemoryConnectorAsTheLeast(TestMemoryConnector):
    """With no capability at all: the suites ask no more than is declared."""

    capabilities = Capabilities(incremental=False, page_size=2)


class TestMemoryChannel(MessageChannelContract):
    """A provider that knows messages by their id."""

    effect_safety = EffectSafety.KEYED

    @pytest.fixture
    def channel(self) -> MemoryChannel:
        return MemoryChannel()

    def arrived(self, channel: MemoryChannel) -> Sequence[tuple[str, str]]:
        return [(message.to, message.text) for message in channel.sent]


class TestMemoryReceiver(EventReceiverContract):
    """Signed JSON."""

    @pytest.fixture
    def receiver(self) -> MemoryReceiver:
        return MemoryReceiver()

    def genuine(self, receiver: MemoryReceiver) -> InboundRequest:
        events = [
            {"id": "e1", "kind": "contact", "record_id": "1"},
            {"id": "e2", "message_id": "n-1", "status": "delivered"},
        ]
        body = json.dumps(events).encode()
        at = datetime(2026, 10, 20, tzinfo=UTC)
        return InboundRequest("POST", "/", {}, {"x-signature": receiver.sign(body)}, body, at)
