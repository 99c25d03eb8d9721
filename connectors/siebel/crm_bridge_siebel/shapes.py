"""The tree of one Siebel service's messages, as plain values: what readers, queries and writes are compiled from.

It is taken from the WSDL once (:mod:`crm_bridge_siebel.soap`), so nothing else has to know how a WSDL is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from crm_bridge_siebel.messages import Node

ROW_ID = "Id"
VERSION = "ModId"
UPDATED = "Updated"
CREATED = "Created"
CONFLICT = "ConflictId"
INTEGRATION_ID = "IntegrationId"
SYSTEM_FIELDS = (ROW_ID, CREATED, UPDATED, VERSION)
CAPTURING = (ROW_ID, UPDATED, VERSION)  # without these, changes cannot be found


@dataclass(frozen=True, slots=True)
class Component:
    """One integration component, such as ``Contact``, in one namespace.

    Attributes:
        fields: names of its fields as records carry them: the WSDL's tags, but for ``tags``.
        types: XSD types of the fields that are not ``string``.
        tags: the WSDL's tag where a record carries another name (``system_fields`` of the settings).
        parts: components that stand in it by themselves, one at most of each; a record carries an object.
        rows: components that stand in it without a container, any number; a record carries a list.
        attributes: what its element may carry, such as ``searchspec`` and ``operation``.
    """

    tag: str
    namespace: str
    fields: tuple[str, ...]
    lists: tuple[ComponentList, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict, compare=False)
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    attributes: frozenset[str] = field(default=frozenset(), compare=False)
    parts: tuple[Component, ...] = field(default=(), compare=False)
    rows: tuple[Component, ...] = field(default=(), compare=False)

    @property
    def qname(self) -> str:
        """The tag in lxml's ``{namespace}name`` form."""
        return f"{{{self.namespace}}}{self.tag}" if self.namespace else self.tag

    def field_qname(self, name: str) -> str:
        """The tag of a field in lxml's form."""
        tag = self.tags.get(name, name)
        return f"{{{self.namespace}}}{tag}" if self.namespace else tag


@dataclass(frozen=True, slots=True)
class ComponentList:
    """A container, such as ``ListOfChild``, and the component that it holds.

    Attributes:
        path: elements between the message and the container, when it is wrapped (``SiebelMessage``).
        namespace: its own, where it is not its component's: a part of an RPC message has none.
    """

    tag: str
    component: Component
    path: tuple[str, ...] = field(default=(), compare=False)
    attributes: frozenset[str] = field(default=frozenset(), compare=False)
    namespace: str | None = field(default=None, compare=False)

    @property
    def qname(self) -> str:
        """The tag in lxml's ``{namespace}name`` form."""
        namespace = self.component.namespace if self.namespace is None else self.namespace
        return f"{{{namespace}}}{self.tag}" if namespace else self.tag


@dataclass(frozen=True, slots=True)
class ServiceShape:
    """What one service takes and gives, in the words that all three dialects share.

    Attributes:
        prefix: what every operation's name begins with, such as ``CRM_Contact_BS``; for messages.
        methods: what can be asked of it: ``QueryPage``, ``Insert``, ``Update``, ``Delete``, ``Execute``.
        query: the tree of a query, which in the UI Data Adapter dialect is also the projection.
        data: the tree of an answer to a query and of what writes take.
        ids: the tree of an answer to a write; ``None`` for a service that only reads.
        operations: the operation that carries out each method.
        arguments: the simple arguments of each method's operation, as the WSDL spells them.
        several: the methods whose message takes more than one record.
        named: what arguments of the query are for, by the WSDL's tag, where the settings say so: ``searchspec``.
        keeps_rows: the site vouches that Execute deletes no child rows that a message does not name.
    """

    prefix: str
    methods: frozenset[str]
    query: ComponentList
    data: ComponentList
    ids: ComponentList | None
    operations: Mapping[str, str] = field(default_factory=dict, compare=False)
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    several: frozenset[str] = field(default=frozenset(), compare=False)
    named: Mapping[str, str] = field(default_factory=dict, compare=False)
    keeps_rows: bool = field(default=False, compare=False)

    def names(self) -> frozenset[str]:
        """Every field and component name: what an error message may safely repeat."""
        return frozenset(_names(self.data.component))


