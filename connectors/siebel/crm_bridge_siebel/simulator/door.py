"""What happens to a SOAP request between the wire and the installation: login, failures to play, faults."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from crm_bridge.api import OutcomeUnknown
from crm_bridge_siebel.simulator.answers import envelope
from crm_bridge_siebel.simulator.calls import carried_out
from crm_bridge_siebel.simulator.installation import Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.messages import call_of
from crm_bridge_siebel.simulator.refusals import BusyError, FaultStyle, RefusalError, fault_xml
from crm_bridge_siebel.simulator.rest import Rest, RestCall
from crm_bridge_siebel.simulator.services import (
    ASI,
    CONTACT_ASI,
    CONTACT_BS,
    CONTACT_WORKFLOW,
    TYPED_BS,
    WORKFLOW,
    Service,
)
from crm_bridge_siebel.simulator.sessions import Caller, Sessions, credentials_of
from crm_bridge_siebel.xml_guard import parse

XML = "text/xml; charset=UTF-8"
JSON = "application/json"
_BUSY_PAGE = (
    b"<!DOCTYPE html><html><head><title>Siebel</title></head><body>"
    b"The server you are trying to access is either busy or experiencing difficulties.</body></html>"
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer ready to be sent. ``kind`` is its content type."""

    status: int
    body: bytes
    kind: str = XML


@dataclass(frozen=True, slots=True)
class Door:
    """The Web services of one installation."""

    installation: Installation
    sessions: Sessions
    knobs: Knobs

    def soap(self, body: bytes, *, query: Mapping[str, str]) -> HttpAnswer | None:
        """The answer to a SOAP request; ``None``: it was carried out, and the connection breaks.

        Args:
            query: the address's arguments.
        """
        knobs = self.knobs
        if knobs.take("fail_next"):
            return HttpAnswer(503, b"Service Unavailable", "text/plain")
        if knobs.take("busy_html_next"):
            return _busy(knobs)
        caller, writes, status = Caller(user=""), False, 200
        try:
            root = _parsed(body)
            given = credentials_of(root, query)
            if not given.token and knobs.number("login_delay"):
                threading.Event().wait(knobs.number("login_delay"))
            caller = self.sessions.caller(given)
            self._refuse_as_told()
            call = call_of(root)
            content = carried_out(call, caller, installation=self.installation, knobs=knobs)
            writes = not call.reads
        except BusyError:
            return _busy(knobs)
        except RefusalError as refusal:
            status = int(knobs.number("fault_status"))
            content = fault_xml(refusal, style=fault_style(knobs))
        if writes and knobs.take("drop_answer_next"):
            return None
        encoding = knobs.text("encoding")
        answer = self._spoilt(envelope(content, token=caller.token))
        if encoding == "UTF-8":
            return HttpAnswer(status, answer)
        text = answer.decode("utf-8", "replace").replace('encoding="UTF-8"', f'encoding="{encoding}"', 1)
        return HttpAnswer(status, text.encode(encoding, "xmlcharrefreplace"), f"text/xml; charset={encoding}")

    def rest(self, call: RestCall) -> HttpAnswer | None:
        """The answer to a REST request; ``None``: it was carried out, and the connection breaks."""
        knobs = self.knobs
        if knobs.take("fail_next"):
            return HttpAnswer(503, b"Service Unavailable", "text/plain")
        if knobs.take("busy_html_next"):
            return _busy(knobs)
        rest = Rest(self.installation, self.sessions, knobs)
        status, body = rest.answer(call, style=fault_style(knobs))
        if call.writes and status < 300 and knobs.take("drop_answer_next"):
            return None
        if knobs.take("truncate_next"):
            body = body[: len(body) // 2]
        if knobs.take("malformed_next"):
            body = body.replace(b'":', b'"', 1)
        return HttpAnswer(status, body, JSON)

    def _refuse_as_told(self) -> None:
        code = self.knobs.take_fault()
        if code:
            raise RefusalError(code, "The simulator was told to refuse this call")

    def _spoilt(self, answer: bytes) -> bytes:
        if self.knobs.take("truncate_next"):
            answer = answer[: len(answer) // 2]
        if self.knobs.take("malformed_next"):
            answer = answer.replace(b"</SOAP-ENV:Body>", b"</SOAP-ENV:Boby>")
        return answer


def default_service(knobs: Knobs) -> Service:
    """The contact service of the dialect that the knobs name."""
    match knobs.text("dialect"):
        case d if d == ASI:
            return CONTACT_ASI
        case d if d == WORKFLOW:
            return CONTACT_WORKFLOW
        case _:
            return TYPED_BS if knobs.on("typed") else CONTACT_BS


def fault_style(knobs: Knobs) -> FaultStyle:
    """How this installation spells its faults."""
    return FaultStyle(
        parentheses=knobs.on("fault_parentheses"),
        wrapped=knobs.on("fault_wrapped"),
        asi_guide=knobs.text("fault_style") == "asi_guide",
        language=knobs.text("language"),
    )


def _parsed(body: bytes) -> etree._Element:
    try:
        return parse(body, system="simulator")
    except OutcomeUnknown:
        raise RefusalError("SBL-EAI-04316", "The request is not well-formed XML without a DTD") from None


def _busy(knobs: Knobs) -> HttpAnswer:
    return HttpAnswer(int(knobs.number("busy_status")), _BUSY_PAGE, "text/html")
