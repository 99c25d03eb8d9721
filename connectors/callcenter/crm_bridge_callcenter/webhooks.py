"""Webhooks of the call centre: verified after Standard Webhooks (symmetric, ``v1``), then parsed into hints. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta

import orjson

from crm_bridge.api import InboundRequest, RecordHint, RejectRecord, Secret

WINDOW = timedelta(seconds=300)
CHANGED = "client.changed"


def signing_key(secret: Secret) -> bytes:
    """The bytes of a ``whsec_`` secret.

    Raises:
        ValueError: not base64, or under 24 bytes.
    """
    try:
        key = base64.b64decode(secret.reveal().strip().removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a webhook secret is `whsec_` and base64") from None
    if len(key) < 24:
        raise ValueError("a webhook secret has 24 bytes at least")
    return key


def sign(key: bytes, *, event_id: str, timestamp: str, body: bytes) -> str:
    """One signature, as it stands in ``webhook-signature``."""
    content = b".".join((event_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def verify(request: InboundRequest, *, keys: Sequence[bytes]) -> None:
    """Prove that the request was signed with one of ``keys``, at most five minutes before or after its arrival.

    Every signature is compared with every key, in constant time: several of both stand there while a secret rotates.

    Raises:
        RejectRecord: it was not. The reason is for our log, not for the answer.
    """
    event_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    if not event_id or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise RejectRecord("a webhook without id or timestamp", code="unsigned")
    if abs(request.received_at.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise RejectRecord(
            "the webhook's timestamp is more than 300 s away: replayed, or a clock is wrong", code="replayed"
        )
    given = [part.encode() for part in request.headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    expected = [sign(key, event_id=event_id, timestamp=timestamp, body=request.body).encode() for key in keys]
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in given[:8]]
    if not any(matches):
        raise RejectRecord("the webhook's signature is not the call centre's", code="forged")


def parse(request: InboundRequest, *, kind: str) -> Sequence[RecordHint]:
    """The hint in a verified webhook. Types that say nothing of a client give none.

    Raises:
        RejectRecord: malformed, or the id in the body is not the one that was signed for.
    """
    try:
        event = orjson.loads(request.body)
        event_id, type_ = event["id"], event["type"]
        if type_ != CHANGED:
            return ()
        client_id = event["client_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise RejectRecord("a signed webhook that is not an event: ask the call centre", code="malformed") from None
    if event_id != request.headers.get("webhook-id") or not isinstance(client_id, str) or not client_id:
        raise RejectRecord("a signed webhook whose ids do not agree: ask the call centre", code="malformed")
    return (RecordHint(event_id=event_id, kind=kind, record_id=client_id),)
