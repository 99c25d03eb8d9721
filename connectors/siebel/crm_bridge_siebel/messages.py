"""A WSDL as plain values: its services, their operations, and each message as a tree of elements.

It is what everything else here is compiled from, so that one file alone has to know how a WSDL is read
(:mod:`crm_bridge_siebel.soap`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ESCAPED = re.compile(r"_(?:spc|und|sqo|dqo|lpr|rpr|lst|grt|cma|cln|fsl|bsl|dsh|dot)")
_OF_DOTNET = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SEPARATORS = re.compile(r"[\s_.-]+")


@dataclass(frozen=True, slots=True)
class Node:
    """One element of a message.

    Attributes:
        namespace: empty for an unqualified element, such as a part of an RPC message.
        type: local name of its XSD simple type; empty for an element that holds elements.
        required: ``minOccurs`` is not 0.
        many: ``maxOccurs`` is more than 1.
        open: it holds anything (``xsd:any``, ``xsd:anyType``, or a type within itself).
    """

    tag: str
    namespace: str
    type: str = ""
    children: tuple[Node, ...] = ()
    attributes: tuple[str, ...] = ()
    required: bool = False
    many: bool = False
    open: bool = False

    @property
    def qname(self) -> str:
        """The tag in lxml's ``{namespace}name`` form."""
        return f"{{{self.namespace}}}{self.tag}" if self.namespace else self.tag

    def child(self, tag: str) -> Node | None:
        """The child of that tag."""
        return next((child for child in self.children if child.tag == tag), None)

    def walk(self) -> Iterator[Node]:
        """This node and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service.

    Attributes:
        action: of the ``SOAPAction`` header.
        style: ``document`` or ``rpc``; always literal.
    """

    name: str
    action: str
    style: str
    input: Node
    output: Node

    def is_answered_by(self, tag: str) -> bool:
        """Whether a message ``tag`` (``{namespace}name``) is this operation's answer.

        Document style names it; RPC style leaves the wrapper's name open, by convention the operation's and `Response`.
        """
        if self.style != "rpc":
            return tag == self.output.qname
        namespace, _, name = tag.rpartition("}")
        names = (self.output.tag, self.name, f"{self.name}Response")
        return name in names and namespace[1:] in ("", self.output.namespace, self.input.namespace)


@dataclass(frozen=True, slots=True)
class Service:
    """One port of one service.

    Attributes:
        address: what the WSDL says, often a placeholder; ``None``: it says none. It is shown, and never called.
        soap: version of the binding; messages are of 1.1 always.
    """

    name: str
    port: str
    address: str | None
    operations: tuple[Operation, ...]
    soap: str = "1.1"


def plain(name: str) -> str:
    """A name without what escaping and spelling add: ``Error_spcCode``, ``Error_x0020_Code``, ``ErrorCode`` are one."""
    return _SEPARATORS.sub("", _ESCAPED.sub(" ", _OF_DOTNET.sub(_unescaped, name))).lower()


def _unescaped(found: re.Match[str]) -> str:
    sign = chr(int(found[1], 16))
    return sign if sign.isalnum() else " "
