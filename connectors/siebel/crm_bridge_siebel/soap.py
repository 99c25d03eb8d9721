"""The only place that knows zeep: it reads a WSDL into a :class:`ServiceShape` and writes requests.

zeep never sees the network. Its own reading of answers is not used either (see :mod:`crm_bridge_siebel.records`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from crm_bridge.api import ConfigMistake, Secret
from crm_bridge_siebel.shapes import Component, ComponentList, ServiceShape
from crm_bridge_siebel.translation import translated

try:
    import zeep
    from zeep.transports import Transport
    from zeep.xsd import ComplexType, Element
except ImportError as missing:
    raise ConfigMistake(
        f"connector siebel needs the package {missing.name}: pip install crm-bridge[siebel]"
    ) from missing

_HEADER = "http://siebel.com/webservices"
_METHODS = ("QueryPage", "Insert", "Update", "Delete", "Execute")


@dataclass(frozen=True, slots=True)
class Login:
    """Who we say we are, in Siebel's own SOAP headers."""

    username: str
    password: Secret
    session_type: str = "None"


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """A message ready to be sent. ``body`` holds the password, so it is kept out of ``repr``."""

    action: str
    body: bytes

    def __repr__(self) -> str:
        return f"SoapRequest(action={self.action!r}, body={len(self.body)} bytes)"


class SoapService:
    """One service of a WSDL in the UI Data Adapter dialect.

    Args:
        wsdl: the file. What it imports is read from its own folder and nowhere else.
        endpoint: where the service is; the WSDL's own address is never used.

    Raises:
        ConfigMistake: the file is missing, not a WSDL, hostile, or of another dialect.
    """

    def __init__(self, wsdl: Path, *, endpoint: str, system: str) -> None:
        self._system = system
        self._endpoint = endpoint
        if not wsdl.is_file():
            raise ConfigMistake(f"{system}: WSDL file {wsdl.name} does not exist", path="wsdl")
        try:
            self._client = zeep.Client(  # type: ignore[no-untyped-call]  # zeep is half typed
                wsdl=str(wsdl),
                transport=_FolderOnly(wsdl.resolve().parent),
                settings=zeep.Settings(
                    strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False
                ),
            )
            binding = next(iter(self._client.wsdl.bindings.values()))
            self._binding: Any = binding  # zeep types it too narrowly
            self.shape = _shape(binding, file=wsdl.name, system=system)
        except zeep.exceptions.ExternalReferenceForbidden:
            raise _from_elsewhere() from None
        except (zeep.exceptions.Error, etree.LxmlError, OSError, ValueError, StopIteration) as error:
            raise ConfigMistake(
                f"{system}: {wsdl.name} cannot be read as a WSDL ({type(error).__name__}): "
                "save it again from Siebel's Inbound Web Services",
                path="wsdl",
            ) from None
        self._lock = threading.Lock()

    def request(self, method: str, arguments: Mapping[str, Any], *, login: Login) -> SoapRequest:
        """A message that calls ``method`` with ``arguments``, by the names of the WSDL.

        Raises:
            RejectRecord: the arguments do not fit the message, such as an unknown field or a control character.
        """
        operation = f"{self.shape.prefix}{method}"
        try:
            with self._lock:  # zeep fills type caches while it renders
                envelope, headers = self._binding._create(
                    operation,
                    (),
                    {**arguments, "_soapheaders": _login_headers(login)},
                    client=self._client,
                    options={"address": self._endpoint},
                )
        except (zeep.exceptions.Error, ValueError, TypeError) as error:
            raise translated(error, system=self._system, doing=f"building {operation}") from None
        return SoapRequest(
            action=headers["SOAPAction"],
            body=etree.tostring(envelope, encoding="utf-8", xml_declaration=True),
        )


class _FolderOnly(Transport):
    """zeep's way to files: those in one folder, nothing else, and no network at all."""

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # zeep is half typed
        self.session.close()
        self._folder = folder

    def load(self, url: str) -> bytes:
        """The file at ``url``.

        Raises:
            ConfigMistake: it is an address or lies outside the folder.
        """
        parts = urlsplit(url)
        place = Path(unquote(parts.path) if parts.scheme == "file" else url).resolve()
        if parts.scheme not in {"", "file"} or not place.is_relative_to(self._folder):
            raise _from_elsewhere()
        return place.read_bytes()

    def post(self, address: str, message: object, headers: object) -> None:
        """Never called: messages are sent by :class:`crm_bridge_siebel.transport.Wire`."""
        raise NotImplementedError


def _from_elsewhere() -> ConfigMistake:
    return ConfigMistake(
        "the WSDL imports from outside its own folder, which is refused: save what it imports beside it", path="wsdl"
    )


def _login_headers(login: Login) -> list[etree._Element]:
    values = {
        "UsernameToken": login.username,
        "PasswordText": login.password.reveal(),
        "SessionType": login.session_type,
    }
    headers = []
    for name, value in values.items():
        element = etree.Element(f"{{{_HEADER}}}{name}", nsmap={"web": _HEADER})
        element.text = value
        headers.append(element)
    return headers


def _shape(binding: Any, *, file: str, system: str) -> ServiceShape:  # Any: zeep is untyped
    operations = binding.all()
    query = next((name for name in operations if name.endswith("QueryPage")), None)
    if query is None:
        raise ConfigMistake(f"{system}: {file} has no QueryPage operation; publish one", path="wsdl")
    prefix = query.removesuffix("QueryPage")
    methods = frozenset(method for method in _METHODS if prefix + method in operations)
    asked = _component_list(operations[query].input.body)
    given = _component_list(operations[query].output.body)
    writer = next((method for method in ("Execute", "Insert", "Update") if method in methods), None)
    if asked is None or given is None or not _paged_by_attributes(operations[query].input.body):
        raise ConfigMistake(
            f"{system}: {file} is not of the UI Data Adapter dialect, the only one that this version speaks",
            path="wsdl",
        )
    return ServiceShape(
        prefix=prefix,
        methods=methods,
        query=asked,
        data=given,
        ids=_component_list(operations[prefix + writer].output.body) if writer else None,
    )


def _component_list(body: Element) -> ComponentList | None:
    """The integration object in a message: its first element that holds components."""
    for _, element in body.type.elements:
        found = _as_list(element)
        if found is not None:
            return found
    return None


def _paged_by_attributes(body: Element) -> bool:
    """What tells the UI Data Adapter from the other dialects: paging is asked for by attributes of the container."""
    return any(
        name == "pagesize"
        for _, element in body.type.elements
        if _elements(element)
        for name, _ in element.type.attributes
    )


def _as_list(element: Element) -> ComponentList | None:
    inner = _elements(element)
    if len(inner) != 1 or not _elements(inner[0]):
        return None
    return ComponentList(tag=element.qname.localname, component=_component(inner[0]))


def _component(element: Element) -> Component:
    fields: list[str] = []
    lists: list[ComponentList] = []
    for child in _elements(element):
        nested = _as_list(child)
        if nested is None:
            fields.append(child.qname.localname)
        else:
            lists.append(nested)
    return Component(
        tag=element.qname.localname, namespace=element.qname.namespace, fields=tuple(fields), lists=tuple(lists)
    )


def _elements(element: Element) -> list[Element]:
    if not isinstance(element.type, ComplexType):
        return []
    # A simple type with attributes, such as queryType, has one nameless element for its text.
    return [
        child
        for name, child in element.type.elements
        if isinstance(child, Element) and child.qname is not None and not name.startswith("_value")
    ]
