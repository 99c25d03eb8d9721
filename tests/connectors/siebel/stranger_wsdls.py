"""WSDLs as strangers' sites have them, each in other habits than Siebel's generator: file name → content."""

from __future__ import annotations

from collections.abc import Mapping

_ROOT = (
    'xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" '
    'xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:x="http://www.w3.org/2001/XMLSchema"'
)
_HTTP = "http://schemas.xmlsoap.org/soap/http"


def _fields(*names: str, kind: str = "x:string") -> str:
    return "".join(f'<x:element name="{name}" type="{kind}" minOccurs="0"/>' for name in names)


def _sequence(name: str, content: str, more: str = "") -> str:
    return f'<x:complexType name="{name}"><x:sequence>{content}</x:sequence>{more}</x:complexType>'


def _messages(operation: str) -> str:
    return "".join(
        f'<w:message name="{operation}{part}"><w:part name="body" element="t:{operation}{part}"/></w:message>'
        for part in ("Request", "Response")
    )


def _ported(operation: str) -> str:
    return (
        f'<w:operation name="{operation}"><w:input message="t:{operation}Request"/>'
        f'<w:output message="t:{operation}Response"/></w:operation>'
    )


def _bound(operation: str, soap: str = "s") -> str:
    body = f'<{soap}:body use="literal"/>'
    return (
        f'<w:operation name="{operation}"><{soap}:operation soapAction="urn:{operation}"/>'
        f"<w:input>{body}</w:input><w:output>{body}</w:output></w:operation>"
    )


def _service(name: str, *operations: str, soap: str = "s", address: str = "http://crm.example/eai") -> str:
    """Port type, binding and service, in document style."""
    placed = f'<{soap}:address location="{address}"/>' if address else ""
    return (
        f'<w:portType name="{name}Port">{"".join(map(_ported, operations))}</w:portType>'
        f'<w:binding name="{name}" type="t:{name}Port"><{soap}:binding style="document" transport="{_HTTP}"/>'
        f"{''.join(_bound(each, soap) for each in operations)}</w:binding>"
        f'<w:service name="{name}"><w:port name="{name}" binding="t:{name}">{placed}</w:port></w:service>'
    )


def _whole(target: str, types: str, rest: str, *, namespaces: str = "") -> str:
    return (
        f'<w:definitions {_ROOT} xmlns:t="{target}" {namespaces} targetNamespace="{target}">'
        f"<w:types>{types}</w:types>{rest}</w:definitions>"
    )


def in_many_files() -> Mapping[str, bytes]:
    """A WSDL that imports another, and a chain of schemas in subfolders; unqualified elements, an extended type, SOAP
    1.2 beside 1.1, an address for neither."""
    t, io, base = "urn:bank:crm", "urn:bank:crm:io", "urn:bank:crm:base"
    objects = (
        f'<x:schema {_ROOT} xmlns:b="{base}" xmlns:io="{io}" targetNamespace="{io}">'
        f'<x:import namespace="{base}" schemaLocation="parts/base.xsd"/>'
        '<x:element name="ListOfClient" type="io:ListOfClient"/>'
        + _sequence("ListOfClient", '<x:element name="Client" type="io:Client" minOccurs="0" maxOccurs="unbounded"/>')
        + '<x:complexType name="Client"><x:complexContent><x:extension base="b:Record"><x:sequence>'
        + _fields("Surname", "GivenName", "Birthday", "MobilePhone")
        + '</x:sequence><x:attribute name="operation" type="x:string"/></x:extension></x:complexContent>'
        "</x:complexType>"
        "</x:schema>"
    )
    record = _sequence("Record", _fields("Id", "Updated", "ModId"))
    below = f'<x:schema {_ROOT} targetNamespace="{base}">{record}</x:schema>'
    arguments = _fields("PageSize", "StartRowNum", "SearchSpec", "SortSpec")
    requests = "".join(
        f'<x:element name="ClientQueryPage{part}"><x:complexType><x:sequence>{more}<x:element ref="io:ListOfClient"'
        ' minOccurs="0"/></x:sequence></x:complexType></x:element>'
        for part, more in (("Request", arguments), ("Response", _fields("LastPage")))
    )
    abstract = _whole(
        t,
        f'<x:schema xmlns:io="{io}" targetNamespace="{t}"><x:import namespace="{io}" schemaLocation="xsd/io.xsd"/>'
        f"{requests}</x:schema>",
        _messages("ClientQueryPage") + f'<w:portType name="ClientPort">{_ported("ClientQueryPage")}</w:portType>',
    )
    bindings = "".join(
        f'<w:binding name="Client{soap}" type="t:ClientPort"><{soap}:binding style="document" transport="{_HTTP}"/>'
        f"{_bound('ClientQueryPage', soap)}</w:binding>"
        for soap in ("s12", "s")
    )
    ports = "".join(f'<w:port name="Client{soap}" binding="t:Client{soap}"/>' for soap in ("s12", "s"))
    main = (
        f'<w:definitions {_ROOT} xmlns:t="{t}" targetNamespace="{t}">'
        f'<w:import namespace="{t}" location="abstract.wsdl"/>'
        f'{bindings}<w:service name="Client">{ports}</w:service></w:definitions>'
    )
    return {
        "site.wsdl": main.encode(),
        "abstract.wsdl": abstract.encode(),
        "xsd/io.xsd": objects.encode(),
        "xsd/parts/base.xsd": below.encode(),
    }


