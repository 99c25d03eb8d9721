"""A workflow on loopback with names of its own for everything, and one argument that it insists on.

All people and numbers are invented.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree
from rest_site import kept, sortable
from site_wsdls import complex_type, element

TNS, IO = "http://siebel.com/CustomUI", "http://www.siebel.com/xml/Person%20IO"
FIELDS = ("Id", "Created", "Updated", "ModId", "IntegrationId", "LastName", "FirstName")
SPEC, SORT, SIZE, START = "Search_spcExpression", "Sort_spcExpression", "Page_spcSize", "Start_spcRow_spcNum"
OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "Get_spcPersons": (SPEC, SORT, SIZE, START),
    "Save_spcPerson": (),
    "New_spcPerson": (),
}
CARRIED_OUT = {"QueryPage": "Get_spcPersons", "Execute": "Save_spcPerson", "Insert": "New_spcPerson"}
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass
class Persons:
    """What the workflow looks after. ``listens``: it honours conditions; ``sorts``: and the order."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # the insides of the next answers
    listens: bool = True
    sorts: bool = True
    endpoint: str = ""

    def add(self, **fields: str) -> str:
        number = len(self.rows) + 1
        stamp = f"10/20/2026 08:{number // 60:02}:{number % 60:02}"
        row_id = f"1-{number:03}"
        self.rows[row_id] = {
            **dict.fromkeys(FIELDS, ""),
            "Created": stamp,
            "Updated": stamp,
            "ModId": "0",
            **fields,
            "Id": row_id,
        }
        return row_id

    def answer(self, body: bytes) -> tuple[int, bytes]:
        call = etree.fromstring(body).find(f"{{{_SOAP}}}Body")[0]
        name = etree.QName(call).localname.removesuffix("_Input")
        said = {etree.QName(child).localname: child.text or "" for child in call if not len(child)}
        self.asked.append({"operation": name, **said})
        if self.told:
            return 200, _enveloped(f'<{name}_Output xmlns="{TNS}">{self.told.pop(0)}</{name}_Output>')
        if name == "Get_spcPersons" and not said.get("Channel"):
            return 500, _enveloped(_fault("SBL-EAI-04127"))
        rows = (
            self.got(said)
            if name == "Get_spcPersons"
            else [self.changed(each) for each in call.iter(f"{{{IO}}}Person")]
        )
        inside = "".join(
            "<Person>" + "".join(f"<{tag}>{row[tag]}</{tag}>" for tag in FIELDS) + "</Person>" for row in rows
        )
        return 200, _enveloped(
            f'<{name}_Output xmlns="{TNS}"><Error_spcCode>0</Error_spcCode>'
            f'<ListOfPerson xmlns="{IO}">{inside}</ListOfPerson></{name}_Output>'
        )

    def got(self, said: Mapping[str, str]) -> list[dict[str, str]]:
        rows = list(self.rows.values())
        if self.listens:
            spec = re.sub(r"\[Person\.", "[", said.get(SPEC, "")).replace("Mod Id", "ModId")
            rows = [row for row in rows if kept(row, spec.replace("Integration Id", "IntegrationId") or None)]
        if self.listens and self.sorts:
            for name, order in reversed(re.findall(r"\[Person\.([^\]]+)\]\((\w+)\)", said.get(SORT, ""))):
                rows.sort(key=lambda row, name=name: sortable(row[name]), reverse=order == "DESCENDING")
        start = int(said.get(START) or 0)
        return rows[start : start + int(said.get(SIZE) or 10)]

    def changed(self, given) -> dict[str, str]:
        fields = {etree.QName(child).localname: child.text or "" for child in given if not len(child)}
        row_id = fields.pop("Id", None) or self.add()
        row = self.rows[row_id]
        row.update(fields)
        return row


def workflow() -> str:
    """Its WSDL."""
    objects = (
        '<xsd:element name="ListOfPerson" type="io:ListOfPerson"/>'
        + complex_type("ListOfPerson", [element("Person", "io:Person", high="unbounded")])
        + complex_type("Person", [element(name) for name in FIELDS], ["operation"])
    )
    types, messages, ports, bound = [], [], [], []
    for name, taken in OPERATIONS.items():
        channel = element("Channel", low=1) if name == "Get_spcPersons" else ""
        for part, arguments in (
            ("Input", [element(each) for each in taken] + [channel]),
            ("Output", [element("Error_spcCode"), element("Error_spcMessage")]),
        ):
            tree = "" if name == "Get_spcPersons" and part == "Input" else '<xsd:element ref="io:ListOfPerson"/>'
            types.append(
                f'<xsd:element name="{name}_{part}"><xsd:complexType><xsd:sequence>{"".join(arguments)}{tree}'
                "</xsd:sequence></xsd:complexType></xsd:element>"
            )
            messages.append(f'<message name="{name}_{part}"><part name="p" element="tns:{name}_{part}"/></message>')
        sides = f'<input message="tns:{name}_Input"/><output message="tns:{name}_Output"/>'
        ports.append(f'<operation name="{name}">{sides}</operation>')
        bound.append(
            f'<operation name="{name}"><soap:operation soapAction="document/{TNS}:{name}"/>'
            '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>'
        )
    schema = '<xsd:schema elementFormDefault="qualified" targetNamespace="{}">{}</xsd:schema>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://schemas.xmlsoap.org/wsdl/" '
        'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:tns="{TNS}" xmlns:io="{IO}" targetNamespace="{TNS}"><types>'
        + schema.format(TNS, f'<xsd:import namespace="{IO}"/>' + "".join(types))
        + schema.format(IO, objects)
        + "</types>"
        + "".join(messages)
        + f'<portType name="W">{"".join(ports)}</portType><binding name="W" type="tns:W">'
        + f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>{"".join(bound)}</binding>'
        + '<service name="Person_spcWorkflow"><port name="W" binding="tns:W"/></service></definitions>'
    )


@contextmanager
def served() -> Iterator[Persons]:
    """Such a workflow, started."""
    persons = Persons()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status, content = persons.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    persons.endpoint = f"http://127.0.0.1:{server.server_port}/eai?WSSOAP=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield persons
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _enveloped(inside: str) -> bytes:
    return f'<e:Envelope xmlns:e="{_SOAP}"><e:Body>{inside}</e:Body></e:Envelope>'.encode()


def _fault(code: str) -> str:
    return f"<e:Fault><faultcode>e:Server</faultcode><faultstring>ні({code})</faultstring></e:Fault>"
