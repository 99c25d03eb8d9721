"""`crm-bridge siebel inspect`: any site's WSDL loads, is told in words, and gives a draft that compiles."""

from __future__ import annotations

import os
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from inspecting import inspected, run, started
from site_wsdls import asi, rpc_workflow
from workflow_site import workflow

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"
SHARED = Path(os.environ.get("CRM_BRIDGE_SIEBEL_WSDLS") or Path(__file__).parents[3] / "../shared/data/siebel-wsdl")
PUBLISHED = {
    "evolveum/SWIEmployeeServices.wsdl": ("ASI", 1, True),
    "evolveum/SiebelEmployee.wsdl": ("ASI", 2, False),
    "oracle-accelerators/WC_Contacts_BS.wsdl": ("UI Data Adapter", 6, True),
    "oracle-accelerators/WC_Service_Request_BS.wsdl": ("UI Data Adapter", 6, True),
}


def tried(draft):
    done = run("mapping", "test", draft)
    assert 0 == done.returncode, done.stdout + done.stderr

    return done.stdout


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_wsdl_is_told_and_drafted(name, tmp_path):
    """Services, operations, dialect, fields; and every field is mapped or open in a draft that compiles."""
    if not (SHARED / name).is_file():
        pytest.skip(f"{name} is not beside the project; set CRM_BRIDGE_SIEBEL_WSDLS")
    dialect, operations, reads = PUBLISHED[name]
    draft = tmp_path / "draft.yaml"

    told = inspected(SHARED / name, "--draft", draft)

    (service,) = told["services"]
    assert (dialect, operations) == (service["dialect"], len(service["operations"]))
    assert reads == any(" gives ListOf" in line for line in service["reads"])
    assert service["change_capture"]["ready"] == ("SiebelEmployee" not in name)
    tried(draft)
    text = draft.read_text(encoding="utf-8")
    assert [] == [each["name"] for each in service["object"]["fields"] if each["name"] not in text]


def test_the_published_contact_is_typed(tmp_path):
    """Dates and flags of a typed schema are drafted as such."""
    name = "oracle-accelerators/WC_Contacts_BS.wsdl"
    if not (SHARED / name).is_file():
        pytest.skip(f"{name} is not beside the project; set CRM_BRIDGE_SIEBEL_WSDLS")

    told = inspected(SHARED / name, "--draft", tmp_path / "draft.yaml")

    types = {field["name"]: field["type"] for field in told["services"][0]["object"]["fields"]}
    assert ("dateTime", "date", "boolean", "string") == tuple(
        types[each] for each in ("Updated", "BirthDate", "SuppressAllCalls", "LastName")
    )
    assert "LastUpdate-SDQ" in types
    text = (tmp_path / "draft.yaml").read_text(encoding="utf-8")
    assert "birth_date: {src: BirthDate, as: date}" in text
    assert 'on: "true", off: "false"' in text


@pytest.mark.parametrize("name", sorted(path.name for path in BUNDLED.glob("*.wsdl")))
def test_our_own_wsdls_are_told_and_drafted(name, tmp_path):
    """Whatever dialect they are in."""
    told = inspected(BUNDLED / name, "--draft", tmp_path / "draft.yaml")

    assert all(service["change_capture"]["ready"] for service in told["services"])
    if name.startswith("contact"):
        assert "1 passed" in tried(tmp_path / "draft.yaml")


def test_an_rpc_service_without_an_address_is_told(saved, tmp_path):
    """Its dialect, its escaped names, and which fields may be the system fields under other names."""
    told = inspected(saved(rpc_workflow()), "--draft", tmp_path / "draft.yaml", "--kind", "client")

    (service,) = told["services"]
    assert ("workflow or custom service", None) == (service["dialect"], service["address"])
    assert ["Error_spcCode", "Error_spcMessage"] == service["operations"][0]["answers"]
    assert {"Id": ["ContactId"], "Updated": ["LastUpdate-SDQ"], "ModId": []} == {
        each["field"]: each["perhaps"]
        for each in service["change_capture"]["missing"]
        if each["field"] in "Id Updated ModId"
    }
    assert not service["change_capture"]["ready"]
    assert [{"operation": "QueryPhone", "argument": "Phone_spcNumber"}] == service["required_arguments"]
    shown = run("siebel", "inspect", tmp_path / "site.wsdl").stdout
    assert "Phone_spcNumber of QueryPhone (RPC style, where the WSDL calls every part required)" in shown
    tried(tmp_path / "draft.yaml")


def test_a_workflow_with_names_of_its_own_is_configured_by_what_is_printed(saved, tmp_path):
    """What carries the conditions is recognised and printed, as is what the service insists on."""
    wsdl, draft = saved(workflow()), tmp_path / "draft.yaml"

    (told,) = inspected(wsdl)["services"]
    block = run("siebel", "inspect", wsdl, "--draft", draft, "--kind", "person").stdout

    assert {"SearchSpec": "Search_spcExpression", "SortSpec": "Sort_spcExpression"} == told["proposed_query_arguments"]
    assert [{"operation": "Get_spcPersons", "argument": "Channel"}] == told["required_arguments"]
    assert any("in windows by (Updated, Id)" in line for line in told["reads"])
    assert 'query_arguments = { SearchSpec = "Search_spcExpression", SortSpec = "Sort_spcExpression" }' in block
    assert '# arguments = { "Channel" = "…" }' in block
    for line in ("arguments", "operations"):
        block = block.replace(f"# {line} =", f"{line} =")
    (kind,) = tomllib.loads(block[block.index("[systems.siebel.kinds") :])["systems"]["siebel"]["kinds"].values()
    assert "…" == kind["arguments"]["Channel"]