def two_services_in_latin_1() -> Mapping[str, bytes]:
    """RPC/literal beside document/literal in one file, in Latin-1, with words in French."""
    t, io = "http://siebel.com/CustomUI", "http://www.siebel.com/xml/Client%20Soci%C3%A9taire%20IO"
    objects = (
        f'<x:schema xmlns:io="{io}" targetNamespace="{io}" elementFormDefault="qualified">'
        + _sequence("ListOfClient", '<x:element name="Client" type="io:Client" minOccurs="0" maxOccurs="unbounded"/>')
        + _sequence("Client", _fields("Id", "Updated", "Mod_spcId", "Last_spcName", "First_spcName", "Prénom_spcUsuel"))
        + "</x:schema>"
    )
    unrelated = (
        f'<x:schema targetNamespace="{t}"><x:element name="PingRequest" type="x:string"/>'
        '<x:element name="PingResponse" type="x:string"/></x:schema>'
    )
    rpc = (
        '<w:message name="SearchIn"><w:part name="Search_spcSpec" type="x:string"/></w:message>'
        '<w:message name="SearchOut"><w:part name="Error_spcCode" type="x:string"/>'
        '<w:part name="ListOfClient" type="io:ListOfClient"/></w:message>'
        '<w:portType name="RecherchePort"><w:operation name="Rechercher"><w:documentation>Recherche d\'un sociétaire'
        '</w:documentation><w:input message="t:SearchIn"/><w:output message="t:SearchOut"/></w:operation></w:portType>'
        f'<w:binding name="Recherche" type="t:RecherchePort"><s:binding style="rpc" transport="{_HTTP}"/>'
        '<w:operation name="Rechercher"><s:operation soapAction=""/>'
        f'<w:input><s:body use="literal" namespace="{t}"/></w:input>'
        f'<w:output><s:body use="literal" namespace="{t}"/></w:output></w:operation></w:binding>'
        '<w:service name="Recherche"><w:port name="Recherche" binding="t:Recherche"/></w:service>'
    )
    rest = _messages("Ping") + rpc + _service("Ping", "Ping", address="")
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>' + _whole(
        t, objects + unrelated, rest, namespaces=f'xmlns:io="{io}"'
    )
    return {"site.wsdl": text.encode("latin-1")}