def paths_of(component: Component, *, within: str = "") -> Iterator[str]:
    """Where each field stands in a record, nested rows included: ``LastName``, ``ListOfChild.Child.FirstName``.

    An element's name may hold dots; each gets a backslash.
    """
    yield from (within + _escaped(name) for name in component.fields)
    for child in component.lists:
        inner = f"{within}{_escaped(child.tag)}.{_escaped(child.component.tag)}"
        yield inner
        yield from paths_of(child.component, within=f"{inner}.")
    for direct in (*component.parts, *component.rows):
        yield within + _escaped(direct.tag)
        yield from paths_of(direct, within=f"{within}{_escaped(direct.tag)}.")


def _escaped(name: str) -> str:
    return name.replace(".", "\\.")


def integration_object(message: Node) -> ComponentList | None:
    """The integration object in a message: its first container, however deep it is wrapped."""
    for child in message.children:
        found = _container(child, path=())
        if found is not None:
            return found
    return None


def renamed(shape: ComponentList, names: Mapping[str, str]) -> ComponentList:
    """``shape`` whose top component's fields are carried under other names: ``{"Id": "ContactId"}``."""
    if not names:
        return shape
    component = shape.component
    back = {tag: name for name, tag in names.items() if tag in component.fields}
    return ComponentList(
        tag=shape.tag,
        component=Component(
            tag=component.tag,
            namespace=component.namespace,
            # A field that already has the name gives it up: two would be told apart by nobody.
            fields=tuple(back.get(name, name) for name in component.fields if name not in back.values()),
            lists=component.lists,
            types={back.get(name, name): kind for name, kind in component.types.items()},
            tags={name: tag for tag, name in back.items()},
            attributes=component.attributes,
            parts=component.parts,
            rows=component.rows,
        ),
        path=shape.path,
        attributes=shape.attributes,
        namespace=shape.namespace,
    )


def narrowed(shape: ComponentList, *, only: frozenset[str]) -> ComponentList:
    """``shape`` with those fields and lists of its top component alone, and the system fields; empty: as it is."""
    if not only:
        return shape
    component = shape.component
    return replace(
        shape,
        component=replace(
            component,
            fields=tuple(name for name in component.fields if name in only or name in SYSTEM_FIELDS),
            lists=tuple(child for child in component.lists if child.tag in only),
            parts=tuple(child for child in component.parts if child.tag in only),
            rows=tuple(child for child in component.rows if child.tag in only),
        ),
    )


def _container(node: Node, *, path: tuple[str, ...]) -> ComponentList | None:
    """``node`` as a container: its one child holds elements. A wrapper around a container is stepped into."""
    if len(node.children) != 1 or not node.children[0].children:
        return None
    inner = node.children[0]
    if not node.tag.startswith("ListOf") and not inner.many:
        wrapped = _container(inner, path=(*path, node.tag))
        if wrapped is not None:
            return wrapped
    return ComponentList(
        tag=node.tag,
        component=_component(inner),
        path=path,
        attributes=frozenset(node.attributes),
        namespace=None if node.namespace == inner.namespace else node.namespace,
    )


def _component(node: Node) -> Component:
    fields: list[str] = []
    types: dict[str, str] = {}
    lists: list[ComponentList] = []
    parts: list[Component] = []
    rows: list[Component] = []
    for child in node.children:
        nested = _container(child, path=()) if _is_list(child) else None
        if nested is not None:
            lists.append(nested)
        elif not child.children:
            fields.append(child.tag)
            if child.type not in {"string", ""}:
                types[child.tag] = child.type
        else:
            (rows if child.many else parts).append(_component(child))
    return Component(
        tag=node.tag,
        namespace=node.namespace,
        fields=tuple(fields),
        lists=tuple(lists),
        types=types,
        attributes=frozenset(node.attributes),
        parts=tuple(parts),
        rows=tuple(rows),
    )


def _is_list(node: Node) -> bool:
    """Whether it holds rows of one component and nothing else; its name alone tells it where one row is the most."""
    inner = node.children[0] if len(node.children) == 1 and not node.many else None
    return inner is not None and bool(inner.children) and (inner.many or node.tag.startswith("ListOf"))


def _names(component: Component) -> Iterator[str]:
    yield component.tag
    yield from component.fields
    for child in (*(each.component for each in component.lists), *component.parts, *component.rows):
        yield from _names(child)
