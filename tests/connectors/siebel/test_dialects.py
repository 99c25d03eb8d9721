"""The three dialects: how a query is put in each, and how its answer says that there is more, or that it failed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import etree
from site_wsdls import asi, rpc_workflow

from crm_bridge.api import ConfigMistake, RejectRecord
from crm_bridge_siebel.conditions import AnyOf, Compare, business_format, example_of, moment
from crm_bridge_siebel.dialects import Modes, Wanted, dialect_for
from crm_bridge_siebel.query import BY_CHANGE, Position, Query, any_of, changed_after, changed_since
from crm_bridge_siebel.records import RecordReader, RefusedInAnswerError
from crm_bridge_siebel.soap import SoapService
from crm_bridge_siebel.translation import UnreadableAnswer

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"
AT = Position("10/20/2026 08:00:00", "1-7JZ-2")
PAGED = ["PageSize", "StartRowNum", "ViewMode", "ExecutionMode", "NewQuery", "UTCCanonical", "LOVLanguageMode"]


class NoHeader:
    """A request without credentials."""

    def xml(self):
        return ""


class Asked:
    """A service, asked: the request as it would go out, by tag."""

    def __init__(self, path, **wanted):
        self.service = SoapService(path, endpoint="http://127.0.0.1:1/", system="siebel", wanted=Wanted(**wanted))
        self.dialect = dialect_for(self.service.service, self.service.shape, names={})

    def __call__(self, query, *, fixed=None, language="LIC"):
        call = self.dialect.question(query, modes=Modes(view="All", language=language, fixed=fixed or {}))
        body = self.service.request(call.method, call.arguments, login=NoHeader()).body
        message = etree.fromstring(body)[1][0]
        return {etree.QName(each).localname: each for each in message.iter()}

    def read(self, content, *, page_size=10):
        output = self.service.operations["QueryPage"].output
        reader = RecordReader(self.service.shape.data, system="siebel", paged=self.dialect.paged, output=output.qname)
        body = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
            f'<m:{output.tag} xmlns:m="{output.namespace}">{content}</m:{output.tag}></e:Body></e:Envelope>'
        )
        return reader.read(body.encode(), page_size=page_size, where="page")


@pytest.fixture
def asked(tmp_path):
    """Asks a service of a WSDL given as text or by path."""

    def ask(wsdl, **wanted):
        if isinstance(wsdl, Path):
            return Asked(wsdl, **wanted)
        (tmp_path / "site.wsdl").write_text(wsdl, encoding="utf-8")
        return Asked(tmp_path / "site.wsdl", **wanted)

    return ask


def texts(request, *names):
    return [request[name].text if name in request else None for name in names]


def contacts(*rows):
    inner = "".join(
        "<Contact>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in row.items()) + "</Contact>" for row in rows
    )
    return f'<ListOfContactInterface xmlns="http://www.siebel.com/xml/Contact%20Interface">{inner}</ListOfContactInterface>'


def test_ui_data_puts_everything_into_attributes_and_the_template(asked):
    """Paging, sorting and the specification are attributes; each field of the template is one that comes back."""
    request = asked(BUNDLED / "contact.wsdl")(Query(changed_after(AT), sort=BY_CHANGE, page_size=50, start_row=0))

    assert ("50", "0") == tuple(request["ListOfCrm_Contact_Io"].get(name) for name in ("pagesize", "startrownum"))
    assert "[Updated] > '10/20/2026 08:00:00' OR ([Updated] = '10/20/2026 08:00:00' AND [Id] > '1-7JZ-2')" == request[
        "Contact"
    ].get("searchspec")
    assert ("ASC", "1") == tuple(request["Updated"].get(name) for name in ("sortorder", "sortsequence"))
    assert ["LIC", "All"] == texts(request, "LOVLanguageMode", "ViewMode")
    assert "LastName" in request
    assert "10" != request["ListOfChild"].get("pagesize")


def test_a_typed_watermark_is_asked_for_in_the_business_components_format(asked):
    """Answers carry ISO 8601, search specifications do not."""
    request = asked(BUNDLED / "contact_typed.wsdl")(Query(changed_since("2026-10-20T10:00:00+02:00")))

    assert "[Updated] >= '10/20/2026 08:00:00'" == request["Contact"].get("searchspec")


def test_asi_puts_everything_into_elements(asked):
    """Names in specifications are qualified by their component; rows beyond 10,000 need ForwardOnly."""
    wsdl = asi(operations=[("ContactQueryPage", [*PAGED, "SearchSpec", "SortSpec"], ["LastPage"])])
    service = asked(wsdl)

    request = service(Query(changed_after(AT), sort=BY_CHANGE, page_size=50), language="LDC")

    assert service.dialect.sortable
    assert ["50", "0", "All", "ForwardOnly", "true", "Y", "LDC"] == texts(request, *PAGED)
    assert [
        "[Contact.Updated] > '10/20/2026 08:00:00' OR "
        "([Contact.Updated] = '10/20/2026 08:00:00' AND [Contact.Id] > '1-7JZ-2')",
        "[Contact.Updated](ASCENDING), [Contact.Id](ASCENDING)",
    ] == texts(request, "SearchSpec", "SortSpec")


def test_asi_takes_a_specification_as_an_attribute_where_that_is_published(asked):
    """As the employee service does."""
    service = asked(
        asi(operations=[("ContactQueryPage", ["PageSize", "StartRowNum"], ["LastPage"])], attributes=["searchspec"])
    )

    request = service(Query(changed_since(AT.updated)))

    assert "[Contact.Updated] >= '10/20/2026 08:00:00'" == request["Contact"].get("searchspec")
    assert not service.dialect.sortable


def test_asi_without_a_specification_is_asked_by_example(asked):
    """Values are expressions."""
    service = asked(asi(operations=[("ContactQueryByExample", [], [])]))

    assert [">='10/20/2026 08:00:00'"] == texts(service(Query(changed_since(AT.updated))), "Updated")
    assert ["='1-A' OR ='1-B'"] == texts(service(Query(any_of("Id", ["1-A", "1-B"]))), "Id")
    assert ["='О''Ніл'"] == texts(service(Query(any_of("LastName", ["О'Ніл"]))), "LastName")
    assert not service.dialect.paged


def test_a_workflow_is_asked_by_its_escaped_names(asked):
    """``Search_spcSpec`` is a specification; the site's own arguments are sent along; parts have no namespace."""
    service = asked(rpc_workflow(), system_fields={"Id": "ContactId", "Updated": "LastUpdate-SDQ"})

    request = service(Query(changed_since(AT.updated)), fixed={"Phone Number": "*"})

    assert ["*", "[Client.LastUpdate-SDQ] >= '10/20/2026 08:00:00'"] == texts(
        request, "Phone_spcNumber", "Search_spcSpec"
    )
    assert "Phone_spcNumber" == request["Phone_spcNumber"].tag


