"""REST as the second transport, against a server on loopback that behaves as Siebel's documents say.

All people and numbers are invented.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from crm_bridge.api import (
    Accepted,
    ConfigMistake,
    ConnectorContext,
    CredentialsRefused,
    RecordWrite,
    Refused,
    RetryLater,
    Secret,
    Stale,
    Unknown,
)
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.rest_connector import rest_base
from crm_bridge_siebel.rest_names import names_for
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import Component

CHILDREN = ("Personal Address", "Child", "Communication Address", "Consent")
CONTACT = {
    "Last Name": "",
    "First Name": "",
    "M/F": "",
    "Cellular Phone #": "",
    "Job Title": "",
    "Integration Id": "",
    "Birth Date": "",
}
NOTHING = {"ERROR": "There is no data for the requested resource"}


@dataclass
class Site:
    """A Siebel with contacts and their children, over REST alone."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    children: dict[tuple[str, str], dict[str, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    told: list[tuple[int, str, bytes]] = field(default_factory=list)  # answers of the next calls
    told_writes: list[tuple[int, str, bytes]] = field(default_factory=list)
    most: int = 100
    uniform: bool = True
    empty_status: int = 404
    next_id: int = 0
    endpoint: str = ""

    def add(self, **fields: str) -> str:
        self.next_id += 1
        row_id = f"1-{self.next_id:03}"
        stamps = {"Id": row_id, "Mod Id": "0", "Created": "10/20/2026 08:00:00", "Updated": "10/20/2026 08:00:00"}
        self.rows[row_id] = {**CONTACT, **stamps, **fields}
        return row_id

    def answer(self, method: str, target: str, headers, body: bytes) -> tuple[int, str, bytes]:
        parts = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        path = [unquote(part) for part in parts.path.split("/") if part]
        self.asked.append((method, parts.path, asked))
        if self.told:
            return self.told.pop(0)
        if method != "GET" and self.told_writes:
            return self.told_writes.pop(0)
        if headers.get("Authorization") != "Basic " + base64.b64encode("CRMBRIDGE:canary-пароль".encode()).decode():
            return self.said(401, {"ERROR": "login"})
        if path[:5] != ["siebel", "v1.0", "data", "Contact", "Contact"]:
            return self.said(404, {"ERROR": "Invalid BO/BC name"})
        if method != "GET" and headers.get("Content-Type", "") != "application/json" and body:
            return self.said(415, {"ERROR": "media type"})
        where = path[5:]
        return self.said(*(self.got(where, asked) if method == "GET" else self.changed(method, where, body)))

    def got(self, where, asked) -> tuple[int, object]:
        if len(where) == 2 and where[1] not in CHILDREN:
            return 404, {"ERROR": "Invalid BC name"}
        table = self.rows if not where else self.children.get((where[0], where[1]), {})
        found = [row for row in table.values() if kept(row, asked.get("searchspec"))]
        for part in reversed([part for part in asked.get("sortspec", "").split(",") if part]):
            name, _, order = part.partition(":")
            found.sort(key=lambda row, name=name: sortable(row[name]), reverse=order == "desc")
        size = min(int(asked.get("PageSize", "10")), self.most)
        start = int(asked.get("StartRowNum", "0"))
        page = [self.shown(row, asked, child=bool(where)) for row in found[start : start + size]]
        if not page:
            return (404, NOTHING) if self.empty_status == 404 else (204, None)
        if len(page) == 1 and not (self.uniform and asked.get("uniformresponse") == "y"):
            return 200, {"items": page[0], "Link": {"rel": "nextset"}}
        return 200, {"items": page, "Link": []}

    def shown(self, row, asked, *, child):
        names = asked["fields"].split(",") if "fields" in asked else list(row)
        unknown = [name for name in names if name not in row]
        assert unknown == []
        links = [{"rel": "self", "href": "x", "name": "Contact"}]
        if asked.get("childlinks") != "None" and not child:
            links += [{"rel": "child", "href": "x", "name": name} for name in CHILDREN]
        return {**{name: row[name] for name in ("Id", *names)}, "Link": links}

    def changed(self, method, where, body) -> tuple[int, object]:
        given = json.loads(body) if body else {}
        child = len(where) > 1
        table = self.children.setdefault((where[0], where[1]), {}) if child else self.rows
        row_id = (where[2] if len(where) > 2 else given.get("Id")) if child else (where[0] if where else None)
        if given.get("M/F") == "Femal":
            return 500, {"ERROR": "Значення не зі списку(SBL-EAI-04401)"}
        if method == "DELETE":
            return (200, {}) if table.pop(row_id, None) is not None else (404, NOTHING)
        stamp = given.get("Integration Id")
        if method == "POST" and stamp and any(row["Integration Id"] == stamp for row in self.rows.values()):
            return 500, {"ERROR": "Запис уже є(SBL-EAI-04383)"}
        if row_id is None:
            row_id = f"{where[0]}-{len(table) + 1}" if child else self.add()
            table.setdefault(row_id, {"Id": row_id})
        if row_id not in table:
            return 404, NOTHING
        table[row_id].update({**given, "Id": row_id})
        if not child:
            table[row_id]["Mod Id"] = str(int(table[row_id]["Mod Id"]) + (method == "PUT"))
        return 200, {"items": {"Id": row_id, "Link": {"rel": "self", "href": "x", "name": "Contact"}}}

    def said(self, status: int, body: object) -> tuple[int, str, bytes]:
        return status, "application/json", b"" if body is None else json.dumps(body, ensure_ascii=False).encode()


