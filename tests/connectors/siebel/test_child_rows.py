"""No child row is ever deleted unless that was planned: whatever the dialect, and whatever the method does.

The simulator's Update and Synchronize delete the child rows that a present container does not repeat, as Siebel's do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from crm_bridge.api import Accepted, ConnectorContext, Note, Refused, Secret
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"
WAYS = ("contact", "contact_typed", "contact_asi", "contact_workflow", "rest")
DELETING = {  # operations that delete what a message does not repeat, by WSDL
    "contact": ("CRM_Contact_BSUpdate",),
    "contact_typed": ("CRM_Contact_Typed_BSUpdate",),
    "contact_asi": ("CRMContactServicesUpdate", "CRMContactServicesSynchronize"),
    "contact_workflow": ("CRM_spcContact_spcSynchronize",),
}
TAGS = {"ListOfChild": "Child", "ListOfConsent": "Consent"}


def secret(reference: str) -> Secret:
    return Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8"))


@pytest.fixture
def through(siebel: Any) -> Any:
    """Opens a connector that writes through one service, or over REST."""
    opened = []

    def open_(way: str, **kind: Any) -> Any:
        more: dict[str, Any] = {"kinds": {"contact": {"wsdl": str(BUNDLED / f"{way}.wsdl"), **kind}}}
        if way == "rest":
            more = {"transport": "rest", "children": {}}
        settings = SiebelSettings(**{**siebel.settings, "retry_wait_seconds": 0.0, **more})
        opened.append(open_connector(settings, ConnectorContext("siebel", siebel.folder, secret, siebel.clock)))
        return opened[-1]

    yield open_
    for connector in opened:
        connector.close()


def contact(children: int, consents: int = 2) -> dict[str, Any]:
    """An invented contact with child rows in two containers."""
    rows = [{"FirstName": f"Дитина{number}"} for number in range(children)]
    agreed = [{"Purpose": "Claims", "Channel": "Email", "FormNumber": f"Ф-{number}"} for number in range(consents)]
    return {"LastName": "Тест", "ListOfChild": {"Child": rows}, "ListOfConsent": {"Consent": agreed}}


def rows_of(record: Mapping[str, Any], container: str) -> dict[str, dict[str, Any]]:
    return {row["Id"]: row for row in record.get(container, {}).get(TAGS[container], ())}


def planned(chance: random.Random, held: Mapping[str, Any]) -> tuple[list[dict[str, Any]], set[str]]:
    """Row operations as a mapping's write-back makes them, and the ids that they delete."""
    rows, deleted = [], set()
    for row_id in held:
        match chance.randint(0, 3):
            case 0:
                rows.append({"@operation": "delete", "Id": row_id})
                deleted.add(row_id)
            case 1:
                rows.append({"@operation": "update", "Id": row_id, "FirstName": "Перейменована"})
    rows += [{"@operation": "insert", "FirstName": "Нова"} for _ in range(chance.randint(0, 2))]
    return rows, deleted


def survives(siebel: Any, connector: Any, update: Callable[..., Any], chance: random.Random) -> None:
    """Plan changes on what was read, let a user add rows meanwhile, write, and look who is left."""
    (row_id,) = siebel.simulator.load("contact", [contact(chance.randint(0, 4))])
    (read,) = connector.read("contact", [row_id])
    before = rows_of(read, "ListOfChild")
    rows, deleted = planned(chance, before)
    added = [*siebel.held(row_id)["ListOfChild"]["Child"], {"FirstName": "Додана кимось"}]
    siebel.simulator.edit("contact", row_id, {"ListOfChild": {"Child": added}})
    grown = rows_of(siebel.held(row_id), "ListOfChild")

    (outcome,) = connector.write(
        "contact", [update(row_id, version=None, JobTitle="лікарка", ListOfChild={"Child": rows})]
    )

    assert isinstance(outcome, Accepted)
    held = siebel.held(row_id)
    assert grown.keys() - rows_of(held, "ListOfChild").keys() == deleted
    assert 2 == len(held["ListOfConsent"]["Consent"]), "a container that was not spoken of has lost rows"
    assert len(before) + 1 - len(deleted) + sum(row["@operation"] == "insert" for row in rows) == len(
        rows_of(held, "ListOfChild")
    )


@pytest.mark.parametrize("way", WAYS)
def test_only_planned_deletions_delete(siebel, through, update, way):
    """Any mixture of changes, with rows that somebody adds between reading and writing."""
    connector = through(way)
    for seed in range(12):
        survives(siebel, connector, update, random.Random(seed))


@pytest.mark.parametrize(("way", "operation"), [(way, name) for way, names in DELETING.items() for name in names])
def test_a_method_that_deletes_is_given_no_child_rows(siebel, through, update, way, operation):
    """The site names Update or Synchronize for updates: fields are written by it, child rows are refused."""
    (row_id,) = siebel.simulator.load("contact", [contact(3)])
    connector = through(way, operations={"Execute": operation})
    (child, *_) = rows_of(siebel.held(row_id), "ListOfChild")
    rows = {"Child": [{"@operation": "update", "Id": child, "FirstName": "Марко"}]}

    (plain,) = connector.write("contact", [update(row_id, version=None, JobTitle="лікарка")])
    (empty,) = connector.write("contact", [update(row_id, version=None, ListOfChild={"Child": []})])
    (nested,) = connector.write("contact", [update(row_id, version=None, ListOfChild=rows)])

    assert [Accepted, Accepted, Refused, "would_delete"] == [type(plain), type(empty), type(nested), nested.code]
    held = siebel.held(row_id)
    assert ("лікарка", 3, 2) == (held["JobTitle"], *(len(rows_of(held, tag)) for tag in TAGS))


def test_a_site_may_vouch_for_an_operation_of_another_name(siebel, through, update):
    """Then child rows are written through it. This one deletes what is not named, and here all rows are."""
    (row_id,) = siebel.simulator.load("contact", [contact(3)])
    connector = through("contact_asi", operations={"Execute": DELETING["contact_asi"][0]}, keeps_rows=True)
    held = [{"@operation": "update", "Id": each} for each in rows_of(siebel.held(row_id), "ListOfChild")]
    held[0]["FirstName"] = "Марко"

    (outcome,) = connector.write("contact", [update(row_id, version=None, ListOfChild={"Child": held})])

    assert isinstance(outcome, Accepted)
    assert "Марко" in [row["FirstName"] for row in siebel.held(row_id)["ListOfChild"]["Child"]]


def test_check_says_that_child_rows_will_be_refused(siebel, through):
    """Before a dead letter does."""
    said = through("contact_asi", operations={"Execute": DELETING["contact_asi"][0]}).check()

    assert [True] == [isinstance(each, Note) for each in said if "would_delete" in each]
    assert [] == [each for each in through("contact_asi").check() if "would_delete" in each]


@pytest.mark.parametrize(("way", "operation"), [(way, name) for way, names in DELETING.items() for name in names])
def test_this_would_be_noticed_without_the_refusal(siebel, through, update, way, operation):
    """The proof that these tests can fail: the simulator's Update and Synchronize do delete."""
    (row_id,) = siebel.simulator.load("contact", [contact(3)])
    connector = through(way, operations={"Execute": operation})
    (child, *_) = rows_of(siebel.held(row_id), "ListOfChild")
    rows = {"Child": [{"@operation": "update", "Id": child, "FirstName": "Марко"}]}

    with mock.patch("crm_bridge_siebel.writing._refuse_deleting"):
        connector.write("contact", [update(row_id, version=None, ListOfChild=rows)])

    assert [child] == list(rows_of(siebel.held(row_id), "ListOfChild"))
