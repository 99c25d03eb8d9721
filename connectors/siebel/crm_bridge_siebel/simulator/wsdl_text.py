"""WSDLs of the simulator's services: the files in ``wsdl/`` are what this module writes, with a placeholder address.

In the shape of those that Siebel Tools generates: all schemas inline, no header, no fault, nothing nillable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from xml.sax.saxutils import quoteattr

from crm_bridge_siebel.simulator.services import ASI, UI_DATA_ADAPTER, Service, Tree

PLACEHOLDER = "http://webserver.invalid/siebel/app/eai/enu?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
_XSD: Mapping[str, str] = MappingProxyType(
    {
        "text": "string", "datetime": "dateTime", "date": "date", "boolean": "boolean", "integer": "int",
        "decimal": "decimal",
    }
)  # fmt: skip
_SHAPE = {
    "ui_data_adapter": "Siebel's EAI UI Data Adapter services",
    "asi": "Siebel's Application Services Interfaces",
    "workflow": "workflows published as Siebel Web services",
}
_TREES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"QueryPage": ("Query", "Data"), "Delete": ("Id", "Id")}  # all others take Data and give Id
)
_ASI_ARGUMENTS: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = MappingProxyType(
    # method: elements before the integration object and behind it, and those before it in the answer
    {
        "QueryByExample": ((), ("SearchSpec", "SortSpec", "ViewMode", "LOVLanguageMode", "UTCCanonical"), ()),
        "QueryById": (("PrimaryRowId",), ("ViewMode", "LOVLanguageMode", "UTCCanonical"), ()),
        "QueryPage": (
            ("PageSize", "StartRowNum", "NewQuery"),
            ("SearchSpec", "SortSpec", "ViewMode", "ExecutionMode", "LOVLanguageMode", "UTCCanonical"),
            ("LastPage",),
        ),
    }
)
_ASI_WRITE = ((), ("StatusObject", "ViewMode", "LOVLanguageMode", "UTCCanonical"), ("PrimaryRowId",))
_REQUIRED = frozenset({"PageSize", "StartRowNum", "PrimaryRowId"})
_WORKFLOW_IN = {
    "Query": ("Search_spcSpecification", "Page_spcSize", "Start_spcRow_spcNum", "View_spcMode"),
    "Upsert": ("View_spcMode",),
    "Synchronize": ("View_spcMode",),
}
_WORKFLOW_OUT = (
    "Error_spcCode",
    "Error_spcMessage",
    "Object_spcId",
    "Process_spcInstance_spcId",
    "Return_spcCode",
)


def wsdl(service: Service, *, address: str = PLACEHOLDER) -> str:
    """The WSDL of ``service`` with ``address`` in it."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<!-- Written for crm-bridge in the shape of {_SHAPE[service.dialect]}; not taken from any installation. -->",
        _definitions(service),
        "  <types>",
        *_indented(_schemas(service), 4),
        "  </types>",
        *_indented(_operations(service, address=address), 2),
        "</definitions>",
    ]
    return "\n".join(lines) + "\n"


def _definitions(service: Service) -> str:
    spaces = {f"xsdLocal{number}": space for number, space in enumerate(_spaces(service), start=1)}
    local = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    return (
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{service.space}" {local} '
        f'targetNamespace="{service.space}">'
    )


def _spaces(service: Service) -> list[str]:
    return list(dict.fromkeys(service.spaces.values()))


def _schemas(service: Service) -> Iterator[str]:
    yield _schema(service.space)
    parts = [part for part in _parts(service) if part == "Data" or service.dialect == UI_DATA_ADAPTER]
    for part in parts:
        yield f'  <xsd:import namespace="{service.spaces[part]}"/>'
    for operation, method in service.operations():
        taken, given = _bodies(service, method)
        yield from _indented(_message(f"{operation}_Input", taken), 2)
        yield from _indented(_message(f"{operation}_Output", given), 2)
    yield "</xsd:schema>"
    for part in parts:
        yield _schema(service.spaces[part])
        yield from _indented(_trees(service, part), 2)
        yield "</xsd:schema>"


def _parts(service: Service) -> tuple[str, ...]:
    reads_only = service.dialect == UI_DATA_ADAPTER and service.methods == ("QueryPage",)
    return ("Query", "Data") if reads_only else ("Query", "Data", "Id")


def _schema(space: str) -> str:
    return f'<xsd:schema attributeFormDefault="unqualified" elementFormDefault="qualified" targetNamespace="{space}">'


def _message(name: str, body: Sequence[str]) -> Iterator[str]:
    yield f'<xsd:element name="{name}">'
    yield "  <xsd:complexType>"
    yield "    <xsd:sequence>"
    for line in body:
        yield f"      {line}"
    yield "    </xsd:sequence>"
    yield "  </xsd:complexType>"
    yield "</xsd:element>"


def _bodies(service: Service, method: str) -> tuple[list[str], list[str]]:
    """The elements of an operation's request and of its answer."""
    if service.dialect == UI_DATA_ADAPTER:
        taken, given = _TREES.get(method, ("Data", "Id"))
        tail = [_text("LOVLanguageMode", needed=True)] if method != "Delete" else []
        head = [_text("NamedSearchSpec")] if method == "QueryPage" else []
        return (
            [*head, _io(service, taken, needed=method != "QueryPage"), *tail, _text("ViewMode")],
            [_io(service, given)],
        )
    if service.dialect == ASI:
        before, behind, answered = _ASI_ARGUMENTS.get(method, _ASI_WRITE)
        io = [] if method == "QueryById" else [_io(service, "Data")]
        return (
            [_text(name, needed=name in _REQUIRED) for name in before] + io + [_text(name) for name in behind],
            [_text(name, needed=name == "LastPage") for name in answered] + [_io(service, "Data")],
        )
    arguments = [_text(name) for name in _WORKFLOW_IN[method]]
    return (
        arguments if method == "Query" else [_io(service, "Data"), *arguments],
        [_text(name) for name in _WORKFLOW_OUT] + [_io(service, "Data", needed=False)],
    )


