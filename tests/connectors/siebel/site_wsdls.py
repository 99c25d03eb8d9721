"""WSDLs as sites have them, written for these tests: what Siebel's own generator and hand-made services look like."""

from __future__ import annotations

from collections.abc import Sequence

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="{tns}" xmlns:io="{io}" targetNamespace="{tns}"><types>"""
_SCHEMA = '<xsd:schema elementFormDefault="qualified" targetNamespace="{ns}">{imports}{content}</xsd:schema>'


def element(name: str, kind: str = "xsd:string", low: int = 0, high: str = "1") -> str:
    """One element of a sequence."""
    return f'<xsd:element name="{name}" type="{kind}" minOccurs="{low}" maxOccurs="{high}"/>'


def complex_type(name: str, content: Sequence[str], attributes: Sequence[str] = ()) -> str:
    """A named sequence."""
    said = "".join(f'<xsd:attribute name="{each}" type="xsd:string"/>' for each in attributes)
    return f'<xsd:complexType name="{name}"><xsd:sequence>{"".join(content)}</xsd:sequence>{said}</xsd:complexType>'


def asi(
    *,
    fields: Sequence[str] = ("Id", "Updated", "ModId", "LastName", "FirstName"),
    operations: Sequence[tuple[str, Sequence[str], Sequence[str]]],
    attributes: Sequence[str] = (),
    address: str = "",
) -> str:
    """A service in the manner of ASI.

    Args:
        operations: name, simple arguments taken, simple arguments given; all take and give the integration object.
    """
    tns, io = "http://siebel.com/asi/", "http://www.siebel.com/xml/Contact%20Interface"
    objects = (
        '<xsd:element name="ListOfContactInterface" type="io:ListOfContactInterface"/>'
        + complex_type("ListOfContactInterface", [element("Contact", "io:Contact", high="unbounded")])
        + complex_type(
            "Contact",
            [*(element(name) for name in fields), element("ListOfContact_Alias", "io:ListOfContact_Alias")],
            attributes,
        )
        + complex_type("ListOfContact_Alias", [element("Contact_Alias", "io:Contact_Alias", high="unbounded")])
        + complex_type("Contact_Alias", [element("Id"), element("Alias-Name")], ["IsPrimaryMVG"])
    )
    messages, types = [], []
    for name, taken, given in operations:
        for part, arguments in (("Input", taken), ("Output", given)):
            content = "".join(element(each) for each in arguments) + '<xsd:element ref="io:ListOfContactInterface"/>'
            types.append(
                f'<xsd:element name="{name}_{part}"><xsd:complexType><xsd:sequence>{content}</xsd:sequence>'
                "</xsd:complexType></xsd:element>"
            )
            messages.append(
                f'<message name="{name}_{part}"><part name="{name}_{part}" element="tns:{name}_{part}"/></message>'
            )
    return (
        _HEAD.format(tns=tns, io=io)
        + _SCHEMA.format(ns=tns, imports=f'<xsd:import namespace="{io}"/>', content="".join(types))
        + _SCHEMA.format(ns=io, imports="", content=objects)
        + "</types>"
        + "".join(messages)
        + _ports("Contact_spcService", [name for name, _, _ in operations], style="document", tns=tns, address=address)
    )


def rpc_workflow(*, faults_in_answer: bool = True) -> str:
    """An RPC-literal custom service without an address: parts are unqualified, names are escaped."""
    tns, io = "http://siebel.com/CustomUI", "http://www.siebel.com/xml/Client%20Search%20IO"
    objects = complex_type("ListOfClient", [element("Client", "io:Client", high="unbounded")]) + complex_type(
        "Client", [element("ContactId"), element("LastUpdate-SDQ"), element("LastName"), element("Cell_spcPhone")]
    )
    errors = ["Error_spcCode", "Error_spcMessage"] if faults_in_answer else []
    parts = "".join(f'<part name="{each}" type="xsd:string"/>' for each in errors)
    return (
        _HEAD.format(tns=tns, io=io)
        + _SCHEMA.format(ns=io, imports="", content=objects)
        + "</types>"
        + '<message name="In"><part name="Phone_spcNumber" type="xsd:string"/>'
        + '<part name="Search_spcSpec" type="xsd:string"/></message>'
        + f'<message name="Out">{parts}<part name="ListOfClient" type="io:ListOfClient"/></message>'
        + '<portType name="Client_spcSearch"><operation name="QueryPhone"><input message="tns:In"/>'
        + '<output message="tns:Out"/>'
        + '</operation></portType><binding name="Client_spcSearch" type="tns:Client_spcSearch">'
        + '<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="rpc"/><operation name="QueryPhone">'
        + f'<soap:operation soapAction="rpc/{tns}:QueryPhone"/>'
        + f'<input><soap:body use="literal" namespace="{tns}"/></input>'
        + f'<output><soap:body use="literal" namespace="{tns}"/></output></operation></binding>'
        + '<service name="Client_spcSearch"><port name="Client_spcSearch" binding="tns:Client_spcSearch"/>'
        + "</service></definitions>"
    )


def _ports(name: str, operations: Sequence[str], *, style: str, tns: str, address: str) -> str:
    ports = "".join(
        f'<operation name="{each}"><input message="tns:{each}_Input"/><output message="tns:{each}_Output"/></operation>'
        for each in operations
    )
    bound = "".join(
        f'<operation name="{each}"><soap:operation soapAction="document/{tns}:{each}"/>'
        '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>'
        for each in operations
    )
    placed = f'<soap:address location="{address}"/>' if address else ""
    return (
        f'<portType name="{name}">{ports}</portType><binding name="{name}" type="tns:{name}">'
        f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="{style}"/>{bound}</binding>'
        f'<service name="{name}"><port name="{name}" binding="tns:{name}">{placed}</port></service></definitions>'
    )
