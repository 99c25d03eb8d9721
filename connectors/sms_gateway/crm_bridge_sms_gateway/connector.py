"""The SMS gateway as the bridge sees it: a channel for messages, delivery reports, and a register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from crm_bridge.api import (
    Capabilities,
    ConnectorContext,
    ConnectorType,
    CredentialsRefused,
    DeliveryReport,
    EffectSafety,
    HttpCalls,
    InboundRequest,
    MessageOutcome,
    Note,
    OutboundMessage,
    OutcomeUnknown,
    Page,
    Postponed,
    RawRecord,
    RecordWrite,
    Unknown,
    Unreachable,
    WriteMode,
    WriteOutcome,
)

from . import reports
from .register import FIELDS, Register
from .segments import count_segments
from .sending import SENDSMS, objection, outcome_of, query_of
from .settings import SmsGatewaySettings

KIND = "subscriber"
CHANNEL = "sms"


class SmsGateway:
    """A connector for one gateway. Implements MessageChannel, EventReceiver, RecordSource, KeyLister, FieldLister,
    RecordTarget and WriteLookup."""

    def __init__(self, settings: SmsGatewaySettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._system = context.system
        self._password = context.secret(settings.password_ref)
        secret = context.secret(settings.dlr_secret_ref) if settings.dlr_secret_ref else None
        self._dlr_secret = secret.reveal().encode() if secret else None
        reach: dict[str, Any] = {
            "system": context.system,
            "credentials": "username, password_ref and the addresses that the account allows",
            "timeout_seconds": settings.timeout_seconds,
            "connect_timeout_seconds": settings.connect_timeout_seconds,
        }
        self._smsbox = HttpCalls(settings.base_url, peer="the SMS gateway", keep_alive=False, **reach)
        self._register_calls: HttpCalls | None = None
        self._register: Register | None = None
        if settings.register_url:
            account = httpx.BasicAuth(settings.username, self._password.reveal())
            self._register_calls = HttpCalls(settings.register_url, peer="the register", auth=account, **reach)
            self._register = Register(self._register_calls, system=context.system, page_size=settings.page_size)

    def kinds(self) -> Sequence[str]:
        return (KIND,) if self._register else ()

    def capabilities(self, kind: str) -> Capabilities:
        """Of ``subscriber``, or, for any other word, of messages: one a call, and nobody can tell of a lost answer."""
        rate = self._settings.rate_per_second
        if kind != KIND:
            return Capabilities(incremental=False, effect_safety=EffectSafety.NONE, rate_per_second=rate)
        return Capabilities(
            incremental=True,
            complete_listing=True,
            conditional_writes=True,
            write_mode=WriteMode.REPLACE,
            effect_safety=EffectSafety.QUERYABLE,
            page_size=self._settings.page_size,
            batch_size=20,
            rate_per_second=rate,
        )

    def fields(self, kind: str) -> frozenset[str]:
        """What the register's documentation names."""
        self._subscribers(kind)
        return FIELDS

    def check(self) -> Sequence[str]:
        """Ask the register for a key, and the smsbox to send to nobody, which it refuses once the account is right."""
        findings = []
        if self._register:
            next(self._register.keys(), None)
        query = {"username": self._settings.username, "password": self._password.reveal()}
        answer = self._smsbox.call("GET", SENDSMS, query=query)
        if answer.status != 400:
            findings.append(f"the smsbox answered {answer.status} to a message without recipient, Kannel says 400")
        if self._dlr_secret is None:
            findings.append(Note("no dlr_secret_ref: delivery reports are neither asked for nor taken"))
        return findings

    def close(self) -> None:
        self._smsbox.close()
        if self._register_calls:
            self._register_calls.close()

    # MessageChannel

    def channels(self) -> Sequence[str]:
        return (CHANNEL,)

    def send(self, message: OutboundMessage) -> MessageOutcome:
        """Hand one message to Kannel, once. Nothing here tries again: after a lost answer the client may have it."""
        segments = count_segments(message.text)
        refusal = objection(message, segments=segments, max_parts=self._settings.max_parts)
        if refusal:
            return refusal
        dlr_url = None
        if message.report_url and self._dlr_secret is not None:
            dlr_url = reports.report_address(message.report_url, message_id=message.id, secret=self._dlr_secret)
        query = query_of(
            message,
            segments=segments,
            sender=self._settings.sender,
            username=self._settings.username,
            password=self._password.reveal(),
            dlr_url=dlr_url,
        )
        try:
            answer = self._smsbox.call("GET", SENDSMS, query=query)
        except OutcomeUnknown as error:
            return Unknown(error.message)
        text = answer.body[:200].decode("utf-8", "replace")
        return outcome_of(answer.status, text, retry_after=answer.retry_after, segments=segments)

    # EventReceiver

    def verify(self, request: InboundRequest) -> None:
        reports.verify(request, secret=self._dlr_secret)

    def parse(self, request: InboundRequest) -> Sequence[DeliveryReport]:
        return reports.parse(request)

    # RecordSource, KeyLister, RecordTarget, WriteLookup

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        return self._subscribers(kind).changes(cursor)

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        return self._subscribers(kind).read(record_ids)

    def list_keys(self, kind: str) -> Iterator[str]:
        return self._subscribers(kind).keys()

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        """One call for each write. When the register goes away in the middle, the rest is postponed, unsent."""
        register = self._subscribers(kind)
        outcomes: list[WriteOutcome] = []
        for write in writes:
            try:
                outcomes.append(register.write(write))
            except (Unreachable, CredentialsRefused) as error:
                if not outcomes:
                    raise
                waiting = len(writes) - len(outcomes)
                return [*outcomes, *[Postponed(f"not sent: {error.message}")] * waiting]
        return outcomes

    def find_write(self, kind: str, write: RecordWrite) -> RawRecord | None:
        register = self._subscribers(kind)
        if write.record_id is None:
            return register.created_with(write.key)
        found = register.read([write.record_id])
        return found[0] if found else None

    def _subscribers(self, kind: str) -> Register:
        if kind != KIND or self._register is None:
            raise ValueError(f"this gateway holds {self.kinds() or 'no records'}, not {kind!r}: see register_url")
        return self._register


def _rehearsals() -> Sequence[type]:
    from .rehearsal import SmsGatewayRehearsal  # late: test gear, which a sync does not load

    return (SmsGatewayRehearsal,)


CONNECTOR = ConnectorType(
    name="sms_gateway",
    settings=SmsGatewaySettings,
    open=SmsGateway,
    summary="Kannel's sendsms with delivery reports, and a register of subscribers beside it.",
    rehearsals=_rehearsals,
)