def sortable(text: str) -> str:
    found = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})(.*)", text)
    return f"{found[3]}-{found[1]}-{found[2]}{found[4]}" if found else text


def kept(row: dict[str, str], spec: str | None) -> bool:
    """A part of Siebel's search specifications, which Python happens to have the shape of."""
    if spec is None:
        return True
    text = (
        re.sub(
            r"\[([^\]]+)\] (=|<=|>=|<|>) '((?:[^']|'')*)'",
            lambda found: str(compare(row, found[1], found[2], found[3].replace("''", "'"))),
            spec,
        )
        .replace("AND", "and")
        .replace("OR", "or")
    )
    assert re.fullmatch(r"[TrueFalsandor() ]*", text), text
    return bool(eval(text))


def compare(row, name, operator, value) -> bool:
    left, right = sortable(row[name]), sortable(value)
    return {"=": left == right, "<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[
        operator
    ]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content_type, content = site.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self.handle_any
            raise AttributeError(name)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    # The endpoint of SOAP: transport is the one line that changes.
    site.endpoint = f"http://127.0.0.1:{server.server_address[1]}/siebel/app/eai/enu?SWEExtSource=WebService&WSSOAP=1"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def rest(site, tmp_path):
    opened = []

    def connect(**more):
        given = {"endpoint": site.endpoint, "username": "CRMBRIDGE", "password_ref": "env:X", "transport": "rest"}
        settings = SiebelSettings(**{**given, "retry_wait_seconds": 0.0, **more})
        context = ConnectorContext(
            system="siebel",
            base_dir=tmp_path,
            secret=lambda _: Secret("canary-пароль"),
            clock=lambda: datetime(2026, 10, 20, tzinfo=UTC),
        )
        opened.append(open_connector(settings, context))
        return opened[-1]

    yield connect
    for connector in opened:
        connector.close()


def write(operation="update", record_id=None, *, version=None, key="w-1", **fields) -> RecordWrite:
    return RecordWrite(
        kind="contact",
        operation=operation,
        record_id=record_id,
        fields={**({"Id": record_id} if record_id else {}), **fields},
        full={},
        expected_version=version,
        key=key,
    )


def drained(connector, cursor=None):
    pages = list(connector.read_changes("contact", cursor))
    return [row for page in pages for row in page.records], (pages[-1].cursor if pages else cursor)