@pytest.mark.parametrize(("said", "last"), [("true", True), ("false", False)])
def test_last_page_is_an_element_in_asi(asked, said, last):
    """Whether it stands before the records or behind them."""
    service = asked(asi(operations=[("ContactQueryPage", PAGED, ["LastPage"])]))
    element = f'<LastPage xmlns="http://siebel.com/asi/">{said}</LastPage>'
    row = contacts({"Id": "1-A", "Updated": "10/20/2026 08:00:00"})

    assert [last, last] == [service.read(element + row).last_page, service.read(row + element).last_page]
    with pytest.raises(UnreadableAnswer):
        service.read(element.replace(said, "Y") + row)


def test_without_pages_an_answer_is_all_there_is(asked):
    """However many rows it has."""
    service = asked(asi(operations=[("ContactQueryByExample", [], [])]))

    assert service.read(contacts(*({"Id": f"1-{each}"} for each in range(30)))).last_page
    assert () == service.read("").records


def test_a_workflow_that_failed_says_so_in_a_normal_answer(asked):
    """An empty code is none, nor is zero; the text is not matched, the code is."""
    service = asked(rpc_workflow(), system_fields={"Id": "ContactId", "Updated": "LastUpdate-SDQ"})
    rows = '<ListOfClient><Client xmlns="http://www.siebel.com/xml/Client%20Search%20IO"><ContactId>1-A</ContactId></Client>'

    good = service.read(f"<Error_spcCode>0</Error_spcCode><Error_spcMessage/>{rows}</ListOfClient>")

    assert [{"Id": "1-A"}] == list(good.records)
    with pytest.raises(RefusedInAnswerError, match="SBL-BPR-00140"):
        service.read("<Error_spcCode>SBL-BPR-00140</Error_spcCode><Error_spcMessage>Помилка</Error_spcMessage>")


def test_typed_answers_are_told_as_their_schema_says(tmp_path, asked):
    """Y and month-first dates come as the schema would have them, where zeep gives False and nothing."""
    wsdl = asi(
        operations=[("ContactQueryByExample", [], [])], fields=["Id", "Updated", "BirthDate", "Married", "LastName"]
    )
    for tag, kind in (("Updated", "dateTime"), ("BirthDate", "date"), ("Married", "boolean")):
        wsdl = wsdl.replace(f'name="{tag}" type="xsd:string"', f'name="{tag}" type="xsd:{kind}"')
    row = {"Id": "1-A", "Updated": "01/02/2024 03:04:05", "BirthDate": "03/08/1985", "Married": "Y", "LastName": ""}

    (record,) = asked(wsdl).read(contacts(row)).records

    assert {
        "Id": "1-A",
        "Updated": "2024-01-02T03:04:05",
        "BirthDate": "1985-03-08",
        "Married": "true",
        "LastName": "",
    } == record


