"""Kannel's contract for sending: what a message looks like as a query, and what each answer means. Pure."""

from __future__ import annotations

import re

from crm_bridge.api import (
    MessageAccepted,
    MessageOutcome,
    OutboundMessage,
    Postponed,
    Refused,
    Unknown,
)

from .segments import Alphabet, Segments

SENDSMS = "/cgi-bin/sendsms"
DLR_MASK = 1 + 2 + 4 + 8 + 16  # delivered, failed, queued, accepted by the SMSC, rejected by it
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# `0: Accepted for delivery`, `3: Queued for later delivery`; `Sent.` with immediate-sendsms-reply
_TAKEN = ("0:", "3:", "Sent.")


def objection(message: OutboundMessage, *, segments: Segments, max_parts: int) -> Refused | None:
    """Why a message is not even offered to the gateway. A space in ``to`` would be a second recipient."""
    if not E164.fullmatch(message.to):
        return Refused("the recipient is not an E.164 number", code="bad_phone")
    if not message.text:
        return Refused("the text is empty", code="empty_text")
    if segments.parts > max_parts:
        return Refused(f"the text takes {segments.parts} parts, {max_parts} are allowed: shorten it", code="too_long")
    return None


def query_of(
    message: OutboundMessage, *, segments: Segments, sender: str, username: str, password: str, dlr_url: str | None
) -> dict[str, str]:
    """The query of ``sendsms``. The alphabet is always said: left to itself Kannel turns Cyrillic into ``?``."""
    query = {
        "username": username,
        "password": password,
        "from": message.sender or sender,
        "to": message.to,
        "text": message.text,
        "coding": "0" if segments.alphabet is Alphabet.GSM7 else "2",
        "charset": "UTF-8",
    }
    if dlr_url is not None:
        query |= {"dlr-mask": str(DLR_MASK), "dlr-url": dlr_url}
    return query


def outcome_of(status: int, body: str, *, retry_after: float | None, segments: Segments) -> MessageOutcome:
    """What Kannel's answer means. One that is not Kannel's leaves the outcome open: the message may be on its way."""
    if status == 202 and body.startswith(_TAKEN):
        return MessageAccepted(parts=segments.parts)
    if status in (429, 503):
        return Postponed(f"the gateway cannot take messages now ({status})", retry_after=retry_after)
    if status in (400, 404, 405, 413, 414):
        return Refused(f"the gateway refused the message ({status})", code=f"http_{status}")
    return Unknown(f"an answer that is not Kannel's ({status}): whether the message went is not known")