def test_records_have_the_shape_that_soap_gives(site, rest):
    """One mapping for both: tags, texts, containers of child rows, and an empty text for what is empty."""
    row_id = site.add(**{"Last Name": "Коваль", "M/F": "F", "Cellular Phone #": "+380505550101"})
    site.children[row_id, "Child"] = {"1-C1": {"Id": "1-C1", "First Name": "Марко", "Birth Date": "09/01/2017"}}
    site.children[row_id, "Personal Address"] = {"1-A1": {"Id": "1-A1", "Personal City": "Київ"}}

    (record,) = rest().read("contact", [row_id])

    assert ("Коваль", "F", "+380505550101", "", "0") == tuple(
        record[tag] for tag in ("LastName", "Gender", "CellularPhone", "JobTitle", "ModId")
    )
    assert {"Child": [{"Id": "1-C1", "FirstName": "Марко", "BirthDate": "09/01/2017"}]} == record["ListOfChild"]
    assert [{"PersonalAddressId": "1-A1", "PersonalCity": "Київ"}] == record["ListOfPersonalAddress"]["PersonalAddress"]
    assert {"Consent": []} == record["ListOfConsent"]


@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("empty_status", [204, 404])
def test_one_row_or_none_is_understood_in_every_dress(site, rest, uniform, empty_status):
    """``items`` may be an object, and an empty result is no content or not found."""
    row_id = site.add()
    site.uniform, site.empty_status = uniform, empty_status
    connector = rest()

    assert [row_id] == [record["Id"] for record in connector.read("contact", [row_id])]
    assert [] == list(connector.read("contact", ["1-NONE"]))


@pytest.mark.parametrize("most", [100, 7])
def test_no_change_is_missed_whatever_a_page_may_hold(site, rest, most):
    """A site that gives fewer rows than asked for ends no drain."""
    ids = [site.add() for _ in range(30)]
    site.most = most
    connector = rest(page_size=25)
    records, cursor = drained(connector)

    assert ids == [record["Id"] for record in records]
    site.rows[ids[3]].update({"Updated": "10/20/2026 09:00:00", "Mod Id": "1"})
    assert [ids[3]] == [record["Id"] for record in drained(connector, cursor)[0]]
    assert ids == list(connector.list_keys("contact"))


def test_many_ids_are_read_through_a_small_page(site, rest):
    """What a small page leaves over is asked for."""
    ids = [site.add() for _ in range(20)]
    site.most = 6

    assert ids == [record["Id"] for record in rest().read("contact", ids)]


def test_only_what_is_needed_is_asked_for(site, rest):
    """Projection, sorting by key, uniform answers, and no child links where none are read."""
    site.add()
    list(rest().list_keys("contact"))
    _, path, asked = site.asked[-1]

    assert "/siebel/v1.0/data/Contact/Contact" == path
    assert {"Id", "Created", "Updated", "Mod Id"} == set(asked["fields"].split(","))
    assert ("y", "None", "Id:asc", "All") == tuple(
        asked[name] for name in ("uniformresponse", "childlinks", "sortspec", "ViewMode")
    )


def test_an_update_changes_what_it_names(site, rest):
    """The receipt carries the version; children are changed one by one."""
    row_id = site.add(**{"Job Title": "лікарка"})
    site.children[row_id, "Child"] = {"1-C1": {"Id": "1-C1", "First Name": "Марко"}, "1-C2": {"Id": "1-C2"}}
    rows = [
        {"@operation": "update", "Id": "1-C1", "FirstName": "Марк"},
        {"@operation": "delete", "Id": "1-C2"},
        {"@operation": "insert", "FirstName": "Олена"},
    ]

    (outcome,) = rest().write(
        "contact", [write(record_id=row_id, version="0", LastName="Коваль", ListOfChild={"Child": rows})]
    )

    assert Accepted(record_id=row_id, version="1") == outcome
    assert ("Коваль", "лікарка") == (site.rows[row_id]["Last Name"], site.rows[row_id]["Job Title"])
    assert ["Марк", "Олена"] == [child["First Name"] for child in site.children[row_id, "Child"].values()]


def test_a_create_is_stamped_and_found_again(site, rest):
    """Sent twice, it is there once: the second meets its own IntegrationId."""
    connector = rest()
    planned = write("create", LastName="Коваль", key="w-77")
    (first,) = connector.write("contact", [planned])
    (second,) = connector.write("contact", [planned])

    assert isinstance(first, Accepted)
    assert first.record_id == second.record_id
    assert "w-77" == site.rows[first.record_id]["Integration Id"]
    assert 1 == len(site.rows)


