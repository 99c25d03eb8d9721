"""A write that Siebel carried out on another record than was meant is reported, never taken for ours."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from crm_bridge.api import Accepted, RecordWrite, Refused
from crm_bridge_siebel.batches import Parcel, created, told
from crm_bridge_siebel.landing import landed
from crm_bridge_siebel.writing import Message

WORKFLOW = str(Path(str(files("crm_bridge_siebel"))) / "wsdl" / "contact_workflow.wsdl")
OLD = {"Id": "1-A", "Created": "01/02/2024 03:04:05", "Updated": "10/20/2026 08:00:00", "IntegrationId": "w-1"}
NEW = {**OLD, "Created": "10/20/2026 07:59:58"}


def write(operation="create", record_id=None, **fields):
    return RecordWrite("contact", operation, record_id, fields, {}, "4" if record_id else None, "w-1")


@pytest.mark.parametrize(
    ("what", "planned", "answered", "seen", "outcome"),
    [
        ("a new record", write(), {"Id": "1-A", "ModId": "0"}, None, None),
        ("an insert that tells no version", write(), {"Id": "1-A"}, None, None),
        ("a rule of the site wrote at once", write(), {"Id": "1-A", "ModId": "2"}, {**NEW, "ModId": "2"}, None),
        ("the same in ISO 8601", write(), {"Id": "1-A", "ModId": "1", "Created": "2026-10-20T08:00:00Z",
                                          "Updated": "2026-10-20T08:00:05Z"}, None, None),
        ("a record of years ago", write(), {"Id": "1-A", "ModId": "7"}, {**OLD, "ModId": "7"}, "created_over"),
        ("a record that cannot be seen", write(), {"Id": "1-A", "ModId": "7"}, None, "created_over"),
        ("a record without dates", write(), {"Id": "1-A", "ModId": "7"}, {"Id": "1-A", "ModId": "7"}, "created_over"),
        ("the stamp of another", write(), {"Id": "1-A", "ModId": "0", "IntegrationId": "X"}, None, "other_record"),
        ("an update", write("update", "1-A"), {"Id": "1-A", "ModId": "5"}, None, None),
        ("an update elsewhere", write("update", "1-A"), {"Id": "1-B", "ModId": "5"}, None, "other_record"),
        ("a delete elsewhere", write("delete", "1-A"), {"Id": "1-B"}, None, "other_record"),
        ("an update with another stamp", write("update", "1-A", IntegrationId="E-1"),
         {"Id": "1-A", "IntegrationId": "E-2"}, None, "other_record"),
    ],
)  # fmt: skip
def test_a_receipt_counts_for_the_record_that_was_meant(what, planned, answered, seen, outcome):
    """Id, IntegrationId and ModId of the answer are looked at; in doubt a person is asked."""
    found = landed(planned, answered, refuses_known=True, look=lambda _: seen)

    assert (outcome, Refused if outcome else Accepted) == (getattr(found, "code", None), type(found)), what


def test_the_writes_of_a_batch_are_looked_at_as_well():
    """Creates are found by their stamps, updates told by their ids."""
    updates = [Parcel(at, write("update", row_id), Message("Execute", {})) for at, row_id in enumerate(["1-A", "1-B"])]
    rows = [{"Id": "1-A", "ModId": "5"}, {"Id": "1-C", "ModId": "9"}]
    creates = [Parcel(0, write(), Message("Insert", {}))]

    assert [None, "other_record"] == [getattr(each, "code", None) for each in told(updates, rows)]
    assert ["created_over"] == [getattr(each, "code", None) for each in created(creates, [{**OLD, "ModId": "7"}])]
    assert [Accepted] == [type(each) for each in created(creates, [{**NEW, "ModId": "1"}])]


def test_a_create_that_a_workflow_carries_out_on_a_known_record_is_reported(siebel):
    """Its upsert finds records by user keys and says nothing of it. A new record is accepted."""
    siebel.simulator.configure(user_keys="IntegrationId;LastName+FirstName")
    (there,) = siebel.simulator.load("contact", [{"LastName": "Коваль", "FirstName": "Anna"}])
    siebel.clock.move(86_400)
    connector = siebel.connector(kinds={"contact": {"wsdl": WORKFLOW}})

    (over,) = connector.write("contact", [write(LastName="Коваль", FirstName="Anna", JobTitle="лікарка")])
    (new,) = connector.write("contact", [write(LastName="Мельник", FirstName="Anna", IntegrationId="E-9")])

    assert (Refused, "created_over") == (type(over), getattr(over, "code", over))
    assert there in over.reason
    assert isinstance(new, Accepted)


@pytest.mark.parametrize("operation", ["create", "update"])
def test_rest_sends_no_child_rows_to_a_record_that_was_not_meant(site, rest, operation):
    """PUT and POST answer with the Id that they wrote to."""
    meant, met = site.add(), site.add(**{"Mod Id": "3", "Created": "01/02/2024 03:04:05"})
    site.told_writes.append((200, "application/json", json.dumps({"items": {"Id": met}}).encode()))
    child = {"Child": [{"@operation": "insert", "FirstName": "Марко"}]}
    planned = write(operation, meant if operation == "update" else None, LastName="Коваль", ListOfChild=child)
    if operation == "update":
        planned = RecordWrite("contact", "update", meant, planned.fields, {}, "0", "w-1")

    (outcome,) = rest().write("contact", [planned])

    code = "created_over" if operation == "create" else "other_record"
    assert (Refused, code) == (type(outcome), getattr(outcome, "code", outcome))
    assert 1 == sum(method != "GET" for method, _, _ in site.asked)
