"""What message channels and event receivers have to do, as tests to inherit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from crm_bridge.connector import (
    DeliveryReport,
    EffectSafety,
    InboundRequest,
    MessageAccepted,
    OutboundMessage,
    RecordHint,
)
from crm_bridge.errors import RejectRecord
from crm_bridge.testing.contract import Workbench

REPORTED = frozenset({"accepted", "sent", "delivered", "failed", "expired", "read"})


class MessageChannelContract(Workbench):
    """Inherit, give the fixture ``channel``, and override ``arrived``.

    Attributes:
        effect_safety: of messages, as the connector's capabilities say.
    """

    effect_safety = EffectSafety.NONE
    to = "+380505550101"

    def arrived(self, channel: Any) -> Sequence[tuple[str, str]]:
        """(number, text) of every message that the provider would have brought to a client."""
        raise NotImplementedError("override arrived: what the provider's side has taken")

    def message(self, text: str, *, message_id: str = "n-1") -> OutboundMessage:
        return OutboundMessage(message_id, "sms", self.to, text)

    def test_a_message_arrives_whole(self, channel: Any) -> None:
        """Cyrillic, longer than one part, with signs that wire formats trip over."""
        text = "Вашу справу № CL-2026-0042 зареєстровано; додайте: «копія» & 100 % + довідка <оригінал>. " * 3
        outcome = self.in_time(lambda: channel.send(self.message(text)))

        assert isinstance(outcome, MessageAccepted), f"expected MessageAccepted, got {type(outcome).__name__}"
        assert [text] == [said for _, said in self.arrived(channel)], "the text changed on its way"

    def test_one_sending_is_one_message(self, channel: Any) -> None:
        """The channel itself never sends twice: whether to repeat is the bridge's decision."""
        self.in_time(lambda: channel.send(self.message("one")))

        assert 1 == len(self.arrived(channel))

    def test_the_same_id_again_has_one_effect(self, channel: Any) -> None:
        """Where the provider knows a message by its key."""
        repeatable = self.effect_safety in (EffectSafety.IDEMPOTENT, EffectSafety.KEYED)
        self.needs(repeatable, name="an effect safety that allows repeating")
        for _ in range(2):
            self.in_time(lambda: channel.send(self.message("one")))

        assert 1 == len(self.arrived(channel)), "the retry was sent as another message"

    def test_two_ids_are_two_messages(self, channel: Any) -> None:
        """Also with the same text to the same number."""
        for message_id in ("n-1", "n-2"):
            self.in_time(partial(channel.send, self.message("same", message_id=message_id)))

        assert 2 == len(self.arrived(channel))


class EventReceiverContract(Workbench):
    """Inherit, give the fixture ``receiver``, and override ``genuine`` and, where it fits, ``forged``."""

    def genuine(self, receiver: Any) -> InboundRequest:
        """A request as the system sends it, signed as it signs, with one event at least."""
        raise NotImplementedError("override genuine: a request as the system sends it")

    def forged(self, receiver: Any) -> InboundRequest:
        """The same with one byte of the body changed."""
        request = self.genuine(receiver)
        return replace(request, body=request.body + b" ")

    def test_a_genuine_request_is_let_in(self, receiver: Any) -> None:
        """And brings its events."""
        request = self.genuine(receiver)
        self.in_time(lambda: receiver.verify(request))
        events = self.in_time(lambda: receiver.parse(request))

        assert events, "no event in a genuine request"
        assert all(isinstance(each, RecordHint | DeliveryReport) for each in events)
        assert all(each.status in REPORTED for each in events if isinstance(each, DeliveryReport))

    def test_a_forged_request_is_kept_out(self, receiver: Any) -> None:
        """Whoever does not hold the secret changes nothing."""
        request = self.forged(receiver)

        assert self._rejects(lambda: receiver.verify(request)), "a forged request was let in"

    def test_a_request_without_signature_is_kept_out(self, receiver: Any) -> None:
        """As is one without headers and query."""
        request = replace(self.genuine(receiver), headers={}, query={})

        assert self._rejects(lambda: receiver.verify(request)), "an unsigned request was let in"

    def test_the_same_event_has_the_same_id(self, receiver: Any) -> None:
        """Systems deliver again when they are unsure; the id is how it is noticed."""
        request = self.genuine(receiver)
        ids = [[event.event_id for event in receiver.parse(request)] for _ in range(2)]

        assert ids[0] == ids[1]

    def test_a_malformed_body_is_rejected(self, receiver: Any) -> None:
        """As a dead letter, not as a crash."""
        for body in (b"", b"\xff\xfe\x00", b"{", b"<", b"null", b"[1]"):
            request = replace(self.genuine(receiver), body=body, query={})
            assert self._rejects(lambda request=request: receiver.parse(request)) or receiver.parse(request) == [], body

    @staticmethod
    def _rejects(call: Any) -> bool:
        try:
            call()
        except RejectRecord:
            return True
        return False
