"""Calls of all dialects as the simulator understands them. What a WSDL does not have is refused, as Siebel does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.services import ASI, SERVICES, UI_DATA_ADAPTER, WORKFLOW, Service, Tree

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
UNLIMITED = 1 << 40
_ARGUMENTS: Mapping[str, frozenset[str]] = {
    UI_DATA_ADAPTER: frozenset({"NamedSearchSpec", "LOVLanguageMode", "ViewMode"}),
    ASI: frozenset(
        {
            "PageSize", "StartRowNum", "NewQuery", "SearchSpec", "SortSpec", "ViewMode", "ExecutionMode",
            "LOVLanguageMode", "UTCCanonical", "PrimaryRowId", "StatusObject",
        }
    ),
    WORKFLOW: frozenset({"Search_spcSpecification", "Page_spcSize", "Start_spcRow_spcNum", "View_spcMode"}),
}  # fmt: skip
_TRUE = frozenset({"true", "Y", "y", "TRUE", "1"})


@dataclass(frozen=True, slots=True)
class Call:
    """One SOAP call: its service and method, the arguments, and the integration object's element."""

    service: Service
    operation: str
    method: str
    arguments: Mapping[str, str]
    body: etree._Element | None

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in {"QueryPage", "QueryByExample", "QueryById", "Query"}

    def says(self, name: str) -> bool:
        """Whether the argument ``name`` is true, as Siebel writes it."""
        return self.arguments.get(name, "") in _TRUE


