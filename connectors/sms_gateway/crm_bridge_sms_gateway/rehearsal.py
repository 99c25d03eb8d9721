"""How the SMS-gateway connector is tried: against its simulator, over HTTP. Nobody gets a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_bridge.api import InboundRequest, RawRecord
from crm_bridge.testing import Rehearsal

from .reports import token_of
from .simulator import SmsGatewaySimulator


class SmsGatewayRehearsal(Rehearsal):
    """Subscribers, messages and delivery reports. Everybody in it is invented."""

    kind = "subscriber"

    def open(self, folder: Path, clock: Callable[[], datetime]) -> tuple[SmsGatewaySimulator, Mapping[str, Any]]:
        simulator = SmsGatewaySimulator(folder / "sms_gateway", clock)
        reach = simulator.start()
        self._now = clock
        self._secret = (folder / "sms_gateway" / "dlr_secret").read_bytes()
        return simulator, {**reach, "page_size": 100}

    def new_record(self, number: int) -> RawRecord:
        return {"msisdn": f"38050555{number:04}", "first_name": f"Оксана-{number}", "last_name": "Шевченко"}

    def change(self, number: int) -> RawRecord:
        return {"postal_code": f"{number:05}"}

    def arrived(self, channel: object) -> Sequence[tuple[str, str]]:  # noqa: ARG002  # as the suite calls it
        return [(message["to"], message["text"]) for message in self.system.records("message")]

    def genuine(self, receiver: object) -> InboundRequest:  # noqa: ARG002  # as the suite calls it
        query = {
            "m": "bi0x",
            "t": token_of("n-1", secret=self._secret),
            "d": "1",
            "f": "7",
            "a": "",
            "at": "1792484100",
        }
        return InboundRequest("GET", "/", query, {}, b"", self._now())

    def forged(self, receiver: object) -> InboundRequest:
        """Of another message: nothing but the address is signed."""
        request = self.genuine(receiver)
        return replace(request, query={**request.query, "m": "bi0y"})
