"""The only place that knows zeep: it reads a WSDL into plain values (:mod:`crm_bridge_siebel.messages`).

zeep never sees the network, builds no request and reads no answer: it spoils dates and flags, and takes its time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from crm_bridge.api import BridgeError, ConfigMistake, RejectRecord, Secret
from crm_bridge_siebel.dialects import Wanted, shape_of
from crm_bridge_siebel.messages import Node, Operation, Service
from crm_bridge_siebel.rendering import Template, escaped
from crm_bridge_siebel.xml_guard import parse_or_none, refuse_hostile_document

try:
    import zeep
    from zeep.transports import Transport
    from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding
    from zeep.xsd import ComplexType, Element
except ImportError as missing:
    raise ConfigMistake(
        f"connector siebel needs the package {missing.name}: pip install crm-bridge[siebel]"
    ) from missing

_HEADER = "http://siebel.com/webservices"
_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_DEEPEST = 24
_PORTS = {"http": 80, "https": 443}

Load = Callable[[str], bytes]


class Headers(Protocol):
    """What stands in the SOAP header of a request: who we are."""

    def xml(self) -> str:
        """Elements with their namespaces, serialised."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who we say we are, in Siebel's own SOAP headers."""

    username: str
    password: Secret
    session_type: str = "None"

    def xml(self) -> str:
        """The three headers; the password is in them."""
        values = {
            "UsernameToken": self.username,
            "PasswordText": self.password.reveal(),
            "SessionType": self.session_type,
        }
        return "".join(
            f'<web:{name} xmlns:web="{_HEADER}">{escaped(value)}</web:{name}>' for name, value in values.items()
        )


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """A message ready to be sent. ``body`` holds the password, so it is kept out of ``repr``."""

    action: str
    body: bytes
    operation: Operation

    def __repr__(self) -> str:
        return f"SoapRequest(action={self.action!r}, body={len(self.body)} bytes)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a request is not pickled: it holds the password")


class SoapService:
    """One service of a WSDL, in whichever dialect it speaks.

    Args:
        wsdl: the file. What it imports is read from its own folder and nowhere else.
        endpoint: where calls go; the WSDL's own address is never used.
        wanted: which service and operations of the file; found by itself where there is one choice.

    Raises:
        ConfigMistake: the file is missing, not a WSDL, hostile, or has no service that can be asked.
    """

    def __init__(self, wsdl: Path, *, endpoint: str, system: str, wanted: Wanted | None = None) -> None:
        self._system = system
        self.endpoint = endpoint
        services = services_of_file(wsdl, system=system)
        self.service, self.shape = shape_of(services, wanted=wanted or Wanted(), file=wsdl.name, system=system)
        by_name = {operation.name: operation for operation in self.service.operations}
        self.operations: Mapping[str, Operation] = {
            method: by_name[name] for method, name in self.shape.operations.items()
        }
        self._templates = {method: Template(operation.input) for method, operation in self.operations.items()}

    def request(self, method: str, arguments: Mapping[str, Any], *, login: Headers) -> SoapRequest:
        """A message that calls ``method`` with ``arguments``, by the names of the WSDL.

        Raises:
            RejectRecord: the arguments do not fit the message, such as an unknown field or a control character.
        """
        template = self._templates.get(method)
        if template is None:
            raise RejectRecord(f"service {self.shape.prefix} does not publish {method}", code="not_writable")
        operation = self.operations[method]
        return SoapRequest(
            action=f'"{operation.action}"',
            body=template.envelope(arguments, header=login.xml()),
            operation=operation,
        )


def services_of_file(wsdl: Path, *, system: str) -> tuple[Service, ...]:
    """The services of a WSDL file.

    Raises:
        ConfigMistake: it is missing, no WSDL, hostile, or imports from outside its own folder.
    """
    if not wsdl.is_file():
        raise ConfigMistake(f"{system}: WSDL file {wsdl.name} does not exist", path="wsdl")
    folder = wsdl.resolve().parent
    return services_of(str(wsdl.resolve()), load=_from_folder(folder), name=wsdl.name, system=system)


def services_of(place: str, *, load: Load, name: str, system: str) -> tuple[Service, ...]:
    """The services of the WSDL at ``place``, read and with all its imports fetched through ``load`` alone.

    Raises:
        ConfigMistake: it is no WSDL, or hostile.
        BridgeError: what ``load`` raises.
    """
    try:
        document = zeep.wsdl.Document(
            place,
            _Loader(load, name=name, system=system),  # type: ignore[arg-type]  # zeep names the class, takes an instance
            # forbid_external forbids the document's own host too: ``load`` says what is read, and from where.
            settings=zeep.Settings(
                strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=False, xml_huge_tree=False
            ),
        )
        services = _services(document)
    except BridgeError:
        raise
    except zeep.exceptions.ExternalReferenceForbidden:
        raise from_elsewhere() from None
    except (zeep.exceptions.Error, etree.LxmlError, OSError, ValueError, LookupError, TypeError, AttributeError) as bad:
        raise ConfigMistake(
            f"{system}: {name} cannot be read as a WSDL ({type(bad).__name__}): "
            "save it again from Siebel's Inbound Web Services",
            path="wsdl",
        ) from None
    if not services:
        raise ConfigMistake(f"{system}: {name} cannot be read as a WSDL: no SOAP operation is in it", path="wsdl")
    return services


def from_elsewhere() -> ConfigMistake:
    """The WSDL wants something from where nothing is read."""
    return ConfigMistake(
        "the WSDL imports from outside its own folder or host, which is refused: save what it imports beside it",
        path="wsdl",
    )