def test_a_stale_update_is_noticed_before_it_is_sent(site, rest):
    """REST takes no condition, so the version is looked at first."""
    row_id = site.add(**{"Mod Id": "4"})

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="3", LastName="Коваль")])

    assert isinstance(outcome, Stale)
    assert "" == site.rows[row_id]["Last Name"]


def test_an_update_of_a_deleted_record_does_not_create_it_anew(site, rest):
    """PUT upserts."""
    site.add()

    (outcome,) = rest().write("contact", [write(record_id="1-GONE", version="3", LastName="Коваль")])

    assert isinstance(outcome, Stale)
    assert 1 == len(site.rows)


def test_a_delete_is_carried_out(site, rest):
    """By id."""
    row_id = site.add()
    site.add()

    assert isinstance(rest().write("contact", [write("delete", row_id, version="0")])[0], Accepted)
    assert row_id not in site.rows


def test_a_record_whose_child_was_refused_is_in_doubt(site, rest):
    """The record is written and the child is not: told as unknown, so that it is looked up and planned again."""
    row_id = site.add()
    rows = [{"@operation": "insert", "FirstName": "Олена"}]
    site.told_writes = [site.said(200, {"items": {"Id": row_id}}), site.said(500, {"ERROR": "ні(SBL-DAT-00498)"})]

    (outcome,) = rest().write(
        "contact", [write(record_id=row_id, version="0", LastName="Коваль", ListOfChild={"Child": rows})]
    )

    assert isinstance(outcome, Unknown)
    assert "SBL-DAT-00498" in outcome.reason


def test_a_field_that_rest_does_not_have_is_refused_by_name(site, rest):
    """Neither dropped nor guessed; and ``check`` says so before."""
    row_id = site.add()
    connector = rest()

    (outcome,) = connector.write("contact", [write(record_id=row_id, version="0", FavoriteDish="вареники")])

    assert (Refused, "unknown_field") == (type(outcome), outcome.code)
    assert any("FavoriteDish" in finding for finding in connector.check())


def test_a_site_names_its_fields_and_children(site, rest):
    """What cannot be found by itself is said in the settings."""
    row_id = site.add(Dish="вареники")
    site.children[row_id, "Child"] = {"1-C1": {"Id": "1-C1", "Given": "Марко"}}
    kind = {
        "fields": {"FavoriteDish": "Dish"},
        "children": {"ListOfConsent": ""},
        "child_fields": {"Child": {"FirstName": "Given"}},
    }

    (record,) = rest(rest={"contact": kind}).read("contact", [row_id])

    assert ("вареники", "Марко") == (record["FavoriteDish"], record["ListOfChild"]["Child"][0]["FirstName"])
    assert "ListOfConsent" not in record


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, b"", CredentialsRefused),
        (405, b"{}", ConfigMistake),
        (406, b"{}", ConfigMistake),
        (415, b"{}", ConfigMistake),
        (404, b"<html>no such page</html>", ConfigMistake),
        (302, b"", ConfigMistake),
        (500, '{"ERROR":"зайнято(SBL-SSM-00005)"}'.encode(), RetryLater),
        (500, b'{"ERROR":"(SBL-UIF-00272)"}', CredentialsRefused),
        (503, b"busy", RetryLater),
        (429, b"", RetryLater),
        (200, b"<html>log in</html>", RetryLater),
        (200, b'{"items":[{"Id":"1-1"', RetryLater),
        (200, b'{"items":"nothing"}', RetryLater),
        (200, b"[" * 100_000, RetryLater),
        (200, b'{"items":[' + b"[]," * 1_200_000 + b"[]]}", RetryLater),
    ],
)
def test_each_failure_of_a_read_has_its_error(site, rest, status, body, expected):
    """The same classes as over SOAP; deep and endless JSON is refused."""
    site.add()
    site.told = [(status, "application/json", body)] * 9

    with pytest.raises(expected):
        rest().read("contact", ["1-001"])


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, '{"ERROR":"немає у списку(SBL-EAI-04401)"}', "SBL-EAI-04401"),
        (409, '{"ERROR":[{"m":"SBL-EAI-04390"}]}', "SBL-EAI-04390"),
        (500, '{"ERROR":"без коду"}', "HTTP-500"),
    ],
)
def test_a_refused_write_has_siebels_code(site, rest, status, body, expected):
    """One table of codes for both transports."""
    row_id = site.add()
    site.told_writes = [(status, "application/json", body.encode())]

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="0", LastName="Коваль")])

    assert (Refused, expected) == (type(outcome), outcome.code)


