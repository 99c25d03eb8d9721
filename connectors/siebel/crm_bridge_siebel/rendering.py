"""Requests written by a template compiled from the message's type: our text goes out as it is.

zeep would turn ``Y`` in a boolean into ``true`` whatever was meant, and takes longer to build a message than Siebel
to read it. Here a value is text, and what the WSDL does not know is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from crm_bridge.api import RejectRecord
from crm_bridge_siebel.messages import Node

TEXT = "_value_1"  # the text of an element that has attributes too
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SPECIAL_IN_ATTRIBUTE = re.compile('[&<>"\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]')
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}

Writer = Callable[[Any, list[str]], None]  # Any: text, a mapping or a list of these, by the element's type


class Template:
    """Writes one message: a mapping by the WSDL's tags becomes an envelope."""

    def __init__(self, message: Node) -> None:
        prefixes: dict[str, str] = {}
        for node in message.walk():
            if node.namespace:
                prefixes.setdefault(node.namespace, f"n{len(prefixes)}")
        declared = "".join(f' xmlns:{prefix}="{_attribute(name)}"' for name, prefix in prefixes.items())
        self._head = (
            f"<?xml version='1.0' encoding='utf-8'?>\n<soap-env:Envelope xmlns:soap-env=\"{_ENVELOPE}\"{declared}>"
            "<soap-env:Header>"
        )
        self._write = _compiled(message, prefixes)

    def envelope(self, arguments: Mapping[str, Any], *, header: str) -> bytes:
        """The whole message; ``header`` is the content of the SOAP header.

        Raises:
            RejectRecord: an element or attribute that the WSDL does not have, no text where text is taken, or a
                character that XML cannot hold.
        """
        out = [self._head, header, "</soap-env:Header><soap-env:Body>"]
        self._write(arguments, out)
        out.append("</soap-env:Body></soap-env:Envelope>")
        return "".join(out).encode()


def escaped(value: str) -> str:
    """``value`` as the text of an element.

    Raises:
        RejectRecord: it holds a character that XML cannot.
    """
    return value if _SPECIAL.search(value) is None else _SPECIAL.sub(_reference, value)


def _attribute(value: str) -> str:
    return _SPECIAL_IN_ATTRIBUTE.sub(_reference, value)


def _reference(found: re.Match[str]) -> str:
    reference = _REFERENCES.get(found[0])
    if reference is None:
        raise RejectRecord("a value holds a control character, which XML cannot carry", code="bad_message")
    return reference


def _compiled(node: Node, prefixes: Mapping[str, str]) -> Writer:
    name = f"{prefixes[node.namespace]}:{node.tag}" if node.namespace else node.tag
    if node.children:
        return _complex(node, name, prefixes)
    return _simple(node, name)


def _simple(node: Node, name: str) -> Writer:
    opened, closed, empty = f"<{name}>", f"</{name}>", f"<{name}/>"
    attributes = frozenset(node.attributes)

    def write(value: Any, out: list[str]) -> None:
        if isinstance(value, str):
            out.append(f"{opened}{escaped(value)}{closed}" if value else empty)
        elif isinstance(value, int) and not isinstance(value, bool):
            out.append(f"{opened}{value}{closed}")
        elif isinstance(value, Mapping) and attributes.issuperset(value.keys() - {TEXT}):
            said = "".join(f' {key}="{_attribute(str(text))}"' for key, text in value.items() if key != TEXT)
            text = value.get(TEXT, "")
            out.append(f"<{name}{said}>{escaped(text)}{closed}" if text else f"<{name}{said}/>")
        else:
            raise _unfit(node, "is not text")

    return write


def _complex(node: Node, name: str, prefixes: Mapping[str, str]) -> Writer:
    # In the order of the WSDL: Siebel's sequences are strict.
    writers = [(child.tag, _compiled(child, prefixes)) for child in node.children]
    known = {child.tag for child in node.children}
    attributes = frozenset(node.attributes) - known
    single = {child.tag for child in node.children if not child.many}
    opened, closed = f"<{name}>", f"</{name}>"

    def write(value: Any, out: list[str]) -> None:
        if not isinstance(value, Mapping):
            raise _unfit(node, "is not a mapping of its elements")
        said = []
        for key, content in value.items():
            if key in known:
                continue
            if key not in attributes:
                raise _unfit(node, f"has no element or attribute {key} in the WSDL")
            said.append(f' {key}="{_attribute(str(content))}"')
        out.append(f"<{name}{''.join(said)}>" if said else opened)
        for tag, write_child in writers:
            if tag not in value:
                continue
            content = value[tag]
            if isinstance(content, list):
                if len(content) > 1 and tag in single:
                    raise _unfit(node, f"takes only one {tag}")
                for each in content:
                    write_child(each, out)
            else:
                write_child(content, out)
        out.append(closed)

    return write


def _unfit(node: Node, why: str) -> RejectRecord:
    return RejectRecord(f"building a message: {node.tag} {why}", path=node.tag, code="bad_message")