class _Loader(Transport):
    """zeep's way to documents: a function of ours, and no network at all."""

    def __init__(self, load: Load, *, name: str, system: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep is half typed
        self.session.close()
        self._load = load
        self._name = name
        self._system = system

    def load(self, url: str) -> bytes:
        """The document at ``url``.

        Raises:
            ConfigMistake: it is hostile.
        """
        return _without_headers(refuse_hostile_document(self._load(url), name=self._name, system=self._system))

    def post(self, address: str, message: object, headers: object) -> None:
        """Never called: messages are sent by :class:`crm_bridge_siebel.transport.Wire`."""
        raise NotImplementedError


def _without_headers(content: bytes) -> bytes:
    """``content`` without the SOAP headers that somebody declared by hand: they often name messages that are not there.

    Which headers a call carries is ours to say; Siebel's own WSDLs declare none.
    """
    if b"header" not in content:
        return content
    root = parse_or_none(content)
    if root is None:
        return content  # whoever reads it will say what is wrong with it
    for header in list(root.iter(f"{{{_SOAP}}}header")):
        holder = header.getparent()
        if holder is not None:
            holder.remove(header)
    return etree.tostring(root)


def _from_folder(folder: Path) -> Load:
    def load(url: str) -> bytes:
        parts = urlsplit(url)
        place = Path(unquote(parts.path) if parts.scheme == "file" else url).resolve()
        if parts.scheme not in {"", "file"} or not place.is_relative_to(folder):
            raise from_elsewhere()
        return place.read_bytes()

    return load


def within(root: str, *, url: str) -> str:
    """``url``, seen from ``root``, when it is on the same scheme, host and port.

    Raises:
        ConfigMistake: it is anywhere else.
    """
    whole = urljoin(root, url)
    home, other = urlsplit(root), urlsplit(whole)
    there = (other.scheme, other.hostname, other.port or _PORTS.get(other.scheme))
    if (home.scheme, home.hostname, home.port or _PORTS.get(home.scheme)) != there or other.username or other.password:
        raise from_elsewhere()
    return whole


def _services(document: Any) -> tuple[Service, ...]:  # Any: zeep is half typed
    found: list[Service] = []
    used = set()
    for service in document.services.values():
        bound = [port for port in service.ports.values() if isinstance(port.binding, SoapBinding)]
        # The same operations over SOAP 1.2 beside 1.1 are no other service.
        plain_soap = [port for port in bound if not isinstance(port.binding, Soap12Binding)]
        for port in bound:
            if port in (plain_soap or bound):
                used.add(id(port.binding))
                address = (port.binding_options or {}).get("address") or None
                found.append(_service(port.binding, name=service.name, port=port.name, address=address))
    # A file that was cut down to its binding can still be called: the endpoint is ours anyway.
    for binding in document.bindings.values():
        if isinstance(binding, SoapBinding) and id(binding) not in used and not found:
            found.append(_service(binding, name=binding.name.localname, port=binding.name.localname, address=None))
    return tuple(service for service in found if service.operations)


def _service(binding: Any, *, name: str, port: str, address: str | None) -> Service:  # Any: zeep is half typed
    nodes = _Nodes()
    return Service(
        name=name,
        port=port,
        address=address,
        operations=tuple(
            Operation(
                name=operation_name,
                action=operation.soapaction or "",
                style=operation.style,
                input=nodes.of(operation.input.body),
                output=nodes.of(operation.output.body) if operation.output is not None else Node("", ""),
            )
            for operation_name, operation in binding.all().items()
        ),
        soap="1.2" if isinstance(binding, Soap12Binding) else "1.1",
    )


class _Nodes:
    """zeep's types as trees, each type's children made once."""

    def __init__(self) -> None:
        self._children: dict[int, tuple[tuple[Node, ...], bool]] = {}

    def of(self, element: Any, *, within: tuple[int, ...] = ()) -> Node:  # Any: zeep is half typed
        if element is None:
            return Node("", "")
        kind = element.type
        children, is_open = self._below(kind, within)
        attributes = kind.attributes if isinstance(kind, ComplexType) else ()
        return Node(
            tag=element.qname.localname,
            namespace=element.qname.namespace or "",
            type="" if children or is_open else _simple_name(kind),
            children=children,
            attributes=tuple(name for name, _ in attributes if name and not name.startswith("_")),
            required=bool(getattr(element, "min_occurs", 1)),
            many=getattr(element, "max_occurs", 1) not in {0, 1},
            open=is_open,
        )

    def _below(self, kind: Any, within: tuple[int, ...]) -> tuple[tuple[Node, ...], bool]:
        if not isinstance(kind, ComplexType):
            return (), type(kind).__name__ in {"AnyType", "AnyObject"}
        key = id(kind)
        if key in within or len(within) > _DEEPEST:
            return (), True
        if key not in self._children:
            inner = [
                child
                for name, child in kind.elements
                if isinstance(child, Element) and child.qname is not None and not name.startswith("_value")
            ]
            is_open = any(not isinstance(child, Element) for _, child in kind.elements)
            children = {child.qname: self.of(child, within=(*within, key)) for child in inner}
            self._children[key] = tuple(children.values()), is_open
        return self._children[key]


def _simple_name(kind: Any) -> str:
    """The XSD type that ``kind`` is or restricts; empty for a complex type without elements."""
    if isinstance(kind, ComplexType):
        for name, child in kind.elements:
            if name.startswith("_value") and isinstance(child, Element):
                return _simple_name(child.type)
        return "" if kind.elements else "string" if kind.attributes else ""
    for each in type(kind).__mro__:
        qname = getattr(each, "_default_qname", None)
        if qname is not None and qname.namespace == _XSD:
            return str(qname.localname)
    return "string"