@dataclass(frozen=True, slots=True)
class Template:
    """What is asked of one component, which is also what comes back.

    Attributes:
        examples: texts in fields: query by example.
        sort: fields, each with whether it descends.
        page_size: rows wanted; ``None``: not said.
        counted: whether the number of all matching rows is asked for.
    """

    fields: tuple[str, ...]
    children: Mapping[str, Template]
    searchspec: str = ""
    examples: Mapping[str, str] = field(default_factory=dict)
    sort: tuple[tuple[str, bool], ...] = ()
    page_size: int | None = None
    start: int = 0
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One component of a write. An empty container is present in ``children`` with no rows.

    Attributes:
        primary: it says ``IsPrimaryMVG="Y"``.
    """

    operation: str | None
    fields: Mapping[str, str]
    children: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)
    primary: bool = False


def call_of(envelope: etree._Element) -> Call:
    """The call in a SOAP envelope.

    Raises:
        RefusalError: no service of ours, or an argument is missing or unknown.
    """
    content = envelope.find(f"{SOAP}Body")
    request = content[0] if content is not None and len(content) else None
    if envelope.tag != f"{SOAP}Envelope" or request is None:
        raise RefusalError("SBL-EAI-04316", "The request is not a SOAP 1.1 message")
    name = etree.QName(request)
    for service in SERVICES:
        for operation, method in service.operations():
            if name.localname == f"{operation}_Input" and name.namespace == service.space:
                return _call(request, service, operation, method)
    raise RefusalError("SBL-EAI-04316", f"There is no active Web Service with operation named '{name.localname}'")


def template_of(call: Call) -> Template:
    """What a query asks for.

    Raises:
        RefusalError: it asks for what there is not, or in a way that the simulator does not know.
    """
    service = call.service
    tree = service.tree("Query")
    if service.dialect == UI_DATA_ADAPTER:
        assert call.body is not None  # noqa: S101  # _call() has refused it
        return _template(call.body, tree, space=service.spaces["Query"])
    return _by_arguments(call, tree)


def messages_of(call: Call) -> tuple[Message, ...]:
    """The components that a write carries.

    Raises:
        RefusalError: a field or container that the WSDL does not have.
    """
    part = "Id" if call.service.dialect == UI_DATA_ADAPTER and call.method == "Delete" else "Data"
    if call.body is None:
        raise RefusalError("SBL-EAI-04316", f"Argument '{call.service.list_tag}' of '{call.operation}' is missing")
    return _messages(call.body, call.service.tree(part), space=call.service.spaces[part])


def count(text: str | None, name: str) -> int | None:
    """A number among the arguments; ``None``: not given.

    Raises:
        RefusalError: it is no number.
    """
    if text is None or not text.strip():
        return None
    if not text.strip().isdigit():
        raise RefusalError("SBL-EAI-04316", f"'{name}' is not a number")
    return int(text)


def _call(request: etree._Element, service: Service, operation: str, method: str) -> Call:
    parts = {"QueryPage": "Query", "Delete": "Id"} if service.dialect == UI_DATA_ADAPTER else {}
    wanted = f"{{{service.spaces[parts.get(method, 'Data')]}}}{service.list_tag}"
    arguments: dict[str, str] = {}
    body = None
    for element in request:
        if element.tag == wanted:
            body = element
        elif isinstance(element.tag, str):
            arguments[etree.QName(element).localname] = element.text or ""
    if body is None and service.dialect == UI_DATA_ADAPTER:
        raise RefusalError("SBL-EAI-04316", f"Argument '{service.list_tag}' of '{operation}' is missing")
    if service.dialect == UI_DATA_ADAPTER and method != "Delete" and "LOVLanguageMode" not in arguments:
        raise RefusalError("SBL-EAI-04316", f"Argument 'LOVLanguageMode' of '{operation}' is missing")
    unknown = arguments.keys() - _ARGUMENTS[service.dialect]
    if unknown or arguments.get("NamedSearchSpec"):
        raise RefusalError(
            "SBL-EAI-04316",
            f"This simulator does not know '{min(unknown, default='NamedSearchSpec')}' of '{operation}'",
        )
    if arguments.get("LOVLanguageMode", "LIC") not in {"LIC", "LDC", ""}:
        raise RefusalError("SBL-EAI-04316", "LOVLanguageMode is neither LIC nor LDC")
    return Call(service=service, operation=operation, method=method, arguments=arguments, body=body)


def _template(container: etree._Element, tree: Tree, *, space: str) -> Template:
    """A template of the UI Data Adapter: paging and sorting are attributes, and it is the projection."""
    component = container.find(f"{{{space}}}{tree.tag}")
    fields: list[str] = []
    examples: dict[str, str] = {}
    sort: list[tuple[int, str, bool]] = []
    children: dict[str, Template] = {}
    for element, name, child in _elements(component, tree, space=space):
        if child is not None:
            children[child.tag] = _template(element, child, space=space)
            continue
        fields.append(name)
        if element.text and element.text.strip():
            examples[name] = element.text
        if element.get("sortsequence"):
            descending = element.get("sortorder", "ASC") == "DESC"
            sort.append((count(element.get("sortsequence"), "sortsequence") or 0, name, descending))
    return Template(
        fields=tuple(fields),
        children=children,
        searchspec=component.get("searchspec", "") if component is not None else "",
        examples=examples,
        sort=tuple((name, descending) for _, name, descending in sorted(sort)),
        page_size=count(container.get("pagesize"), "pagesize"),
        start=count(container.get("startrownum"), "startrownum") or 0,
        counted=container.get("recordcountneeded", "") in _TRUE,
    )


def _by_arguments(call: Call, tree: Tree) -> Template:
    """A query of the other dialects: all fields come back, and the containers that are named, or all when none is."""
    component = call.body.find(f"{{{call.service.spaces['Query']}}}{tree.tag}") if call.body is not None else None
    examples: dict[str, str] = {}
    named: dict[str, Template] = {}
    for element, name, child in _elements(component, tree, space=call.service.spaces["Query"]):
        if child is not None:
            if any(inner.text and inner.text.strip() for inner in element.iter()):
                raise RefusalError("SBL-EAI-04316", "This simulator knows no query by example of child components")
            named[child.tag] = _whole(child)
        elif element.text and element.text.strip():
            examples[name] = element.text
    if call.method == "QueryById":
        examples["Id"] = "='" + call.arguments.get("PrimaryRowId", "").replace("'", "''") + "'"
    workflow = call.service.dialect == WORKFLOW
    paged = workflow or call.method == "QueryPage"
    size = call.arguments.get("Page_spcSize" if workflow else "PageSize")
    start = call.arguments.get("Start_spcRow_spcNum" if workflow else "StartRowNum")
    return Template(
        fields=tree.fields,
        children=named or {child.tag: _whole(child) for child in tree.children},
        searchspec=call.arguments.get("Search_spcSpecification" if workflow else "SearchSpec", "")
        or (component.get("searchspec", "") if component is not None else ""),
        examples=examples,
        sort=_sortspec(call.arguments.get("SortSpec", ""), tree),
        page_size=count(size, "PageSize") if paged else UNLIMITED,
        start=(count(start, "StartRowNum") or 0) if paged else 0,
    )


def _whole(tree: Tree) -> Template:
    return Template(fields=tree.fields, children={}, page_size=UNLIMITED)


def _sortspec(text: str, tree: Tree) -> tuple[tuple[str, bool], ...]:
    """``Contact.Updated(ASCENDING), Id`` and the like."""
    sort = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        written, bracket, order = part.partition("(")
        name = written.strip().strip("[]").removeprefix(f"{tree.tag}.").replace(" ", "")
        direction = order.rstrip(") ").upper()
        if name not in tree.fields or (bracket and direction not in {"ASC", "ASCENDING", "DESC", "DESCENDING"}):
            raise RefusalError("SBL-EAI-04316", f"This simulator does not know the sort specification '{part}'")
        sort.append((name, direction.startswith("DESC")))
    return tuple(sort)


def _messages(container: etree._Element, tree: Tree, *, space: str) -> tuple[Message, ...]:
    found = []
    for component in container:
        if component.tag != f"{{{space}}}{tree.tag}":
            raise RefusalError(
                "SBL-EAI-04127", f"'{etree.QName(component).localname}' is not a component of the message"
            )
        fields: dict[str, str] = {}
        children: dict[str, tuple[Message, ...]] = {}
        for element, name, child in _elements(component, tree, space=space):
            if child is not None:
                children[child.tag] = _messages(element, child, space=space)
            else:
                fields[name] = element.text or ""
        found.append(
            Message(
                operation=component.get("operation"),
                fields=fields,
                children=children,
                primary=component.get("IsPrimaryMVG") == "Y",
            )
        )
    return tuple(found)


def _elements(
    component: etree._Element | None, tree: Tree, *, space: str
) -> Iterator[tuple[etree._Element, str, Tree | None]]:
    """The elements of a component; a container comes with its tree.

    Raises:
        RefusalError: one that the tree does not have.
    """
    containers = {f"ListOf{child.tag}": child for child in tree.children}
    for element in component if component is not None else ():
        if not isinstance(element.tag, str):
            continue  # a comment
        name = etree.QName(element)
        if name.namespace != space or (name.localname not in tree.fields and name.localname not in containers):
            raise RefusalError("SBL-EAI-04127", f"Field '{name.localname}' does not exist in component '{tree.tag}'")
        yield element, name.localname, containers.get(name.localname)
