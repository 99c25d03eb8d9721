"""REST gives the same records under their fields' own names, with the habits of the REST guide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests


@pytest.fixture
def rest(siebel, soap) -> Callable[..., requests.Response]:
    """Send one request to a path below ``data``."""
    base = siebel.settings["endpoint"].split("/siebel/app")[0] + "/siebel/v1.0/data"

    def sent(method: str, path: str, **more: Any) -> requests.Response:
        more.setdefault("auth", ("BRIDGE", soap.password))
        return requests.request(method, base + path, timeout=10, **more)

    return sent


@pytest.fixture
def anna(siebel):
    """A contact with a child."""
    (record_id,) = siebel.load(
        1, FirstName="Анна", CellularPhone="+380505550101", ListOfChild={"Child": [{"FirstName": "Марко"}]}
    )
    return record_id


def test_a_single_record_comes_as_an_object_unless_asked_otherwise(rest, anna):
    """The trap of `items`."""
    plain = rest("GET", "/Contact/Contact", params={"fields": "Last Name"}).json()
    uniform = rest("GET", "/Contact/Contact", params={"fields": "Last Name", "uniformresponse": "y"}).json()

    assert ("Тест0", anna) == (plain["items"]["Last Name"], plain["items"]["Id"])
    assert ["Тест0"] == [item["Last Name"] for item in uniform["items"]]
    assert {"self", "canonical", "child"} == {link["rel"] for link in plain["items"]["Link"]}


def test_pages_have_ten_rows_and_never_more_than_the_limit(siebel, rest, turn):
    """A page above the limit is short without a word."""
    siebel.load(12)
    turn(rest_max_page_size=11)

    sizes = [
        len(rest("GET", "/Contact/Contact", params=asked).json()["items"])
        for asked in ({}, {"PageSize": 500}, {"PageSize": 5, "StartRowNum": 10})
    ]

    assert [10, 11, 2] == sizes


def test_it_searches_and_sorts_by_field_names(siebel, rest):
    """With blanks and signs."""
    ids = siebel.simulator.load("contact", [{"LastName": "А", "CellularPhone": "1"}, {"LastName": "Б"}])

    asked = {"searchspec": "[Cellular Phone #] = '1' OR [Last Name] = 'Б'", "sortspec": "Last Name:desc"}
    found = rest("GET", "/Contact/Contact", params=asked).json()["items"]

    assert list(reversed(ids)) == [item["Id"] for item in found]


def test_writing_answers_with_id_and_link_alone(siebel, rest):
    """POST inserts, PUT upserts, DELETE leaves no content."""
    made = rest("POST", "/Contact/Contact", json={"Last Name": "Новенко"}).json()["items"]
    again = rest("PUT", f"/Contact/Contact/{made['Id']}", json={"First Name": "Оля"}).json()["items"]
    held = siebel.held(made["Id"])
    gone = rest("DELETE", f"/Contact/Contact/{made['Id']}")

    assert [{"Id", "Link"}, {"Id", "Link"}] == [set(made), set(again)]
    assert ("Новенко", "Оля") == (held["LastName"], held["FirstName"])
    assert (204, b"", []) == (gone.status_code, gone.content, siebel.simulator.records("contact"))


def test_put_makes_a_record_that_is_not_there(siebel, rest):
    """Under a row id of Siebel's own."""
    made = rest("PUT", "/Contact/Contact/1-GONE", json={"Last Name": "Знову"}).json()["items"]

    assert "1-GONE" != made["Id"]
    assert "Знову" == siebel.held(made["Id"])["LastName"]


def test_child_rows_have_addresses_of_their_own(siebel, rest, anna):
    """They are read, made, changed and deleted there."""
    place = f"/Contact/Contact/{anna}/Child"
    (first,) = rest("GET", place, params={"uniformresponse": "y"}).json()["items"]
    made = rest("POST", place, json={"First Name": "Олена"}).json()["items"]["Id"]
    rest("PUT", f"{place}/{made}", json={"First Name": "Оленка"}).raise_for_status()
    rest("DELETE", f"{place}/{first['Id']}").raise_for_status()

    assert [{"Id": made, "FirstName": "Оленка"}] == siebel.held(anna)["ListOfChild"]["Child"]


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/Contact/Contact", {"auth": ("BRIDGE", "wrong")}, 401, ""),
        ("GET", "/Contact/Contact", {"auth": None}, 401, ""),
        ("GET", "/Contact/Nothing", {}, 404, ""),
        ("GET", "/Contact/Contact/1-GONE", {}, 404, ""),
        ("GET", "/Contact/Contact", {"params": {"searchspec": "[Id] = 'x'"}}, 404, ""),
        ("PATCH", "/Contact/Contact", {}, 405, ""),
        ("GET", "/Contact/Contact", {"headers": {"Accept": "application/xml"}}, 406, ""),
        ("POST", "/Contact/Contact", {"data": "x", "headers": {"Content-Type": "text/plain"}}, 415, ""),
        ("POST", "/Contact/Contact", {"json": {"First Name": "x"}}, 500, "SBL-DAT-00498"),
        ("POST", "/Contact/Contact", {"json": {"LastName": "x"}}, 500, "SBL-DAT-00398"),
        ("POST", "/Contact/Contact", {"json": {"Last Name": "x", "Id": "1-A"}}, 500, "SBL-EAI-04383"),
        ("POST", "/Contact/Contact", {"json": [{"Last Name": "x", "Id": "1-A"}]}, 409, "SBL-EAI-04383"),
        ("GET", "/Contact/Contact", {"params": {"searchspec": "[LastName] = 'x'"}}, 500, "SBL-DAT-00398"),
        ("GET", "/Contact/Contact", {"params": {"search": "x"}}, 500, "SBL-EAI-04316"),
        ("GET", "/Contact/Contact", {"params": {"StartRowNum": "9999"}}, 500, "SBL-DAT-00500"),
    ],
)
def test_errors_come_with_their_status_and_siebels_code(siebel, rest, method, path, more, status, code):
    """The same codes as over SOAP, in `ERROR`."""
    siebel.simulator.load("contact", [{"Id": "1-A", "LastName": "А"}, {"LastName": "Б"}])

    answer = rest(method, path, **more)

    assert (status, True) == (answer.status_code, code in answer.json()["ERROR"])


def test_nothing_found_may_be_no_content(rest, turn):
    """Which of the two a site gives is not documented."""
    empty = rest("GET", "/Contact/Contact").status_code
    turn(rest_empty_status=204)

    assert (404, 204) == (empty, rest("GET", "/Contact/Contact").status_code)


def test_the_failures_to_play_hold_for_rest_too(siebel, rest, turn):
    """Busy pages, faults, broken answers."""
    siebel.load(1)
    turn(fail_next=1, fault_next="SBL-SSM-00005")
    seen = [rest("GET", "/Contact/Contact").status_code for _ in range(3)]
    turn(busy_html_next=1)
    busy = rest("GET", "/Contact/Contact")
    turn(malformed_next=1)

    assert [503, 500, 200] == seen
    assert busy.text.startswith("<!DOCTYPE html>")
    with pytest.raises(ValueError):
        rest("GET", "/Contact/Contact").json()
