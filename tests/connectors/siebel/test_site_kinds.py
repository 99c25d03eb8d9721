"""A site's own kinds: the same connector on services of every dialect, found in the WSDL that the settings name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from site_wsdls import rpc_workflow
from test_hostile_peer import connected, peer, sends

from crm_bridge.api import Accepted, ConfigMistake, Refused, Stale, Unknown

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"
DIALECTS = ["contact", "contact_typed", "contact_asi", "contact_workflow"]


def kind(name, **more):
    """Settings of one kind ``contact`` in the dialect of the WSDL ``name``."""
    return {"contact": {"wsdl": str(BUNDLED / f"{name}.wsdl"), **more}}


def given(pages):
    return [record["Id"] for page in pages for record in page.records]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_record_comes_once_and_then_what_changed(siebel, drain, name):
    """Whatever the dialect can be asked for, the bridge gets the same."""
    loaded = siebel.load(25)
    connector = siebel.connector(kinds=kind(name), page_size=10)

    pages, cursor = drain(connector)
    again, _ = drain(connector, cursor)
    siebel.clock.move(1)
    siebel.simulator.edit("contact", loaded[7], {"JobTitle": "інженерка"})
    changed, _ = drain(connector, cursor)

    assert sorted(loaded) == sorted(given(pages))
    assert [] == given(again)
    assert [(loaded[7], "інженерка")] == [(each["Id"], each["JobTitle"]) for page in changed for each in page.records]


@pytest.mark.parametrize("name", DIALECTS)
def test_records_are_read_by_id_and_listed(siebel, name):
    """By a specification, or by example."""
    loaded = siebel.load(25)
    connector = siebel.connector(kinds=kind(name), page_size=10)

    assert set(loaded[3:6]) == {each["Id"] for each in connector.read("contact", [*loaded[3:6], "1-NONE"])}
    assert sorted(loaded) == sorted(connector.list_keys("contact"))


@pytest.mark.parametrize(
    ("name", "said"), [("contact", ("Y", "03/08/1985")), ("contact_typed", ("true", "1985-03-08"))]
)
def test_flags_and_dates_are_as_their_schema_says(siebel, name, said):
    """Y and month-first dates as text, true and ISO dates where they are typed."""
    (record_id,) = siebel.simulator.load(
        "contact", [{"LastName": "Тест", "SuppressAllCalls": "Y", "BirthDate": "03/08/1985"}]
    )

    (record,) = siebel.connector(kinds=kind(name)).read("contact", [record_id])

    assert said == (record["SuppressAllCalls"], record["BirthDate"])


@pytest.mark.parametrize("name", DIALECTS)
def test_writes_go_through_each_dialect_that_takes_them(siebel, create, update, name):
    """Created, found again, and changed without touching the rest."""
    connector = siebel.connector(kinds=kind(name))

    (made,) = connector.write("contact", [create(LastName="Новий", FirstName="Іван")])
    assert isinstance(made, Accepted)
    (record,) = connector.read("contact", [made.record_id])
    (changed,) = connector.write(
        "contact", [update(made.record_id, version=record.get("ModId"), key="w-2", JobTitle="лікар")]
    )

    assert isinstance(changed, Accepted)
    held = siebel.held(made.record_id)
    assert ("Новий", "Іван", "лікар") == (held["LastName"], held["FirstName"], held["JobTitle"])
    assert connector.find_write("contact", create(LastName="Новий"))["Id"] == made.record_id


def test_a_workflow_tells_of_refused_writes_in_a_normal_answer(siebel, create, update):
    """Stale versions, broken rules and lost answers come to what they come to in the other dialects."""
    (record_id, other) = siebel.load(2)
    siebel.simulator.edit("contact", record_id, {"JobTitle": "лікарка"})
    connector = siebel.connector(kinds=kind("contact_workflow"))

    (stale,) = connector.write("contact", [update(record_id, LastName="Коваль")])
    (refused,) = connector.write("contact", [update(other, Gender="Femal")])
    siebel.simulator.configure(drop_answer_next=1)
    (lost,) = connector.write("contact", [create(LastName="Новенко", key="w-7")])
    (again,) = connector.write("contact", [create(LastName="Новенко", key="w-7")])

    assert [Stale, Refused, Unknown, Accepted] == [type(each) for each in (stale, refused, lost, again)]
    assert "SBL-EAI-04401" == refused.code
    assert "Тест0" == siebel.held(record_id)["LastName"]
    assert again.record_id == connector.find_write("contact", create(LastName="Новенко", key="w-7"))["Id"]
    assert 3 == len(siebel.simulator.records("contact"))


def test_only_the_fields_that_are_wanted_are_asked_for(siebel):
    """A query is the projection; system fields always come."""
    (record_id,) = siebel.simulator.load("contact", [{"LastName": "Тест", "FirstName": "Анна"}])

    (record,) = siebel.connector(kinds=kind("contact", only=["LastName"])).read("contact", [record_id])

    assert {"Id", "Created", "Updated", "ModId", "LastName"} == set(record)


def test_kinds_of_the_site_replace_ours(siebel):
    """Their names are the site's."""
    connector = siebel.connector(kinds={"client": {"wsdl": str(BUNDLED / "contact_asi.wsdl"), "write": False}})

    assert ("client",) == tuple(connector.kinds())
    assert not connector.capabilities("client").conditional_writes
    with pytest.raises(ConfigMistake, match="it has client"):
        connector.capabilities("contact")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"service": "Other"}, "has no service Other; it has"),
        ({"object": "ListOfNothing"}, "no operation that gives the records wanted"),
    ],
)
def test_what_is_not_in_the_wsdl_is_said(siebel, more, reason):
    """With what there is."""
    with pytest.raises(ConfigMistake, match=reason):
        siebel.connector(kinds=kind("contact_asi", **more)).read("contact", ["1-A"])


def test_an_rpc_literal_service_is_read_over_the_wire(tmp_path):
    """Parts have no namespace; the wrapper is called as its operation and `Response`."""
    (tmp_path / "rpc.wsdl").write_text(rpc_workflow(), encoding="utf-8")
    row = "<ContactId>1-1</ContactId><LastUpdate-SDQ>20.10.2026 08:00:00</LastUpdate-SDQ><LastName>Коваль</LastName>"
    body = (
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><m:QueryPhoneResponse "
        "xmlns:m='http://siebel.com/CustomUI'><Error_spcCode/><Error_spcMessage/><ListOfClient>"
        f"<Client xmlns='http://www.siebel.com/xml/Client%20Search%20IO'>{row}</Client></ListOfClient>"
        "</m:QueryPhoneResponse></e:Body></e:Envelope>"
    ).encode()
    names = {"Id": "ContactId", "Updated": "LastUpdate-SDQ"}
    kinds = {"client": {"wsdl": "rpc.wsdl", "system_fields": names, "write": False}}

    with peer(sends(body)) as endpoint, connected(endpoint, tmp_path, kinds=kinds) as connector:
        pages = list(connector.read_changes("client", None))

    assert [("1-1", "Коваль")] == [(each["Id"], each["LastName"]) for page in pages for each in page.records]
