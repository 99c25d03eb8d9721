"""A message channel and an event receiver in memory, as honest as :class:`~crm_bridge.testing.MemoryConnector`."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from crm_bridge.connector import (
    DeliveryReport,
    InboundEvent,
    InboundRequest,
    MessageAccepted,
    MessageOutcome,
    OutboundMessage,
    RecordHint,
    Refused,
    Unknown,
)
from crm_bridge.errors import BridgeError, RejectRecord, Unreachable


class MemoryChannel:
    """A provider that keeps what it was given. It knows a message by its id, and takes it once.

    Attributes:
        sent: messages that would have reached a client.
    """

    def __init__(self) -> None:
        self.sent: list[OutboundMessage] = []
        self._failures: list[BridgeError] = []
        self._lost: list[bool] = []
        self._barred: set[str] = set()

    def send(self, message: OutboundMessage) -> MessageOutcome:
        if self._failures:
            raise self._failures.pop(0)
        if message.to in self._barred:
            return Refused("the number is barred", "barred")
        lost = self._lost.pop(0) if self._lost else None
        if lost is not False and message.id not in {sent.id for sent in self.sent}:
            self.sent.append(message)
        return Unknown("the answer was lost") if lost is not None else MessageAccepted(provider_id=f"p-{message.id}")

    def fail_next(self, times: int = 1, *, error: BridgeError | None = None) -> None:
        """Let the next sendings raise; by default nothing is reached."""
        self._failures += [error or Unreachable("the provider is not there now", system="memory")] * times

    def lose_next_answer(self, times: int = 1, *, arrived: bool = True) -> None:
        """Let the next sendings end as unknown: sent, or (``arrived=False``) not."""
        self._lost += [arrived] * times

    def bar(self, to: str) -> None:
        """Refuse every message to this number from now on."""
        self._barred.add(to)


class MemoryReceiver:
    """Takes events as JSON lists, signed with HMAC-SHA256 of the raw body in the header ``x-signature``."""

    def __init__(self, secret: bytes = b"only for tests") -> None:
        self._secret = secret

    def sign(self, body: bytes) -> str:
        """What the header has to hold."""
        return hmac.new(self._secret, body, hashlib.sha256).hexdigest()

    def verify(self, request: InboundRequest) -> None:
        if not hmac.compare_digest(self.sign(request.body), request.headers.get("x-signature", "")):
            raise RejectRecord("the signature does not fit the body", code="bad_signature")

    def parse(self, request: InboundRequest) -> Sequence[InboundEvent]:
        try:
            return [_event(item) for item in json.loads(request.body)]
        except (ValueError, TypeError, KeyError) as error:
            raise RejectRecord("the body is not a list of events", code="malformed") from error


def _event(item: dict[str, str]) -> InboundEvent:
    if "message_id" in item:
        return DeliveryReport(item["id"], item["message_id"], item["status"])
    return RecordHint(item["id"], item["kind"], item["record_id"])