def _text(name: str, *, needed: bool = False) -> str:
    return f'<xsd:element {_often(needed)}name="{name}" type="xsd:string"/>'


def _io(service: Service, part: str, *, needed: bool = True) -> str:
    prefix = f"xsdLocal{_spaces(service).index(service.spaces[part]) + 1}"
    return f'<xsd:element {_often(needed)}ref="{prefix}:{service.list_tag}"/>'


def _often(needed: bool) -> str:
    return "" if needed else 'minOccurs="0" '


def _trees(service: Service, part: str) -> Iterator[str]:
    prefix = f"xsdLocal{_spaces(service).index(service.spaces[part]) + 1}"
    ending = part if service.dialect == UI_DATA_ADAPTER else ""
    yield f'<xsd:element name="{service.list_tag}" type="{prefix}:{service.list_tag}{ending}"/>'
    tree = service.tree(part)
    yield from _container(service.list_tag, tree, part=part, prefix=prefix, ending=ending)
    yield from _component(service, tree, part=part, prefix=prefix, ending=ending, child=False)
    for child in tree.children:
        yield from _container(f"ListOf{child.tag}", child, part=part, prefix=prefix, ending=ending)
        yield from _component(service, child, part=part, prefix=prefix, ending=ending, child=True)
    if part == "Query":
        yield '<xsd:complexType name="queryType">'
        yield "  <xsd:simpleContent>"
        yield '    <xsd:extension base="xsd:string">'
        yield '      <xsd:attribute name="sortorder" type="xsd:string"/>'
        yield '      <xsd:attribute name="sortsequence" type="xsd:string"/>'
        yield "    </xsd:extension>"
        yield "  </xsd:simpleContent>"
        yield "</xsd:complexType>"


def _container(tag: str, tree: Tree, *, part: str, prefix: str, ending: str) -> Iterator[str]:
    many = "1" if part == "Query" else "unbounded"
    yield f'<xsd:complexType name="{tag}{ending}">'
    yield "  <xsd:sequence>"
    yield f'    <xsd:element minOccurs="0" maxOccurs="{many}" name="{tree.tag}" type="{prefix}:{tree.tag}{ending}"/>'
    yield "  </xsd:sequence>"
    if ending == "Query":
        yield '  <xsd:attribute name="pagesize" type="xsd:integer"/>'
        yield '  <xsd:attribute name="startrownum" type="xsd:integer"/>'
        yield '  <xsd:attribute name="recordcountneeded" type="xsd:boolean"/>'
    elif ending == "Data":
        yield '  <xsd:attribute name="lastpage" type="xsd:boolean"/>'
        yield '  <xsd:attribute name="recordcount" type="xsd:integer"/>'
    yield "</xsd:complexType>"


def _component(service: Service, tree: Tree, *, part: str, prefix: str, ending: str, child: bool) -> Iterator[str]:
    kind = service.kind.of_child(tree.tag) if child else service.kind
    yield f'<xsd:complexType name="{tree.tag}{ending}">'
    yield "  <xsd:sequence>"
    for name in tree.fields:
        written = _XSD[kind.type_of(name)] if service.typed else "string"
        type_name = f"{prefix}:queryType" if part == "Query" else f"xsd:{written}"
        yield f'    <xsd:element minOccurs="0" maxOccurs="1" name="{name}" type="{type_name}"/>'
    for inner in tree.children:
        tag = f"ListOf{inner.tag}"
        yield f'    <xsd:element minOccurs="0" maxOccurs="1" name="{tag}" type="{prefix}:{tag}{ending}"/>'
    yield "  </xsd:sequence>"
    attributes = {
        "Query": ("searchspec",),
        "Data": ("operation",),
        "Id": (),
        "": ("operation", "searchspec"),
    }[ending]
    for name in (*(("IsPrimaryMVG",) if child and ending != "Id" else ()), *attributes):
        yield f'  <xsd:attribute name="{name}" type="xsd:string"/>'
    yield "</xsd:complexType>"


def _operations(service: Service, *, address: str) -> Iterator[str]:
    names = [operation for operation, _ in service.operations()]
    for name in names:
        for way in ("Input", "Output"):
            yield f'<message name="{name}_{way}">'
            yield f'  <part name="{name}_{way}" element="tns:{name}_{way}"/>'
            yield "</message>"
    yield f'<portType name="{service.name}">'
    for name in names:
        yield f'  <operation name="{name}">'
        yield f'    <input message="tns:{name}_Input"/>'
        yield f'    <output message="tns:{name}_Output"/>'
        yield "  </operation>"
    yield "</portType>"
    yield f'<binding name="{service.name}" type="tns:{service.name}">'
    yield '  <soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>'
    for name in names:
        yield f'  <operation name="{name}">'
        yield f'    <soap:operation soapAction="document/{service.space}:{name}"/>'
        for way in ("input", "output"):
            yield f"    <{way}>"
            yield '      <soap:body use="literal"/>'
            yield f"    </{way}>"
        yield "  </operation>"
    yield "</binding>"
    yield f'<service name="{service.name}">'
    yield f'  <port name="{service.name}" binding="tns:{service.name}">'
    yield f"    <soap:address location={quoteattr(address)}/>"
    yield "  </port>"
    yield "</service>"


def _indented(lines: Iterator[str], by: int) -> Iterator[str]:
    return (" " * by + line for line in lines)
