"""Components outside `ListOf…`: one at most, a list by another name, three levels, rows without a wrapper."""

from __future__ import annotations

import pytest
from lxml import etree
from stranger_wsdls import STRANGERS

from crm_bridge.api import RecordWrite, RejectRecord
from crm_bridge_siebel.dialects import Modes, dialect_for
from crm_bridge_siebel.records import RecordReader
from crm_bridge_siebel.shapes import paths_of
from crm_bridge_siebel.soap import SoapService
from crm_bridge_siebel.writing import message_for

ANSWER = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<ContactQueryPageResponse xmlns="http://siebel.com/asi/"><LastPage>true</LastPage><ListOfContact>
<Contact><Id>1-1</Id><LastName>Коваль</LastName>
<Employment><Id>1-2</Id><JobTitle>лікар</JobTitle><Employer><Name>Лікарня</Name></Employer></Employment>
<Addresses><Address><Id>1-3</Id><City>Київ</City><ListOfUse><Use><Id>1-4</Id><Type>Home</Type></Use></ListOfUse></Address>
</Addresses><Phone><Id>1-5</Id></Phone><Phone><Id>1-6</Id></Phone></Contact>
<Contact><Id>1-7</Id></Contact></ListOfContact></ContactQueryPageResponse></e:Body></e:Envelope>"""


class NoHeader:
    """A request without credentials."""

    def xml(self):
        return ""


@pytest.fixture
def service(tmp_path):
    """Such a service."""
    made, _ = STRANGERS["single components"]
    for file, content in made().items():
        (tmp_path / file).write_bytes(content)
    return SoapService(tmp_path / "site.wsdl", endpoint="http://127.0.0.1:1/", system="siebel")


def test_they_are_read_where_they_stand(service):
    """An object for one, a list for several, at any depth; what is not there is not said."""
    reader = RecordReader(service.shape.data, system="siebel", output=service.operations["QueryPage"].output.qname)

    first, second = reader.read(ANSWER.encode(), page_size=10, where="page").records

    assert {"Id": "1-2", "JobTitle": "лікар", "Employer": {"Name": "Лікарня"}} == first["Employment"]
    assert [{"Id": "1-5"}, {"Id": "1-6"}] == first["Phone"]
    (address,) = first["Addresses"]["Address"]
    assert [{"Id": "1-4", "Type": "Home"}] == address["ListOfUse"]["Use"]
    assert {"Id": "1-7"} == second


def test_their_fields_are_known_to_mappings(service):
    """As a mapping's ``src`` and ``each`` name them."""
    known = set(paths_of(service.shape.data.component))

    assert {"Employment.Employer.Name", "Phone.PhoneNumber", "Addresses.Address.ListOfUse.Use.Type"} <= known


def written(service, **fields):
    write = RecordWrite(
        kind="contact", operation="update", record_id="1-1", fields=fields, full={}, expected_version="0", key="w-1"
    )
    message = message_for(write, service.shape)
    call = dialect_for(service.service, service.shape, names={}).writing(
        message.method, [message.row], modes=Modes(view="All", language="LIC", fixed={})
    )
    return etree.fromstring(service.request(call.method, call.arguments, login=NoHeader()).body)


def test_they_are_written_where_they_stand(service):
    """Only what changes is sent, each row of several with its own operation."""
    body = written(
        service,
        Employment={"JobTitle": "хірург"},
        Phone=[{"Id": "1-5", "PhoneNumber": "+380505550101", "@operation": "update"}],
    )

    (phone,) = body.iter("{http://siebel.com/asi/}Phone")
    assert "update" == phone.get("operation")
    assert "хірург" == next(body.iter("{http://siebel.com/asi/}JobTitle")).text
    assert [] == list(body.iter("{http://siebel.com/asi/}Addresses"))


@pytest.mark.parametrize("fields", [{"Employment": "лікар"}, {"Phone": {}}, {"Phone": [{"Id": "1-5"}]}])
def test_another_shape_is_refused_before_it_is_sent(service, fields):
    """A row of several without an operation would be taken for `sync`, which deletes."""
    with pytest.raises(RejectRecord):
        written(service, **fields)
