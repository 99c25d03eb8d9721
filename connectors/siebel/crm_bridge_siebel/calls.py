"""One SOAP call, whole: the session's header, the message, the next token, a fault's class; logging in again, once.

A fault that says that the token is gone means that nothing was carried out, so the same message is sent again with
credentials, also a write. It happens once: a second such fault goes to the caller, and a refused login always does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from crm_bridge.api import BridgeError, OutcomeUnknown, Secret
from crm_bridge_siebel.envelope import opening_of, told_by
from crm_bridge_siebel.faults import Fault, FaultClass, SiebelFaultError
from crm_bridge_siebel.messages import Operation
from crm_bridge_siebel.session import Header, Identity, Session, Sessions
from crm_bridge_siebel.translation import NotSiebelAnswer, OtherAnswer, UnreadableAnswer
from crm_bridge_siebel.transport import Incoming, Wire
from crm_bridge_siebel.xml_guard import parse

_LONGEST_FAULT = 4 * 1024 * 1024
_GOODBYE_SECONDS = 5.0

T = TypeVar("T")


class Request(Protocol):
    """A message ready to be sent."""

    @property
    def action(self) -> str:
        """The SOAPAction header."""

    @property
    def body(self) -> bytes:
        """The envelope."""

    @property
    def operation(self) -> Operation:
        """What it calls."""


class SoapCalls:
    """Sends messages to one Siebel.

    Args:
        identity: who we are; called once, when the first message is sent.
        classify: the fault that a fault's whole text describes.
    """

    def __init__(
        self,
        wire: Wire,
        sessions: Sessions,
        *,
        identity: Callable[[], Identity],
        classify: Callable[[str], Fault],
        system: str,
    ) -> None:
        self._wire = wire
        self._sessions = sessions
        self._identity = identity
        self._classify = classify
        self._system = system

    def call(self, build: Callable[[Header], Request], read: Callable[[Incoming], T]) -> T:
        """Send what ``build`` makes and give what ``read`` makes of the answer, while it comes in.

        Raises:
            SiebelFaultError: Siebel answered a fault.
            Unreachable: nothing was sent.
            OutcomeUnknown: sent, and the answer was lost or cannot be read.
            OtherAnswer: it was the answer to another operation.
            CredentialsRefused: the web server refused us.
        """
        with self._sessions.borrowed() as session:
            with_token = session.token is not None
            try:
                return self._once(session, build, read)
            except SiebelFaultError as met:
                if met.fault.kind is not FaultClass.TOKEN or not with_token:
                    raise
            session.token = None
            return self._once(session, build, read)

    def close(self, build: Callable[[Header], Request] | None) -> None:
        """Log out. ``build`` makes a message that changes nothing; what comes of it is nobody's concern any more."""
        known, lost = self._sessions.ending(), self._sessions.ending_lost()
        if build is None:
            return
        for header in known:
            self._said_goodbye(header, build)
        for header in lost:
            if not self._said_goodbye(header, build):
                return  # a task that is still busy, or a Siebel that is gone: the rest expires by itself

    def _said_goodbye(self, header: Header, build: Callable[[Header], Request]) -> bool:
        """Whether anything came back."""
        try:
            request = build(header)
            with self._wire.stream(request.body, action=request.action, total=_GOODBYE_SECONDS) as incoming:
                incoming.peek(1)
        except BridgeError:
            return False
        return True

    def _once(self, session: Session, build: Callable[[Header], Request], read: Callable[[Incoming], T]) -> T:
        request = build(self._sessions.header(session, self._identity()))
        before: Secret | None = session.token
        # Until the answer's beginning is known, nobody can tell which token is the latest, nor whether its task is
        # still busy with this call: a session whose answer was lost is left alone until the end.
        session.token = None
        try:
            with self._wire.stream(request.body, action=request.action) as incoming:
                opening = opening_of(incoming, system=self._system)
                session.token = before
                self._sessions.taken(session, opening.token)
                if not opening.fault and incoming.status == 200:
                    self._refuse_another(opening.message, request.operation)
                    return read(incoming)
                raise SiebelFaultError(self._classify(self._text(incoming)))
        except BridgeError as error:
            if isinstance(error, NotSiebelAnswer) or not isinstance(error, OutcomeUnknown):
                session.token = session.token or before  # nothing was sent, or it did not come as far as Siebel
            elif session.token is None and before is not None:
                self._sessions.lost(before)
            raise

    def _refuse_another(self, came: str | None, operation: Operation) -> None:
        if came is not None and not operation.is_answered_by(came):
            raise OtherAnswer(
                f"{operation.name} is answered by {operation.output.qname}, and {came} came: the endpoint leads to "
                "another service, or the WSDL is not this one's; save the service's WSDL again, and compare with "
                "`crm-bridge siebel inspect`",
                system=self._system,
            )

    def _text(self, incoming: Incoming) -> str:
        head = incoming.peek(_LONGEST_FAULT + 1)
        if len(head) > _LONGEST_FAULT:
            raise UnreadableAnswer("a fault of more than 4 MB is refused", system=self._system)
        return told_by(parse(head, system=self._system))
