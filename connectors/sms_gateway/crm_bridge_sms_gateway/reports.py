"""Delivery reports: the address that each message carries, and what is called back at it. Pure.

Kannel calls the address as it was given, with its escapes filled in. It signs nothing: so the address holds the
message's id and a token that only we can make. No escape for a phone (`%p`, `%P`) stands in it, or phones
would end up in the access logs on the way.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from crm_bridge.api import DeliveryReport, InboundRequest, RejectRecord

ESCAPES = "d=%d&f=%F&a=%A&at=%T"  # kind of report, the SMSC's own id, its words, seconds since 1970
STATUS: Mapping[str, str] = {"1": "delivered", "2": "failed", "4": "accepted", "8": "sent", "16": "failed"}
_DETAIL: Mapping[str, str] = {"2": "not delivered", "4": "queued at the gateway", "16": "rejected by the SMSC"}
_RECEIPT = re.compile(r"stat:(\w{2,10})(?:.*?err:(\w{1,5}))?")


def report_address(report_url: str, *, message_id: str, secret: bytes) -> str:
    """The ``dlr-url`` of one message. A percent sign of ours is doubled, for Kannel would take it for an escape."""
    name = base64.urlsafe_b64encode(message_id.encode()).decode().rstrip("=")
    address = report_url.replace("%", "%%")
    return f"{address}{'&' if '?' in address else '?'}m={name}&t={token_of(message_id, secret=secret)}&{ESCAPES}"


def token_of(message_id: str, *, secret: bytes) -> str:
    """What proves that a report answers a message of ours: 128 bits, in letters that no escape touches."""
    return hmac.new(secret, b"dlr:" + message_id.encode(), hashlib.sha256).hexdigest()[:32]


def verify(request: InboundRequest, *, secret: bytes | None) -> None:
    """Prove that the address called is one that we handed out.

    Raises:
        RejectRecord: it is not.
    """
    token = request.query.get("t", "")
    if secret is None:
        raise RejectRecord("a delivery report, but no dlr_secret_ref is set", code="unsigned")
    try:
        expected = token_of(_message_id(request), secret=secret)
    except ValueError:
        raise RejectRecord("a delivery report that names no message", code="unsigned") from None
    if not hmac.compare_digest(expected.encode(), token.encode()):
        raise RejectRecord("a delivery report at an address that we did not hand out", code="forged")


def parse(request: InboundRequest) -> Sequence[DeliveryReport]:
    """The report in a verified request. Its words are reduced to state and error: a receipt quotes the message.

    Raises:
        RejectRecord: of a kind that Kannel does not document.
    """
    kind = request.query.get("d", "")
    if kind not in STATUS:
        raise RejectRecord("a delivery report of an unknown kind", path="d", value=kind, code="unknown_code")
    message_id, part = _message_id(request), request.query.get("f", "")
    receipt = _RECEIPT.search(request.query.get("a", ""))
    expired = kind == "2" and receipt is not None and receipt[1] == "EXPIRED"
    detail = f"stat:{receipt[1]} err:{receipt[2] or '-'}" if receipt else _DETAIL.get(kind)
    return (
        DeliveryReport(
            event_id=f"dlr:{message_id}:{kind}:{part}",
            message_id=message_id,
            status="expired" if expired else STATUS[kind],
            at=_moment(request.query.get("at", "")),
            detail=detail,
        ),
    )


def _message_id(request: InboundRequest) -> str:
    name = request.query.get("m", "")
    if not name or not name.isascii():
        raise ValueError("no message id")
    try:
        return base64.b64decode(name + "=" * (-len(name) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("no message id") from None


def _moment(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isascii() and text.isdigit() and len(text) < 12 else None
