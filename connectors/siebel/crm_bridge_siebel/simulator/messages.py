"""SOAP requests as the simulator understands them. What the WSDL does not have is refused, as Siebel does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from crm_bridge_siebel.shapes import Component, ComponentList
from crm_bridge_siebel.simulator.catalogue import CATALOGUE, Kind
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.xml_guard import parse

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_HEADER = "{http://siebel.com/webservices}"
_METHODS = ("QueryPage", "Insert", "Update", "Delete", "Execute")
_DEFAULT_PAGE = 10


@dataclass(frozen=True, slots=True)
class Call:
    """One SOAP call: the service's kind, the method, the login and the integration object's element."""

    kind: Kind
    method: str
    username: str
    password: str
    body: etree._Element


@dataclass(frozen=True, slots=True)
class Template:
    """A query template: what is asked of one component, which is also what comes back."""

    fields: tuple[str, ...]
    searchspec: str | None
    sort: tuple[tuple[str, bool], ...]
    page_size: int
    start: int
    children: Mapping[str, Template]


@dataclass(frozen=True, slots=True)
class Message:
    """One component of a write. An empty container is present in ``children`` with no rows."""

    operation: str | None
    fields: Mapping[str, str]
    children: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)


def call_of(body: bytes) -> Call:
    """The call in a request.

    Raises:
        RefusalError: no service of ours, or an argument is missing.
        UnreadableAnswer: not XML.
    """
    root = parse(body, system="simulator")
    content = root.find(f"{_SOAP}Body")
    request = content[0] if content is not None and len(content) else None
    if root.tag != f"{_SOAP}Envelope" or request is None:
        raise RefusalError("SBL-EAI-04316", "The request is not a SOAP 1.1 message")
    name = etree.QName(request).localname
    for kind in CATALOGUE.values():
        for method in _METHODS:
            if name == f"{kind.prefix}{method}_Input":
                return Call(
                    kind=kind,
                    method=method,
                    username=root.findtext(f"{_SOAP}Header/{_HEADER}UsernameToken") or "",
                    password=root.findtext(f"{_SOAP}Header/{_HEADER}PasswordText") or "",
                    body=_argument(request, kind, method),
                )
    raise RefusalError("SBL-EAI-04316", f"There is no active Web Service with operation named '{name}'")


def template_of(call: Call) -> Template:
    """The query template of a QueryPage call.

    Raises:
        RefusalError: it asks for what there is not, or in a way that the simulator does not know.
    """
    return _template(call.body, call.kind.shape("Query"))


def messages_of(call: Call, *, part: str) -> tuple[Message, ...]:
    """The components that a write carries.

    Raises:
        RefusalError: a field or container that the WSDL does not have.
    """
    return _messages(call.body, call.kind.shape(part))


def _argument(request: etree._Element, kind: Kind, method: str) -> etree._Element:
    space = etree.QName(request).namespace
    part = {"QueryPage": "Query", "Delete": "Id"}.get(method, "Data")
    found = request.find(kind.shape(part).qname)
    if found is None:
        raise RefusalError("SBL-EAI-04316", f"Argument '{kind.list_tag}' of '{kind.prefix}{method}' is missing")
    mode = request.findtext(f"{{{space}}}LOVLanguageMode")
    if method != "Delete" and mode != "LIC":
        raise RefusalError("SBL-EAI-04316", "LOVLanguageMode has to be LIC: this simulator knows no LDC")
    return found


def _template(container: etree._Element, shape: ComponentList) -> Template:
    component = container.find(shape.component.qname)
    fields: list[str] = []
    sort: list[tuple[int, str, bool]] = []
    children: dict[str, Template] = {}
    lists = {child.qname: child for child in shape.component.lists}
    for element in component if component is not None else ():
        name = _name(element, shape.component, lists)
        if element.tag in lists:
            children[lists[str(element.tag)].component.tag] = _template(element, lists[str(element.tag)])
            continue
        if element.text and element.text.strip():
            raise RefusalError("SBL-EAI-04316", f"This simulator knows no query by example, as in field '{name}'")
        fields.append(name)
        if element.get("sortsequence"):
            descending = element.get("sortorder", "ASC") == "DESC"
            sort.append((int(str(element.get("sortsequence"))), name, descending))
    return Template(
        fields=tuple(fields),
        searchspec=component.get("searchspec") if component is not None else None,
        sort=tuple((name, descending) for _, name, descending in sorted(sort)),
        page_size=_count(container, "pagesize", _DEFAULT_PAGE),
        start=_count(container, "startrownum", 0),
        children=children,
    )


def _messages(container: etree._Element, shape: ComponentList) -> tuple[Message, ...]:
    lists = {child.qname: child for child in shape.component.lists}
    found = []
    for component in container:
        if component.tag != shape.component.qname:
            raise RefusalError(
                "SBL-EAI-04127", f"'{etree.QName(component).localname}' is not a component of the message"
            )
        fields: dict[str, str] = {}
        children: dict[str, tuple[Message, ...]] = {}
        for element in component:
            name = _name(element, shape.component, lists)
            if element.tag in lists:
                inner = lists[str(element.tag)]
                children[inner.component.tag] = _messages(element, inner)
            else:
                fields[name] = element.text or ""
        found.append(Message(operation=component.get("operation"), fields=fields, children=children))
    return tuple(found)


def _name(element: etree._Element, component: Component, lists: Mapping[str, ComponentList]) -> str:
    name = etree.QName(element)
    if name.namespace != component.namespace or (name.localname not in component.fields and element.tag not in lists):
        raise RefusalError("SBL-EAI-04127", f"Field '{name.localname}' does not exist in component '{component.tag}'")
    return name.localname


def _count(element: etree._Element, name: str, default: int) -> int:
    text = element.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise RefusalError("SBL-EAI-04316", f"'{name}' is not a number")
    return int(text)
