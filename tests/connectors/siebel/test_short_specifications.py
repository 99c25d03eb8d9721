"""Siebel's documents promise a search specification of 255 characters and no more: look-ups keep to that."""

from __future__ import annotations

import html
import re
from importlib.resources import files
from pathlib import Path

import pytest
from rest_site import served

from crm_bridge.api import Accepted, ConnectorContext, Secret
from crm_bridge_siebel.conditions import AllOf, Compare, any_of, in_parts
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings

NO_CHILDREN = {
    "contact": {
        "children": dict.fromkeys(
            ("ListOfPersonalAddress", "ListOfCommunicationAddress", "ListOfChild", "ListOfConsent"), ""
        )
    }
}
WSDLS = Path(str(files("crm_bridge_siebel"))) / "wsdl"


@pytest.fixture
def heard(siebel, monkeypatch):
    """A connector, and every search specification that it sent."""

    def listening(**more):
        connector = siebel.connector(**more)
        specifications: list[str] = []
        stream = connector._wire.stream

        def recorded(body, **given):
            text = body.decode()
            found = re.findall(r'searchspec="([^"]*)"|<\w+:SearchSpec>([^<]*)|<\w+:Id>([^<]+)', text)
            specifications.extend(html.unescape("".join(each)) for each in found)
            return stream(body, **given)

        monkeypatch.setattr(connector._wire, "stream", recorded)
        return connector, specifications

    return listening


@pytest.mark.parametrize("wsdl", ["contact", "contact_asi"])
def test_records_are_read_by_id_in_several_queries(siebel, heard, wsdl):
    """Each record once, in the order of ids, whatever the dialect."""
    ids = siebel.load(60)
    connector, specifications = heard(kinds={"contact": {"wsdl": str(WSDLS / f"{wsdl}.wsdl"), "children": []}})

    assert ids == [record["Id"] for record in connector.read("contact", ids)]
    assert 255 >= max(len(each) for each in specifications)
    assert len(specifications) > 3


def test_a_batch_of_creates_is_found_by_its_stamps_in_several_queries(heard, create):
    """Each keeps its own record."""
    connector, specifications = heard(write_batch_size=20)
    planned = [create(LastName=f"Тест{at}", key=f"a-key-of-a-write-{at:03}") for at in range(20)]

    outcomes = connector.write("contact", planned)

    assert [Accepted] * 20 == [type(each) for each in outcomes]
    assert 20 == len({each.record_id for each in outcomes})
    assert 255 >= max(len(each) for each in specifications)
    stamps = [stamp for each in specifications for stamp in re.findall(r"\[IntegrationId\] = '([^']*)'", each)]
    assert [each.key for each in planned] == stamps


def test_rest_keeps_to_it_as_well(tmp_path):
    """Its field names are longer than tags: what is said is measured."""
    with served() as site:
        ids = [site.add() for _ in range(30)]
        settings = SiebelSettings(
            endpoint=site.endpoint, username="CRMBRIDGE", password_ref="env:X", transport="rest", rest=NO_CHILDREN
        )
        context = ConnectorContext(
            system="siebel", base_dir=tmp_path, secret=lambda _: Secret("canary-пароль"), clock=lambda: None
        )
        connector = open_connector(settings, context)

        assert ids == [record["Id"] for record in connector.read("contact", ids)]
        connector.close()
        assert 255 >= max(len(asked.get("searchspec", "")) for _, _, asked in site.asked)


def test_only_what_names_rows_is_taken_apart():
    """Windows stay whole, and one name alone cannot be shortened."""
    window = AllOf((Compare("Updated", ">", "10/20/2026 08:00:00", is_moment=True), Compare("Id", ">", "1-A")))
    many = any_of("Id", [f"1-{at}" for at in range(7)])

    assert (window,) == tuple(in_parts(window, fits=lambda _: False))
    assert many.parts == tuple(in_parts(many, fits=lambda _: False))
    assert (many,) == tuple(in_parts(many, fits=lambda _: True))
