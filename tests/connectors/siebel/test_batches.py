"""Several writes in one message, child rows in every dialect, and whether a stale write is noticed at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_bridge.api import Accepted, CredentialsRefused, Note, Postponed, RecordWrite, Refused, Stale, Unknown
from crm_bridge_siebel.connector import SiebelConnector

WSDL = Path(__file__).parents[3] / "connectors" / "siebel" / "crm_bridge_siebel" / "wsdl"
SERVICES = ("contact", "contact_typed", "contact_asi")


@pytest.fixture(params=SERVICES)
def service(request, siebel) -> Any:
    """Opens connectors that speak to one of the services."""

    def opened(*, operations: dict[str, str] | None = None, **more: Any) -> Any:
        kinds = {"contact": {"wsdl": str(WSDL / f"{request.param}.wsdl"), "operations": operations or {}}}
        return siebel.connector(kinds=kinds, **more)

    opened.prefix = {"contact": "CRM_Contact_BS", "contact_typed": "CRM_Contact_Typed_BS"}.get(
        request.param, "CRMContactServices"
    )
    return opened


def children(*names):
    return {"Child": [{"FirstName": name} for name in names]}


def names(record):
    return [row["FirstName"] for row in record["ListOfChild"]["Child"]]


@pytest.mark.parametrize("semantics", ["upsert", "Update", "Synchronize"])
def test_no_child_row_is_lost_whatever_carries_an_update_out(siebel, service, update, semantics):
    """Where the operation deletes what is not repeated, child rows are not changed at all; fields are."""
    if semantics == "Synchronize" and service.prefix != "CRMContactServices":
        pytest.skip("the UI Data Adapter has no Synchronize")
    operations = {} if semantics == "upsert" else {"Execute": f"{service.prefix}{semantics}"}
    connector = service(operations=operations)
    (record_id,) = siebel.load(1, ListOfChild=children("Марко", "Олена"))
    row = {"@operation": "insert", "FirstName": "Соломія"}

    (field,) = connector.write("contact", [update(record_id, JobTitle="лікарка")])
    (child,) = connector.write("contact", [update(record_id, version="1", ListOfChild={"Child": [row]})])

    held = siebel.held(record_id)
    assert isinstance(field, Accepted)
    assert "лікарка" == held["JobTitle"]
    if semantics == "upsert":
        assert isinstance(child, Accepted)
        assert ["Марко", "Олена", "Соломія"] == names(held)
    else:
        assert "would_delete" == child.code
        assert ["Марко", "Олена"] == names(held)


def test_a_batch_goes_in_one_message(siebel, service, update):
    """Each write has its own receipt."""
    ids = siebel.load(5)
    connector = service()
    writes = [update(record_id, key=f"w-{record_id}", JobTitle="лікарка") for record_id in ids]

    outcomes = connector.write("contact", writes)

    assert [Accepted(record_id=record_id, version="1") for record_id in ids] == outcomes
    assert 20 == connector.capabilities("contact").batch_size


def test_a_bad_record_alone_is_refused(siebel, service, update):
    """One message is one transaction: when it is refused, its records go one by one."""
    ids = siebel.load(4)
    siebel.simulator.edit("contact", ids[3], {"JobTitle": "суддя"})
    values = [{"JobTitle": "лікарка"}, {"Gender": "Femal"}, {"JobTitle": "лікарка"}, {"JobTitle": "лікарка"}]
    writes = [update(row_id, key=f"w-{row_id}", **value) for row_id, value in zip(ids, values, strict=True)]

    outcomes = service().write("contact", writes)

    assert [Accepted, Refused, Accepted, Stale] == [type(outcome) for outcome in outcomes]
    assert "SBL-EAI-04401" == outcomes[1].code
    assert ["1", "0", "1", "1"] == [siebel.held(row_id)["ModId"] for row_id in ids]
    assert "суддя" == siebel.held(ids[3])["JobTitle"]


def test_creates_in_a_batch_are_told_apart_by_their_stamps(siebel, service, create):
    """Whatever order the answer has, each write gets the record that it made."""
    writes = [create(key=f"w-{number}", LastName=f"Коваль{number}") for number in range(4)]

    outcomes = service().write("contact", writes)

    assert [f"Коваль{number}" for number in range(4)] == [
        siebel.held(outcome.record_id)["LastName"] for outcome in outcomes
    ]


def test_a_batch_of_creates_whose_answer_was_lost_is_looked_up(siebel, service, create):
    """Nothing is sent again before it was looked for."""
    connector = service()
    siebel.simulator.configure(drop_answer_next=1)
    writes = [create(key=f"w-{number}", LastName=f"Коваль{number}") for number in range(3)]

    outcomes = connector.write("contact", writes)

    assert [Unknown] * 3 == [type(outcome) for outcome in outcomes]
    assert [f"Коваль{n}" for n in range(3)] == [connector.find_write("contact", w)["LastName"] for w in writes]
    assert 3 == len(siebel.simulator.records("contact"))


def test_a_create_in_a_batch_that_arrived_before_is_found(siebel, service, create):
    """The rest of the batch is created, and nothing twice."""
    connector = service()
    (first,) = connector.write("contact", [create(key="w-1", LastName="Коваль1")])

    outcomes = connector.write("contact", [create(key=f"w-{n}", LastName=f"Коваль{n}") for n in (1, 2)])

    assert first.record_id == outcomes[0].record_id
    assert ["Коваль1", "Коваль2"] == [row["LastName"] for row in siebel.simulator.records("contact")]


def test_a_misspelt_operation_takes_no_batch_with_it(siebel, service, update):
    """It never leaves; its neighbours do."""
    ids = siebel.load(2, ListOfChild=children("Марко"))
    bad = update(ids[0], key="w-0", ListOfChild={"Child": [{"@operation": "Upsert", "FirstName": "Олена"}]})

    outcomes = service().write("contact", [bad, update(ids[1], key="w-1", JobTitle="лікарка")])

    assert "bad_operation" == outcomes[0].code
    assert isinstance(outcomes[1], Accepted)
    assert ["Марко"] == names(siebel.held(ids[0]))


def test_what_was_done_counts_when_the_rest_cannot_be_sent(siebel, update):
    """A login that is refused in the middle postpones the rest, and the receipts before it stand."""
    ids = siebel.load(3)
    connector = siebel.connector(write_batch_size=1)
    send, sent = connector._send, []

    def refused_later(*arguments: Any) -> Any:
        sent.append(arguments)
        if len(sent) > 1:
            raise CredentialsRefused("refused")
        return send(*arguments)

    connector._send = refused_later
    outcomes = connector.write("contact", [update(row_id, key=row_id, JobTitle="лікарка") for row_id in ids])

    assert [Accepted, Postponed, Postponed] == [type(outcome) for outcome in outcomes]


@pytest.mark.parametrize("modification_key", [True, False])
def test_check_says_where_a_stale_write_would_be_taken(siebel, service, modification_key):
    """Found out by a message that never takes effect: nothing moves."""
    siebel.load(2)
    before = siebel.simulator.records("contact")
    siebel.simulator.configure(modification_key=modification_key)

    said = service(probe_writes=True).check()
    findings = [found for found in said if "Modification Key" in found]

    assert not any(isinstance(found, Note) for found in findings)
    assert (0 if modification_key else 1) == len(findings)
    assert before == siebel.simulator.records("contact")


def _writes_sent(connector, monkeypatch) -> tuple[list[str], list[str]]:
    sent: list[str] = []
    sends = SiebelConnector._send
    monkeypatch.setattr(SiebelConnector, "_send", lambda self, *call: sent.append(call[1]) or sends(self, *call))
    said = connector.check()
    return sent, said


def test_check_sends_nothing_that_writes_unless_it_may(siebel, service, monkeypatch):
    """The bridge may not write the kind at all, whatever the connector could; a note says what was not tried."""
    siebel.load(2)
    connector = service()

    sent, said = _writes_sent(connector, monkeypatch)

    assert [] == sent
    (note,) = [found for found in said if "Modification Key" in found]
    assert isinstance(note, Note)
    assert "probe_writes" in note


def test_check_never_probes_a_workflow(siebel, monkeypatch):
    """What a site's own operation makes of an empty record nobody knows."""
    siebel.load(2)
    connector = siebel.connector(kinds={"contact": {"wsdl": str(WSDL / "contact_workflow.wsdl")}}, probe_writes=True)

    sent, said = _writes_sent(connector, monkeypatch)

    assert [] == sent
    (note,) = [found for found in said if "Modification Key" in found]
    assert isinstance(note, Note)


def test_check_probes_by_no_operation_of_another_name(siebel, monkeypatch):
    """An InsertOrUpdate that stands for Execute could insert: only Siebel's own Update and Execute are known."""
    siebel.load(2)
    operations = {"Execute": "CRMContactServicesInsertOrUpdate", "Update": "none"}
    kinds = {"contact": {"wsdl": str(WSDL / "contact_asi.wsdl"), "operations": operations}}
    connector = siebel.connector(kinds=kinds, probe_writes=True)

    sent, _ = _writes_sent(connector, monkeypatch)

    assert [] == sent


def test_a_delete_is_never_taken_for_an_update(siebel, service, update):
    """The record is gone afterwards, or the outcome says that it is not."""
    (record_id,) = siebel.load(1)
    delete = RecordWrite("contact", "delete", record_id, {"Id": record_id}, {}, "0", "w-1")

    (outcome,) = service().write("contact", [delete])

    gone = not siebel.simulator.records("contact")
    assert gone is isinstance(outcome, Accepted)