@pytest.mark.parametrize(("wsdl", "expected"), [("asi", False), ("contact.wsdl", True)])
def test_what_is_to_be_asked_for_is_named_where_a_query_is_a_projection(saved, tmp_path, wsdl, expected):
    """``only`` means something in the UI Data Adapter dialect alone."""
    asked = (
        saved(asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])) if wsdl == "asi" else BUNDLED / wsdl
    )

    block = run("siebel", "inspect", asked, "--draft", tmp_path / "draft.yaml").stdout

    assert expected is ("only = [" in block)


def test_what_is_shown_says_what_to_do(saved, tmp_path):
    """The text names the missing fields, the remedy, and what belongs into the configuration."""
    wsdl = saved(asi(fields=["LastName"], operations=[("ContactQueryByExample", [], [])], address="http://webserver/"))

    done = started("siebel", "inspect", wsdl, "--draft", tmp_path / "draft.yaml")

    assert 0 == done.returncode
    for words in (
        "all in one answer: there are no pages",
        "Id is missing: records cannot be told apart",
        "change their type from System to Data",
        "http://webserver/ (never called: the configured endpoint is)",
        "[systems.siebel.kinds.contact]",
        "ListOfContact_Alias",
        "Alias-Name: string",
    ):
        assert words in done.stdout


def test_what_is_to_be_asked_for_has_one_order(tmp_path):
    """System fields first, in the order of Siebel's documents; two runs print the same block."""
    told = inspected(BUNDLED / "contact.wsdl", "--draft", tmp_path / "draft.yaml")

    of_the_system = ["Id", "Created", "Updated", "ModId", "ConflictId"]
    (service,) = told["services"]
    there = {each["name"] for each in service["object"]["fields"]}
    expected = [name for name in of_the_system if name in there]
    assert len(expected) >= 3, "too few to tell an order from chance"
    assert expected == told["draft"]["mapped"][: len(expected)]


def test_the_zone_stands_twice_and_both_places_say_so(tmp_path):
    """The mapping's zone and the connector's are the integration user's; a draft knows neither."""
    block = run("siebel", "inspect", BUNDLED / "contact.wsdl", "--draft", tmp_path / "draft.yaml").stdout

    (line,) = [each for each in (tmp_path / "draft.yaml").read_text().splitlines() if "changed_at" in each]
    assert "# open: " in line
    assert "user_time_zone" in line
    assert "# user_time_zone of [systems.siebel] and tz of changed_at" in block
    assert "1 passed" in tried(tmp_path / "draft.yaml")


def test_a_component_without_a_list_is_said(saved, tmp_path):
    """An element within a record that holds elements; headers declared by hand do no harm."""
    text = asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])
    text = text.replace('name="FirstName" type="xsd:string"', 'name="FirstName" type="io:Contact_Alias"')
    header = '<input><soap:header message="tns:Absent" part="x" use="literal"/>'
    text = text.replace("<input><soap:body", f"{header}<soap:body")

    told = inspected(saved(text), "--draft", tmp_path / "draft.yaml")

    assert ["FirstName"] == [each["component"] for each in told["services"][0]["object"]["components"]]
    assert "FirstName/Alias-Name" in told["draft"]["open"]
    assert "src: FirstName.Alias-Name" in (tmp_path / "draft.yaml").read_text(encoding="utf-8")


def test_a_draft_replaces_nothing(saved, tmp_path):
    """Unless it is told to."""
    wsdl, draft = saved(asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])), tmp_path / "draft.yaml"
    draft.write_text("mine", encoding="utf-8")

    refused = run("siebel", "inspect", wsdl, "--draft", draft)

    assert (64, "mine") == (refused.returncode, draft.read_text(encoding="utf-8"))
    assert 0 == run("siebel", "inspect", wsdl, "--draft", draft, "--force").returncode
    assert "name.family: {src: LastName" in draft.read_text(encoding="utf-8")


def test_a_draft_makes_its_folder(saved, tmp_path):
    """As the examples of the documentation have it."""
    wsdl = saved(asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])]))

    done = run("siebel", "inspect", wsdl, "--draft", tmp_path / "drafts" / "site" / "contact.yaml")

    assert 0 == done.returncode, done.stderr
    assert (tmp_path / "drafts" / "site" / "contact.yaml").is_file()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html/>", "cannot be read as a WSDL"),
        ("", "cannot be read as a WSDL"),
        (
            '<!DOCTYPE d SYSTEM "file:///etc/hostname"><definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>',
            "site.wsdl",
        ),
    ],
)
def test_a_file_that_is_no_wsdl_is_said_to_be_none(saved, text, reason):
    """With the exit code of a mistake in what was given."""
    done = run("siebel", "inspect", saved(text))

    assert 78 == done.returncode
    assert reason in done.stderr