def of_groups_and_choices() -> Mapping[str, bytes]:
    """Named groups, a choice, `all`, anything at all, attributes, and a type within itself."""
    t = "urn:shop:contacts"
    schema = (
        f'<x:schema xmlns:t="{t}" targetNamespace="{t}" elementFormDefault="qualified">'
        '<x:group name="System"><x:sequence>' + _fields("Id", "Updated", "ModId") + "</x:sequence></x:group>"
        '<x:attributeGroup name="Marks"><x:attribute name="operation" type="x:string"/></x:attributeGroup>'
        '<x:complexType name="Contact"><x:sequence><x:group ref="t:System"/>'
        + _fields("LastName", "FirstName")
        + "<x:choice>"
        + _fields("EmailAddress", "CellularPhone")
        + '</x:choice><x:element name="Extra" type="x:anyType" minOccurs="0"/>'
        '<x:element name="ListOfReport" type="t:ListOfContact" minOccurs="0"/>'
        '<x:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></x:sequence>'
        '<x:attributeGroup ref="t:Marks"/><x:anyAttribute/></x:complexType>'
        + _sequence("ListOfContact", '<x:element name="Contact" type="t:Contact" minOccurs="0" maxOccurs="unbounded"/>')
        + '<x:element name="ContactQueryPageRequest"><x:complexType><x:all>'
        + _fields("PageSize", "StartRowNum", "SearchSpec", "SortSpec")
        + '<x:element name="ListOfContact" type="t:ListOfContact" minOccurs="0"/></x:all></x:complexType></x:element>'
        '<x:element name="ContactQueryPageResponse"><x:complexType><x:sequence><x:element name="ListOfContact" '
        'type="t:ListOfContact"/><x:element name="LastPage" type="x:string" minOccurs="0"/></x:sequence>'
        "</x:complexType></x:element></x:schema>"
    )
    return {
        "site.wsdl": _whole(t, schema, _messages("ContactQueryPage") + _service("Contact", "ContactQueryPage")).encode()
    }


def of_enumerations() -> Mapping[str, bytes]:
    """Lists of values as enumerations, texts with lengths, names escaped by .NET, a byte order mark, SOAP 1.2 alone."""
    t = "urn:telco:kunde"
    schema = (
        f'<x:schema xmlns:t="{t}" targetNamespace="{t}" elementFormDefault="qualified">'
        '<x:simpleType name="Sex"><x:restriction base="x:string"><x:enumeration value="M"/><x:enumeration value="F"/>'
        '</x:restriction></x:simpleType><x:simpleType name="Text50"><x:restriction base="x:string">'
        '<x:maxLength value="50"/></x:restriction></x:simpleType><x:simpleType name="Name50">'
        '<x:restriction base="t:Text50"/></x:simpleType>'
        + _sequence(
            "ArrayOfContact", '<x:element name="Contact" type="t:Contact" maxOccurs="unbounded" nillable="true"/>'
        )
        + _sequence(
            "Contact",
            _fields("Contact_spcId", "Last_x0020_Update", "Mod_x0020_Id")
            + _fields("Last_x0020_Name", "First_x0020_Name", kind="t:Name50")
            + _fields("Birth_x0020_Date", kind="x:date")
            + _fields("M_fslF", kind="t:Sex")
            + _fields("Suppress_x0020_All_x0020_Calls", kind="x:boolean"),
        )
        + '<x:element name="GetContactsRequest"><x:complexType><x:sequence>'
        '<x:element name="SearchSpec" type="x:string"/></x:sequence></x:complexType></x:element>'
        '<x:element name="GetContactsResponse"><x:complexType><x:sequence>'
        '<x:element name="GetContactsResult" type="t:ArrayOfContact" minOccurs="0"/>'
        '<x:element name="Return_spcCode" type="x:string" minOccurs="0"/></x:sequence></x:complexType></x:element>'
        "</x:schema>"
    )
    text = _whole(t, schema, _messages("GetContacts") + _service("Kunde", "GetContacts", soap="s12"))
    return {"site.wsdl": b"\xef\xbb\xbf" + text.encode()}


