"""REST as the second transport, against a server on loopback that behaves as Siebel's documents say.

All people and numbers are invented.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

import pytest
from rest_site import write

from crm_bridge.api import (
    Accepted,
    ConfigMistake,
    CredentialsRefused,
    Refused,
    RejectRecord,
    RetryLater,
    Stale,
    Unknown,
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


def test_an_edit_between_the_look_and_the_write_is_told(site, rest):
    """REST takes no condition: that somebody was quicker shows in the version afterwards, and is looked at again."""
    row_id = site.add(**{"Last Name": "Коваль"})
    site.quicker.append(lambda row: row.update({"Mod Id": str(int(row["Mod Id"]) + 1), "Job Title": "лікар"}))

    (outcome,) = rest().write("contact", [write(record_id=row_id, version="0", LastName="Мельник")])

    assert isinstance(outcome, Unknown)
    assert "somebody else" in outcome.reason


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
        (200, b"{}", RetryLater),
        (200, b'{"Link":[]}', RetryLater),
        (200, b'{"status":"ok","message":"maintenance"}', RetryLater),
        (200, b"", RetryLater),
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


@pytest.mark.parametrize("body", [b"{}", b'{"Link":[]}', b'{"status":"ok"}', b""])
def test_child_rows_are_none_only_where_the_answer_says_so(site, rest, body):
    """An answer of another shape, taken for no rows, would be a removal of them all elsewhere."""
    row_id = site.add()
    site.children[row_id, "Child"] = {"1-C1": {"Id": "1-C1", "First Name": "Марко"}}
    connector = rest()
    connector.read("contact", [row_id])
    real = site.got
    site.got = lambda where, asked: (0, body) if where[1:] == ["Child"] else real(where, asked)
    said = site.said
    site.said = lambda status, held: said(status, held) if status else (200, "application/json", held)

    with pytest.raises(RejectRecord):
        connector.read("contact", [row_id])


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


def test_only_bounds_what_is_asked_for(site, rest):
    """Fields and lists that `only` leaves out are not asked for, and nobody is told that REST lacks them."""
    site.add(**{"Last Name": "Коваль"})
    wsdl = files("crm_bridge_siebel") / "wsdl" / "contact.wsdl"
    connector = rest(kinds={"contact": {"wsdl": str(wsdl), "only": ["LastName", "ListOfChild"], "children": []}})
    site.children[("1-001", "Child")] = {"c1": {"Id": "c1", "First Name": "Марко"}}

    said = connector.check()
    (page,) = connector.read_changes("contact", None)

    assert not [finding for finding in said if "REST shows no field" in finding]
    (record,) = page.records
    assert {"Id", "ModId", "Created", "Updated", "LastName", "ListOfChild"} == set(record)
    asked = [place for _, place, _ in site.asked]
    assert not [place for place in asked if place.endswith(("Consent", "Communication%20Address"))]
