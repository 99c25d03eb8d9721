"""One line of configuration: what SOAP reads of the simulated Siebel, REST reads too, and writes as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.api import Accepted, ConfigMistake, ConnectorContext, RecordWrite, Refused, Secret, Stale
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings

ANNA = {
    "LastName": "Коваль",
    "FirstName": "Anna",
    "Gender": "F",
    "BirthDate": "03/08/1985",
    "CellularPhone": "+380505550101",
    "SuppressAllCalls": "Y",
    "ListOfChild": {"Child": [{"FirstName": "Марко", "BirthDate": "09/01/2017"}, {"FirstName": "Олена"}]},
    "ListOfPersonalAddress": {"PersonalAddress": [{"PersonalCity": "Київ"}]},
    "ListOfConsent": {"Consent": [{"Purpose": "Claims", "Channel": "Cell Phone", "Status": "Granted"}]},
}


@pytest.fixture
def over(siebel):
    """Connectors to the same Siebel, by transport."""
    opened = {
        transport: open_connector(
            SiebelSettings(**{**siebel.settings, "retry_wait_seconds": 0.0, "transport": transport, "children": {}}),
            ConnectorContext(
                system="siebel",
                base_dir=siebel.folder,
                secret=lambda reference: Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8")),
                clock=siebel.clock,
            ),
        )
        for transport in ("soap", "rest")
    }
    yield opened
    for connector in opened.values():
        connector.close()


def said(record):
    """A record without what it says nothing about: REST gives every field, SOAP those that have been set."""
    if isinstance(record, dict):
        kept = {name: said(value) for name, value in record.items()}
        return {name: value for name, value in kept.items() if value not in ("", {}, [])}
    return [said(each) for each in record] if isinstance(record, list) else record


def write(operation, record_id=None, *, version=None, **fields):
    return RecordWrite("contact", operation, record_id, fields, {}, version, "w-1")


def test_both_transports_read_the_same(siebel, over):
    """Records, their order, keys and cursors."""
    ids = siebel.simulator.load("contact", [ANNA, {"LastName": "Бондар"}, {"LastName": "Ґудзь"}])
    soap, rest = over["soap"], over["rest"]

    assert said(list(soap.read("contact", ids))) == said(list(rest.read("contact", ids)))
    assert list(soap.list_keys("contact")) == list(rest.list_keys("contact"))
    (ours,), (theirs,) = (list(each.read_changes("contact", None)) for each in (soap, rest))
    assert (said(list(ours.records)), ours.cursor) == (said(list(theirs.records)), theirs.cursor)


def test_a_cursor_of_one_transport_serves_the_other(siebel, over):
    """Changing the line in the configuration reads nothing twice and skips nothing."""
    _, second = siebel.load(2)
    *_, page = over["soap"].read_changes("contact", None)
    siebel.clock.move(60)
    siebel.simulator.edit("contact", second, {"JobTitle": "лікарка"})

    changed = [record for each in over["rest"].read_changes("contact", page.cursor) for record in each.records]

    assert [(second, "лікарка")] == [(record["Id"], record["JobTitle"]) for record in changed]


def test_writes_arrive_over_rest(siebel, over):
    """A create with a child, an update with children, a stale update, a refused value."""
    rest = over["rest"]
    children = {"Child": [{"@operation": "insert", "FirstName": "Марко"}]}
    siebel.load(1)
    (made,) = rest.write("contact", [write("create", LastName="Коваль", ListOfChild=children)])
    assert isinstance(made, Accepted)
    (child,) = siebel.held(made.record_id)["ListOfChild"]["Child"]
    changes = {"Child": [{"@operation": "update", "Id": child["Id"], "FirstName": "Марк"}]}
    (record,) = rest.read("contact", [made.record_id])

    (done,) = rest.write(
        "contact",
        [write("update", made.record_id, version=record["ModId"], JobTitle="лікарка", ListOfChild=changes)],
    )
    (stale,) = rest.write("contact", [write("update", made.record_id, version="77", JobTitle="вчителька")])
    (current,) = rest.read("contact", [made.record_id])
    (refused,) = rest.write("contact", [write("update", made.record_id, version=current["ModId"], Gender="Femal")])

    assert [Accepted, Stale, Refused] == [type(each) for each in (done, stale, refused)]
    assert "SBL-EAI-04401" == refused.code
    held = siebel.held(made.record_id)
    assert ("лікарка", "Марк") == (held["JobTitle"], held["ListOfChild"]["Child"][0]["FirstName"])


@pytest.mark.parametrize("knob", ["fail_next", "busy_html_next"])
def test_one_failure_of_a_read_is_tried_over(siebel, over, knob):
    """Reading changes nothing, so one repetition is free."""
    ids = siebel.load(2)
    over["rest"].read("contact", ids)
    siebel.simulator.configure(**{knob: 1})

    assert ids == [record["Id"] for record in over["rest"].read("contact", ids)]


def test_an_empty_object_is_told_from_a_wrong_name(siebel, over):
    """Siebel says 404 to both; it describes the one alone."""
    settings = {**siebel.settings, "transport": "rest", "children": {}, "rest": {"contact": {"component": "Contakt"}}}
    context = ConnectorContext(
        system="siebel",
        base_dir=siebel.folder,
        secret=lambda reference: Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8")),
        clock=siebel.clock,
    )
    wrong = open_connector(SiebelSettings(**settings), context)

    assert [] == list(over["rest"].read_changes("contact", None))
    assert not any("finds nothing" in finding for finding in over["rest"].check())
    with pytest.raises(ConfigMistake, match="the names are wrong"):
        list(wrong.read_changes("contact", None))
    assert any("/data/describe lists" in finding for finding in wrong.check())
    wrong.close()