def of_single_components() -> Mapping[str, bytes]:
    """Components outside `ListOf…`: one at most, a list by another name, three levels, rows without a wrapper."""
    t = "http://siebel.com/asi/"
    schema = (
        f'<x:schema xmlns:t="{t}" targetNamespace="{t}" elementFormDefault="qualified">'
        + _sequence("ListOfContact", '<x:element name="Contact" type="t:Contact" minOccurs="0" maxOccurs="unbounded"/>')
        + _sequence(
            "Contact",
            _fields("Id", "Updated", "ModId", "LastName", "FirstName")
            + '<x:element name="Employment" type="t:Employment" minOccurs="0"/>'
            + '<x:element name="Addresses" type="t:Addresses" minOccurs="0"/>'
            + '<x:element name="Phone" type="t:Phone" minOccurs="0" maxOccurs="unbounded"/>',
            '<x:attribute name="operation" type="x:string"/>',
        )
        + _sequence(
            "Employment", _fields("Id", "JobTitle") + '<x:element name="Employer" type="t:Employer" minOccurs="0"/>'
        )
        + _sequence("Employer", _fields("Name", "City"))
        + _sequence("Addresses", '<x:element name="Address" type="t:Address" minOccurs="0" maxOccurs="unbounded"/>')
        + _sequence(
            "Address",
            _fields("Id", "StreetAddress", "City", "PostalCode")
            + '<x:element name="ListOfUse" type="t:ListOfUse" minOccurs="0"/>',
            '<x:attribute name="operation" type="x:string"/>',
        )
        + _sequence("ListOfUse", '<x:element name="Use" type="t:Use" minOccurs="0" maxOccurs="unbounded"/>')
        + _sequence("Use", _fields("Id", "Type"))
        + _sequence("Phone", _fields("Id", "PhoneNumber"), '<x:attribute name="operation" type="x:string"/>')
        + "".join(
            f'<x:element name="{name}{part}"><x:complexType><x:sequence>{more}<x:element name="ListOfContact" '
            'type="t:ListOfContact" minOccurs="0"/></x:sequence></x:complexType></x:element>'
            for name, arguments in (
                ("ContactQueryPage", ("PageSize", "StartRowNum", "SearchSpec", "SortSpec")),
                ("ContactInsertOrUpdate", ("StatusObject",)),
                ("ContactInsert", ()),
            )
            for part, more in (("Request", _fields(*arguments)), ("Response", _fields("LastPage")))
        )
        + "</x:schema>"
    )
    names = ("ContactQueryPage", "ContactInsertOrUpdate", "ContactInsert")
    return {"site.wsdl": _whole(t, schema, "".join(map(_messages, names)) + _service("Contact", *names)).encode()}


def of_a_workflow_with_names_of_its_own() -> Mapping[str, bytes]:
    """Operations whose names say nothing, a wrapper around the integration object, errors among the results."""
    t, io = "http://siebel.com/CustomUI", "http://www.siebel.com/xml/ABC%20Customer"
    objects = (
        f'<x:schema xmlns:io="{io}" targetNamespace="{io}" elementFormDefault="qualified">'
        '<x:element name="SiebelMessage"><x:complexType><x:sequence><x:element name="ListOfAbcCustomer" '
        'type="io:ListOfAbcCustomer"/></x:sequence><x:attribute name="MessageId" type="x:string"/></x:complexType>'
        "</x:element>"
        + _sequence("ListOfAbcCustomer", '<x:element name="Customer" type="io:Customer" maxOccurs="unbounded"/>')
        + _sequence("Customer", _fields("RowId", "LastUpdate-SDQ", "ModificationNumber", "LastName", "FirstName"))
        + "</x:schema>"
    )
    names = {"ABC_spcFind_spcCustomer": True, "ABC_spcSave_spcCustomer": True, "ABC_spcCreate_spcCustomer": True}
    requests = "".join(
        f'<x:element name="{name}{part}"><x:complexType><x:sequence>{more}<x:element ref="io:SiebelMessage" '
        'minOccurs="0"/></x:sequence></x:complexType></x:element>'
        for name in names
        for part, more in (
            ("Request", _fields("Search_spcSpec")),
            ("Response", _fields("Error_spcCode", "Error_spcMessage")),
        )
    )
    schema = f'<x:schema xmlns:io="{io}" targetNamespace="{t}" elementFormDefault="qualified">{requests}</x:schema>'
    rest = "".join(map(_messages, names)) + _service("ABC_spcCustomer", *names)
    return {"site.wsdl": _whole(t, objects + schema, rest).encode()}


STRANGERS = {
    "in many files": (in_many_files, "ASI"),
    "two services in Latin-1": (two_services_in_latin_1, "workflow or custom service"),
    "groups and choices": (of_groups_and_choices, "ASI"),
    "enumerations": (of_enumerations, "workflow or custom service"),
    "single components": (of_single_components, "ASI"),
    "a workflow with names of its own": (of_a_workflow_with_names_of_its_own, "workflow or custom service"),
}