def test_text_goes_out_as_it_is(asked):
    """Awkward characters are escaped, nothing is converted, and what XML cannot hold is refused."""
    service = asked(BUNDLED / "contact_typed.wsdl").service
    (tag,) = [each.tag for each in service.operations["Insert"].input.children if each.children]
    row = {"SuppressAllCalls": "Y", "LastName": "О'Ніл & <Син>\r\n]]>"}
    tree = {tag: {"Contact": [row]}, "LOVLanguageMode": "LIC"}

    sent = etree.fromstring(service.request("Insert", tree, login=NoHeader()).body)

    assert ["Y"] == [each.text for each in sent.iter("{*}SuppressAllCalls")]
    assert ["О'Ніл & <Син>\r\n]]>"] == [each.text for each in sent.iter("{*}LastName")]
    for wrong in ({"LastName": "\x08"}, {"NoSuchField": "x"}, {"LastName": None}, {"LastName": True}):
        with pytest.raises(RejectRecord):
            service.request("Insert", {tag: {"Contact": [wrong]}}, login=NoHeader())


def test_a_service_that_only_writes_is_said_to_be_one(asked):
    """There is nothing to read from it."""
    with pytest.raises(ConfigMistake, match="no QueryPage operation"):
        asked(asi(operations=[("ContactInsert_1", ["StatusObject"], [])]))


def test_dates_are_known_by_their_form():
    """Month first with slashes, day first with points, ISO 8601 with its zone; anything else is none."""
    same = ["10/20/2026 08:00:00", "20.10.2026 08:00:00", "2026-10-20T08:00:00Z", "2026-10-20T10:00:00+02:00"]

    assert 1 == len({moment(each) for each in same})
    assert {"10/20/2026 08:00:00"} == {business_format(each) for each in same}
    for wrong in ("", "2026-10-20", "20/10/2026 08:00:00", "soon"):
        with pytest.raises(ValueError, match=r".*"):
            moment(wrong)


def test_what_no_example_can_say_is_not_said():
    """An alternative over two fields has no form there."""
    assert example_of(AnyOf((Compare("A", "=", "1"), Compare("B", "=", "2")))) is None


PROGRAM = """
import resource, sys
from pathlib import Path
from crm_bridge_siebel.dialects import Wanted
from crm_bridge_siebel.records import RecordReader
from crm_bridge_siebel.soap import SoapService

service = SoapService(Path(sys.argv[1]), endpoint="http://127.0.0.1/", system="s", wanted=Wanted())
shape, output = service.shape.data, service.operations["QueryPage"].output
row = "".join(f"<{name}>{name} значення</{name}>" for name in shape.component.fields if name != "Id")
row = f"<{shape.component.tag}><Id>1-A</Id>{row}</{shape.component.tag}>".encode() * 500

class Page:
    def __init__(self, size):
        self.left, self.parts = size, [self.head()]
    def head(self):
        return (f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><{output.tag} xmlns="'
                f'{output.namespace}"><{shape.tag} xmlns="{shape.component.namespace}">').encode()
    def read(self, size=-1):
        if not self.parts:
            if self.left <= 0:
                return b""
            self.left -= len(row)
            self.parts.append(row)
            if self.left <= 0:
                self.parts.append(f"</{shape.tag}></{output.tag}></e:Body></e:Envelope>".encode())
        part = self.parts.pop(0)
        if 0 <= size < len(part):
            self.parts.insert(0, part[size:])
            part = part[:size]
        return part

def peak(megabytes):
    count = 0
    reader = RecordReader(shape, system="s", paged=False)
    for answer in reader.pieces(Page(megabytes << 20), page_size=500, where="page", piece=500):
        count += len(answer.records)
    return count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

few, before = peak(1)
many, after = peak(300)
print(few, many, (after - before) // 1024)
"""


def test_a_page_of_300_megabytes_takes_no_more_memory_than_a_piece():
    """Measured as the process's own peak."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(BUNDLED / "contact.wsdl")], capture_output=True, text=True, timeout=300
    )

    assert re.fullmatch(r"\d+ \d+ \d+\n", done.stdout), done.stderr
    few, many, grown = map(int, done.stdout.split())
    assert many > few * 100
    assert grown < 64
