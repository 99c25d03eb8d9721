"""A SOAP client of its own, so that what the simulator says is not read by the connector that it was built for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import pytest
import requests
from lxml import etree

_SPACES = {
    "contact": "http://www.siebel.com/xml/CRM_Contact_IO/",
    "contact_typed": "http://www.siebel.com/xml/CRM_Contact_Typed_IO/",
}
_INTERFACE = "http://www.siebel.com/xml/CRM%20Contact%20Interface"


@dataclass
class Heard:
    """One answer."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def root(self) -> Any:
        return etree.fromstring(self.text.encode())

    @property
    def token(self) -> str:
        return self.root.findtext(".//{http://siebel.com/webservices}SessionToken") or ""

    @property
    def codes(self) -> set[str]:
        return set(re.findall(r"SBL-[A-Z]{3}-\d{5}|10944642", self.text)) if "Fault>" in self.text else set()

    def all(self, name: str) -> list[str]:
        """The text of every element with this local name, in order."""
        return [element.text or "" for element in self.root.iter() if etree.QName(element).localname == name]

    def one(self, name: str) -> str:
        """The text of the only element with this local name."""
        (text,) = self.all(name)
        return text


@dataclass
class Caller:
    """Sends SOAP by hand."""

    endpoint: str
    password: str

    def header(
        self, session_type: str = "None", *, token: str = "", username: str = "BRIDGE", password: str = ""
    ) -> str:
        """Siebel's own login headers; with a token, no credentials."""
        said = {"SessionType": session_type} | (
            {"SessionToken": token} if token else {"UsernameToken": username, "PasswordText": password or self.password}
        )
        return "".join(
            f'<w:{name} xmlns:w="http://siebel.com/webservices">{escape(text)}</w:{name}>'
            for name, text in said.items()
        )

    def send(self, body: str, *, header: str | None = None, endpoint: str = "", **http: Any) -> Heard:
        """One message, whatever stands in it."""
        envelope = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<e:Header>{self.header() if header is None else header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
        )
        answer = requests.post(endpoint or self.endpoint, data=envelope.encode(), timeout=10, **http)
        answer.encoding = "utf-8"
        return Heard(status=answer.status_code, text=answer.text, headers=answer.headers)

    def asi(self, method: str, rows: str = "", *, header: str | None = None, **arguments: Any) -> Heard:
        """A call of the ASI dialect: ``rows`` is the integration object's content."""
        said = "".join(f"<a:{name}>{escape(str(value))}</a:{name}>" for name, value in arguments.items())
        body = f'<ListOfCrmContactInterface xmlns="{_INTERFACE}">{rows}</ListOfCrmContactInterface>'
        name = f"CRMContactServices{method}_Input"
        return self.send(f'<a:{name} xmlns:a="http://siebel.com/asi/">{said}{body}</a:{name}>', header=header)

    def adapter(
        self,
        method: str,
        rows: str = "",
        *,
        service: str = "contact",
        attributes: str = "",
        header: str | None = None,
        lov: str = "LIC",
        **arguments: str,
    ) -> Heard:
        """A call of the UI Data Adapter."""
        part = {"QueryPage": "Query", "Delete": "Id"}.get(method, "Data")
        name = {"contact": "Contact", "contact_typed": "Contact_Typed"}[service]
        tag = f"ListOfCrm_{name}_Io"
        said = "".join(f"<u:{key}>{escape(value)}</u:{key}>" for key, value in arguments.items())
        return self.send(
            f'<u:CRM_{name}_BS{method}_Input xmlns:u="http://siebel.com/CustomUI">'
            f'<{tag} xmlns="{_SPACES[service]}{part}" {attributes}>{rows}</{tag}>'
            f"<u:LOVLanguageMode>{lov}</u:LOVLanguageMode>{said}</u:CRM_{name}_BS{method}_Input>",
            header=header,
        )

    def workflow(self, method: str, rows: str = "", **arguments: str) -> Heard:
        """A call of the workflow service."""
        said = "".join(f"<u:{key}>{escape(value)}</u:{key}>" for key, value in arguments.items())
        body = f'<ListOfCrmContactInterface xmlns="{_INTERFACE}">{rows}</ListOfCrmContactInterface>' if rows else ""
        name = f"CRM_spcContact_spc{method}_Input"
        return self.send(f'<u:{name} xmlns:u="http://siebel.com/CustomUI">{body}{said}</u:{name}>')


@pytest.fixture
def soap(siebel: Any) -> Caller:
    """The separate client, at the simulator's address."""
    password = (siebel.folder / "siebel" / "password").read_text(encoding="ascii")
    return Caller(endpoint=siebel.settings["endpoint"], password=password)


@pytest.fixture
def turn(siebel: Any) -> Callable[..., None]:
    """Turn the simulator's knobs."""
    return siebel.simulator.configure
