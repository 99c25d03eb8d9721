"""The beginning of a SOAP answer, looked at before anything is read from it: the next token, and whether it is a fault.

Both stand before the first record, so an answer of any size is told apart by its first kilobytes, and what was looked
at stays to be read. A record may well have a field that is called ``Fault``: only the body's first child counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from crm_bridge.api import Secret
from crm_bridge_siebel.translation import UnreadableAnswer, translated
from crm_bridge_siebel.transport import Incoming
from crm_bridge_siebel.xml_guard import name_of, opening_parser, refuse_dtd

SIEBEL_HEADER = "http://siebel.com/webservices"
_ENVELOPES = frozenset({"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"})
_TOKEN = f"{{{SIEBEL_HEADER}}}SessionToken"
_STEP = 1024
_LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Opening:
    """What an answer begins with.

    Attributes:
        token: the session token of its header; ``None``: there is none.
        fault: its body begins with a fault.
        message: whole tag of the message that it carries; ``None``: its beginning shows none.
    """

    token: Secret | None
    fault: bool
    message: str | None = None


def opening_of(incoming: Incoming, *, system: str) -> Opening:
    """What ``incoming`` begins with; it stays to be read.

    Raises:
        UnreadableAnswer: not well-formed, a DTD, a processing instruction, or a header without end.
        OutcomeUnknown: the answer was lost or late.
    """
    events = opening_parser()
    token: Secret | None = None
    seen, size = 0, _STEP
    while True:
        head = incoming.peek(size)
        if seen == 0:
            refuse_dtd(head, system=system)
        try:
            events.feed(head[seen:])
        except etree.LxmlError as error:
            raise translated(error, system=system, doing="reading XML") from None
        for event, element in events.read_events():
            if event == "pi":
                raise UnreadableAnswer("an answer with a processing instruction or a DTD is refused", system=system)
            if not isinstance(element, etree._Element):
                continue
            if event == "end":
                if element.tag == _TOKEN and element.text and element.text.strip():
                    token = Secret(element.text.strip())
            elif _is_body_child(element):
                refuse_dtd(head, system=system)
                is_fault = _name(element) == "Fault" and _is_soap(element)
                return Opening(token=token, fault=is_fault, message=str(element.tag))
        if len(head) < size:
            return Opening(token=token, fault=False)  # whoever reads it will say what is wrong with it
        if size >= _LONGEST:
            raise UnreadableAnswer("the answer's header has no end", system=system)
        seen, size = size, size * 2


def told_by(root: etree._Element) -> str:
    """Everything that an answer with a fault says, in any namespace and depth, attributes too: for codes."""
    fault = next((each for each in root.iter(etree.Element) if _name(each) == "Fault" and _is_soap(each)), root)
    said: list[str] = []
    for each in fault.iter(etree.Element):
        said += [each.text or "", *map(str, each.attrib.values()), each.tail or ""]
    return "\n".join(text for text in said if text.strip())


def _is_body_child(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and parent.getparent() is not None and _is_soap(parent) and _name(parent) == "Body"


def _is_soap(element: etree._Element) -> bool:
    return name_of(element)[0] in _ENVELOPES


def _name(element: etree._Element) -> str:
    return name_of(element)[1]
