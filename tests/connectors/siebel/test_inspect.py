"""`crm-bridge siebel inspect`: any site's WSDL loads, is told in words, and gives a draft that compiles."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from io import StringIO
from pathlib import Path

import pytest
from site_wsdls import asi, rpc_workflow
from workflow_site import workflow

from crm_bridge.cli.main import main

BUNDLED = Path(str(files("crm_bridge_siebel"))) / "wsdl"
SHARED = Path(os.environ.get("CRM_BRIDGE_SIEBEL_WSDLS") or Path(__file__).parents[3] / "../shared/data/siebel-wsdl")
PUBLISHED = {
    "evolveum/SWIEmployeeServices.wsdl": ("ASI", 1, True),
    "evolveum/SiebelEmployee.wsdl": ("ASI", 2, False),
    "oracle-accelerators/WC_Contacts_BS.wsdl": ("UI Data Adapter", 6, True),
    "oracle-accelerators/WC_Service_Request_BS.wsdl": ("UI Data Adapter", 6, True),
}


def started(*arguments):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "crm_bridge", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def run(*arguments):
    """The same command without the second in which a process starts."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def inspected(wsdl, *arguments):
    done = run("siebel", "inspect", wsdl, "--json", *arguments)
    assert 0 == done.returncode, done.stderr

    return json.loads(done.stdout)


def tried(draft):
    done = run("mapping", "test", draft)
    assert 0 == done.returncode, done.stdout + done.stderr

    return done.stdout


@pytest.fixture
def saved(tmp_path):
    """Writes a WSDL into a file."""

    def save(text, name="site.wsdl"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return save


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
    assert ("…", "Get_spcPersons") == (kind["arguments"]["Channel"], kind["operations"]["QueryPage"])


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


class Site:
    """A web server with documents; it notes what it was asked."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append((self.path, dict(self.headers)))
                status, headers, body = site.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site():
    one = Site()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_a_wsdl_is_read_from_an_address(site):
    """As Siebel serves it, without credentials."""
    site.pages["/eai?WSDL"] = (200, {}, asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])]).encode())

    told = inspected(f"{site.root}/eai?WSDL")

    assert "ASI" == told["services"][0]["dialect"]
    assert [] == [headers for _, headers in site.asked if "Authorization" in headers or "Cookie" in headers]


@pytest.mark.parametrize(
    "place",
    ["file:///etc/hostname", "http://localhost:1/other.wsdl", "https://{host}/other.wsdl", "http://u:p@{host}/x"],
)
def test_an_address_leads_nowhere_else(site, place):
    """What it imports comes from the same scheme, host and port."""
    place = place.format(host=site.root.removeprefix("http://"))
    text = asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])
    text = text.replace("<types>", f'<import namespace="urn:x" location="{place}"/><types>', 1)
    site.pages["/eai?WSDL"] = (200, {}, text.encode())

    done = run("siebel", "inspect", f"{site.root}/eai?WSDL")

    assert 78 == done.returncode
    assert "outside its own folder or host" in done.stderr
    assert ["/eai?WSDL"] == [path for path, _ in site.asked]


def _apart(place: str) -> tuple[str, str]:
    """A WSDL whose objects are in a schema at ``place``, and that schema."""
    text = asi(operations=[("ContactQueryPage", ["PageSize"], ["LastPage"])])
    start = text.rindex("<xsd:schema ")
    end = text.rindex("</xsd:schema>") + len("</xsd:schema>")
    ns = 'namespace="http://www.siebel.com/xml/Contact%20Interface"'
    schema = text[start:end].replace("<xsd:schema ", f"<xsd:schema {_PREFIXES} ", 1)
    whole = text[:start] + text[end:]
    return whole.replace(f"<xsd:import {ns}/>", f'<xsd:import {ns} schemaLocation="{place}"/>', 1), schema


_PREFIXES = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:io="http://www.siebel.com/xml/Contact%20Interface"'


@pytest.mark.parametrize(
    "place", ["contact.xsd", "/wsdl/contact.xsd", "{root}/wsdl/contact.xsd", "../wsdl/contact.xsd"]
)
def test_what_an_address_imports_from_its_own_host_is_read(site, place):
    """Many sites keep the integration object's schema in a file of its own."""
    text, schema = _apart(place.format(root=site.root))
    site.pages |= {"/wsdl/w.wsdl": (200, {}, text.encode()), "/wsdl/contact.xsd": (200, {}, schema.encode())}

    (told,) = inspected(f"{site.root}/wsdl/w.wsdl")["services"]

    assert "ListOfContactInterface" == told["object"]["container"]
    assert ["/wsdl/w.wsdl", "/wsdl/contact.xsd"] == [path for path, _ in site.asked]


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/hostname",
        "http://localhost:1/other.xsd",
        "https://{host}/other.xsd",
        "http://u:p@{host}/x",
        "//x.example/x",
    ],
)
def test_a_schema_from_elsewhere_is_refused(site, place):
    """As a WSDL's own imports are."""
    text, _ = _apart(place.format(host=site.root.removeprefix("http://")))
    site.pages["/w.wsdl"] = (200, {}, text.encode())

    done = run("siebel", "inspect", f"{site.root}/w.wsdl")

    assert (78, ["/w.wsdl"]) == (done.returncode, [path for path, _ in site.asked])
    assert "outside its own folder or host" in done.stderr


def test_a_schema_that_redirects_is_refused(site):
    """It could lead anywhere."""
    text, _ = _apart("contact.xsd")
    elsewhere = (302, {"Location": f"{site.root}/elsewhere"}, b"")
    site.pages |= {"/w.wsdl": (200, {}, text.encode()), "/contact.xsd": elsewhere}

    done = run("siebel", "inspect", f"{site.root}/w.wsdl")

    assert (78, ["/w.wsdl", "/contact.xsd"]) == (done.returncode, [path for path, _ in site.asked])
    assert "redirect" in done.stderr


@pytest.mark.parametrize(
    "place", ["file:///etc/hostname", "/etc/hostname", "http://127.0.0.1:1/x.xsd", "../outside.xsd"]
)
def test_what_a_file_imports_comes_from_its_own_folder(saved, tmp_path, place):
    """And what is there is read."""
    (tmp_path / "contact.xsd").write_text(_apart("contact.xsd")[1], encoding="utf-8")

    refused = run("siebel", "inspect", saved(_apart(place)[0]))

    assert 78 == refused.returncode
    assert "outside its own folder or host" in refused.stderr
    assert "ASI" == inspected(saved(_apart("contact.xsd")[0]))["services"][0]["dialect"]


def test_a_redirect_is_not_followed(site):
    """It could lead anywhere."""
    site.pages["/eai?WSDL"] = (302, {"Location": f"{site.root}/elsewhere"}, b"")

    done = run("siebel", "inspect", f"{site.root}/eai?WSDL")

    assert 78 == done.returncode
    assert "redirect" in done.stderr
    assert 1 == len(site.asked)


@pytest.mark.parametrize(
    "address", ["http://u:p@127.0.0.1/x", "http://127.0.0.1/x?UserName=u&Password=p", "ftp://127.0.0.1/x"]
)
def test_an_address_with_a_password_is_refused(address):
    """Command lines are seen by others."""
    assert 64 == run("siebel", "inspect", address).returncode
