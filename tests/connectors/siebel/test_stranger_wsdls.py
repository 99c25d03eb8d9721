"""WSDLs in other habits than Siebel's generator: each loads, is told, and gives a draft that passes its own test."""

from __future__ import annotations

import pytest
from stranger_wsdls import STRANGERS
from test_inspect import inspected, run, tried

from crm_bridge_siebel.dialects.seam import refusal


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_wsdl_is_told_and_drafted(name, tmp_path):
    """Its dialect, its integration object, the fields by their usual names whatever escapes them."""
    made, dialect = STRANGERS[name]
    for file, content in made().items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(content)

    told = inspected(tmp_path / "site.wsdl", "--draft", tmp_path / "draft.yaml")

    (service,) = [each for each in told["services"] if each["object"]]
    assert dialect == service["dialect"]
    assert any("gives" in line for line in service["reads"]), service["reads"]
    assert "1 passed" in tried(tmp_path / "draft.yaml")
    text = (tmp_path / "draft.yaml").read_text(encoding="utf-8")
    assert "  name.family: " in text
    assert "  name.given: " in text
    assert [] == [each["name"] for each in service["object"]["fields"] if each["name"] not in text]


def test_operations_with_names_of_their_own_are_proposed(tmp_path):
    """A workflow's name says nothing for sure, so it is for an engineer to confirm."""
    made, _ = STRANGERS["a workflow with names of its own"]
    (tmp_path / "site.wsdl").write_bytes(made()["site.wsdl"])

    told = inspected(tmp_path / "site.wsdl")

    assert {
        "Execute": "ABC_spcSave_spcCustomer",
        "Insert": "ABC_spcCreate_spcCustomer",
        "QueryPage": "ABC_spcFind_spcCustomer",
    } == told["services"][0]["proposed_operations"]


def test_a_workflow_is_read_through_an_operation_once_it_is_confirmed(tmp_path):
    """One message: not that there is a candidate, and elsewhere that there is none."""
    made, _ = STRANGERS["a workflow with names of its own"]
    (tmp_path / "site.wsdl").write_bytes(made()["site.wsdl"])

    told = run("siebel", "inspect", tmp_path / "site.wsdl", "--draft", tmp_path / "draft.yaml").stdout

    assert "through ABC_spcFind_spcCustomer, once you have confirmed" in told
    assert "has no QueryPage operation" not in told
    before, _, line = told.partition("uncomment it.\n")
    assert "NOTHING IS READ WITHOUT THIS LINE" in before
    assert line.startswith('# operations = { QueryPage = "ABC_spcFind_spcCustomer"'), line


@pytest.mark.parametrize(
    ("head", "refused"),
    [
        ({"Error_spcCode": "0", "Error_spcMessage": "Success"}, False),
        ({"Error_spcCode": "OK"}, False),
        ({"Error_spcCode": "", "Error_spcMessage": ""}, False),
        ({"Error_spcCode": "", "Error_spcMessage": "Помилка кроку"}, True),
        ({"Error_spcCode": "SBL_EAI_04381"}, True),
        ({"ErrorMsg": "(SBL-DAT-00523)"}, True),
        ({"Error_spcCode": "7"}, True),
    ],
)
def test_what_stands_beside_the_records_tells_of_failure_or_success(head, refused):
    """Words of success are none of failure; an error's text alone is one."""
    assert refused == (refusal(head) is not None)
