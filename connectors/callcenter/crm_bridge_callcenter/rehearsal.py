"""How the call-centre connector is tried: against its simulator, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_bridge.api import InboundRequest, RawRecord, Secret
from crm_bridge.testing import Rehearsal

from .simulator import CallCenterSimulator
from .webhooks import sign, signing_key


class CallCenterRehearsal(Rehearsal):
    """Clients, both ways, and webhooks. Everybody in it is invented."""

    kind = "client"
    rows = "consents"

    def open(self, folder: Path, clock: Callable[[], datetime]) -> tuple[CallCenterSimulator, Mapping[str, Any]]:
        simulator = CallCenterSimulator(folder / "callcenter", clock)
        reach = simulator.start()
        self._now = clock
        self._key = signing_key(Secret((folder / "callcenter" / "webhook_secret").read_text(encoding="ascii")))
        return simulator, {**reach, "page_size": 100}

    def new_record(self, number: int) -> RawRecord:
        return {
            "last_name": "Шевченко",
            "first_name": f"Оксана-{number}",
            "mobile_phone": f"+38050555{number % 10000:04}",
            "birth_date": "1985-03-08",
            "consents": [self.new_row(1), self.new_row(2)],
        }

    def change(self, number: int) -> RawRecord:
        return {"mobile_phone": f"+38067555{number:04}"}

    def new_row(self, number: int) -> RawRecord:
        return {"purpose": ("claims", "service", "sales")[number - 1], "channel": "sms", "status": "granted"}

    def genuine(self, receiver: object) -> InboundRequest:  # noqa: ARG002  # as the suite calls it
        body = b'{"id":"evt_1","type":"client.changed","client_id":"cc-1001","at":"2026-10-20T08:15:00Z"}'
        now = self._now()
        stamp = str(int(now.timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": "evt_1",
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self._key, event_id="evt_1", timestamp=stamp, body=body),
        }
        return InboundRequest("POST", "/", {}, headers, body, now)