@pytest.mark.parametrize("answer", [(503, "text/html", b"<html>busy</html>"), (200, "application/json", b'{"items":')])
def test_a_write_whose_answer_was_lost_is_in_doubt(site, rest, answer):
    """It may have been carried out."""
    row_id = site.add()
    site.told_writes = [answer]

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="0", LastName="Коваль")])

    assert isinstance(outcome, Unknown)


def test_a_business_object_that_is_not_there_is_no_empty_one(site, rest):
    """An empty list would look like deletions."""
    site.add()

    with pytest.raises(ConfigMistake, match=r"rest\.contact"):
        drained(rest(rest={"contact": {"business_object": "Kontakt"}}))


def test_a_child_that_is_not_there_is_no_empty_one(site, rest):
    """No child rows would retract what they said."""
    row_id = site.add()

    with pytest.raises(ConfigMistake, match=r"rest\.contact\.children\.ListOfChild"):
        rest(rest={"contact": {"children": {"ListOfChild": "Offspring"}}}).read("contact", [row_id])


def test_a_row_without_an_id_is_broken_alone(site, rest):
    """It does not take its page with it."""
    site.add()
    good = {**site.rows["1-001"], "Link": []}
    site.told = [
        site.said(200, {"items": [good]}),
        site.said(200, {"items": [{**good, "Id": ""}, {**good, "Last Name": {"a": 1}}]}),
        site.said(204, None),
    ]

    page = next(rest(page_size=2).read_changes("contact", None))

    assert [None, "1-001"] == [broken.record_id for broken in page.broken]


def test_the_total_deadline_holds_for_rest_as_well(rest, dripping):
    """One wire for both transports."""
    began = time.monotonic()
    with pytest.raises(RetryLater):
        rest(endpoint=dripping, timeouts={"total": 0.5}).read("contact", ["1-1"])

    assert time.monotonic() - began < 2 * 0.55 + 0.5  # one repetition of a read


@pytest.fixture
def dripping() -> Iterator[str]:
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                while not done.wait(0.02):
                    self.wfile.write(b"H")
            except OSError:
                return

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/siebel/v1.0/data"
    done.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://s.example/siebel/app/eai/enu?SWEExtSource=x&WSSOAP=1", "https://s.example/siebel/v1.0"),
        ("https://s.example/siebel/v1.0/data", "https://s.example/siebel/v1.0"),
        ("https://s.example/siebel-rest/v1.0/", "https://s.example/siebel-rest/v1.0"),
        ("https://s.example:9001/openintegration/v1.0/data/", "https://s.example:9001/openintegration/v1.0"),
    ],
)
def test_the_address_follows_from_the_endpoint(endpoint, expected):
    """One line of configuration chooses the transport."""
    assert expected == rest_base(endpoint, "/siebel/v1.0")


@pytest.mark.parametrize("more", [{"session": "stateless"}, {"security": "wsse-2004"}])
def test_what_rest_does_not_have_is_refused_as_a_setting(more):
    """Before anything is sent."""
    with pytest.raises(ValueError, match="rest"):
        SiebelSettings(endpoint="https://s.example/", username="u", password_ref="env:X", transport="rest", **more)


def test_names_without_a_row_are_words_at_capitals():
    """A guess, until a row has shown the real ones."""
    component = Component("Contact", "", ("Id", "ModId", "LastName", "Gender", "SLAId"))

    names = names_for(component, given={}, seen=None)

    assert {"Id": "Id", "ModId": "Mod Id", "LastName": "Last Name", "Gender": "M/F", "SLAId": "SLA Id"} == names.name_of
    assert {"LastName", "Gender", "SLAId"} == names.guessed
