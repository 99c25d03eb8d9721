"""The tree of one Siebel service's messages, as plain values: what readers, queries and writes are compiled from.

It is taken from the WSDL once (:mod:`crm_bridge_siebel.soap`), so nothing else has to know how a WSDL is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ROW_ID = "Id"
VERSION = "ModId"
UPDATED = "Updated"
CREATED = "Created"
INTEGRATION_ID = "IntegrationId"
SYSTEM_FIELDS = (ROW_ID, CREATED, UPDATED, VERSION)


@dataclass(frozen=True, slots=True)
class Component:
    """One integration component, such as ``Contact``, in one namespace."""

    tag: str
    namespace: str
    fields: tuple[str, ...]
    lists: tuple[ComponentList, ...] = ()

    @property
    def qname(self) -> str:
        """The tag in lxml's ``{namespace}name`` form."""
        return f"{{{self.namespace}}}{self.tag}"


@dataclass(frozen=True, slots=True)
class ComponentList:
    """A container, such as ``ListOfChild``, and the component that it holds."""

    tag: str
    component: Component

    @property
    def qname(self) -> str:
        """The tag in lxml's ``{namespace}name`` form."""
        return f"{{{self.component.namespace}}}{self.tag}"


@dataclass(frozen=True, slots=True)
class ServiceShape:
    """What one service of the UI Data Adapter dialect takes and gives.

    Attributes:
        prefix: what every operation's name begins with, such as ``CRM_Contact_BS``.
        methods: the methods it publishes: ``QueryPage``, ``Insert``, ``Update``, ``Delete``, ``Execute``.
        query: the tree of a QueryPage request, which is also the projection.
        data: the tree of an answer to QueryPage and of what Insert, Update and Execute take.
        ids: the tree of an answer to a write; ``None`` for a service that only reads.
    """

    prefix: str
    methods: frozenset[str]
    query: ComponentList
    data: ComponentList
    ids: ComponentList | None

    def names(self) -> frozenset[str]:
        """Every field and component name: what an error message may safely repeat."""
        return frozenset(_names(self.data.component))


def _names(component: Component) -> Iterator[str]:
    yield component.tag
    yield from component.fields
    for child in component.lists:
        yield from _names(child.component)
