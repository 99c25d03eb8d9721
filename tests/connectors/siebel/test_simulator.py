"""The simulator keeps to Siebel's documents, also where they bite, and keeps its state."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
import requests

from crm_bridge_siebel.dialects.ui_data import arguments
from crm_bridge_siebel.query import BY_CHANGE, Query
from crm_bridge_siebel.simulator.catalogue import CONTACT
from crm_bridge_siebel.simulator.refusals import RefusalError
from crm_bridge_siebel.simulator.searchspec import first_change, parsed, predicate
from crm_bridge_siebel.simulator.stand_in import SiebelSimulator


def message(siebel, method, row):
    """Send one component straight to the simulator; gives the answer's text."""
    opened = siebel.connector()._kind("contact")
    connector = siebel.opened[-1]
    shape = opened.shape.data
    body = {shape.tag: {shape.component.tag: [row]}, "LOVLanguageMode": "LIC"}
    return connector._call(opened, method, body).decode()


def children(siebel, record_id):
    return [row["FirstName"] for row in siebel.held(record_id)["ListOfChild"]["Child"]]


@pytest.fixture
def family(siebel):
    """A contact with two children."""
    (record_id,) = siebel.load(1, ListOfChild={"Child": [{"FirstName": "Марко"}, {"FirstName": "Олена"}]})
    return siebel, record_id


@pytest.mark.parametrize(
    ("method", "operation", "expected"),
    [
        ("Update", None, ["Іван"]),
        ("Execute", "update", ["Іван"]),
        ("Execute", "sync", ["Іван"]),
        ("Execute", "Upsert", ["Іван"]),
        ("Execute", "upsert", ["Марко", "Олена", "Іван"]),
    ],
)
def test_child_rows_fare_as_siebels_documents_say(family, method, operation, expected):
    """Update and sync delete what a present container lacks, a misspelt operation is sync, upsert deletes nothing."""
    siebel, record_id = family
    row = {"Id": record_id, "ListOfChild": {"Child": [{"FirstName": "Іван"}]}}

    message(siebel, method, row | ({"operation": operation} if operation else {}))

    assert expected == children(siebel, record_id)


def test_an_empty_container_deletes_and_an_absent_one_does_not(family):
    """Which is why the connector never sends one."""
    siebel, record_id = family

    message(siebel, "Update", {"Id": record_id, "JobTitle": "x"})
    kept = children(siebel, record_id)
    message(siebel, "Update", {"Id": record_id, "ListOfChild": {"Child": []}})

    assert (["Марко", "Олена"], []) == (kept, children(siebel, record_id))


def test_a_projection_is_kept(siebel):
    """A field that the template lacks does not come back; system fields no less."""
    siebel.load(1, JobTitle="x")
    connector = siebel.connector()
    opened = connector._kind("contact")
    tree = {"Contact": {"LastName": {"_value_1": ""}}}

    answer = connector._call(opened, "QueryPage", {opened.shape.query.tag: tree, "LOVLanguageMode": "LIC"}).decode()

    assert "<LastName>Тест0</LastName>" in answer
    assert "JobTitle" not in answer
    assert "<Id>" not in answer


def test_a_page_has_ten_rows_unless_told(siebel):
    """Siebel's default, and lastpage says that there are more."""
    siebel.load(11)
    connector = siebel.connector()
    opened = connector._kind("contact")
    tree = {"Contact": {"Id": {"_value_1": ""}}}

    answer = connector._call(opened, "QueryPage", {opened.shape.query.tag: tree, "LOVLanguageMode": "LIC"}).decode()

    assert 10 == answer.count("<Contact>")
    assert 'lastpage="false"' in answer


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("[LastName] = 'Коваль'", True),
        ("[LastName] <> 'Коваль'", False),
        ("[LastName] LIKE 'Ков*'", True),
        ("[LastName] LIKE 'ков*'", False),
        ("[LastName] ~LIKE 'ков?ль'", True),
        ("[JobTitle] IS NULL", True),
        ("[JobTitle] = ''", False),
        ("[LastName] IS NOT NULL AND [Gender] IS NULL", True),
        ("[BirthDate] < '01/01/2000'", True),
        ("[BirthDate] > '12/31/1984' AND [BirthDate] <= '03/08/1985'", True),
        ("[Updated] >= '10/20/2026 08:00:00'", True),
        ("[Updated] > '10/20/2026 08:00:00'", False),
        ("[ModId] > 9", True),
        ("[LastName] = 'X' OR [LastName] = 'Y' OR [LastName] = 'Коваль'", True),
        ("[LastName] = 'X' AND [LastName] = 'Y' OR [LastName] = 'Коваль'", True),
        ("[LastName] = 'X' AND ([LastName] = 'Y' OR [LastName] = 'Коваль')", False),
        ('[FirstName] = "О\'Ніл"', True),
        ("[FirstName] = 'О''Ніл'", True),
    ],
)
def test_search_specifications_mean_what_siebel_says(spec, expected):
    """Comparisons, empties, dates, wildcards, precedence, quotes."""
    row = {
        "LastName": "Коваль", "FirstName": "О'Ніл", "JobTitle": "", "BirthDate": "03/08/1985", "ModId": "10",
        "Updated": "10/20/2026 08:00:00",
    }  # fmt: skip

    assert expected is predicate(parsed(spec, CONTACT), CONTACT)(row)


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ("[Updated] >= '10/20/2026 08:00:00'", ("20261020080000", "")),
        ("[LastName] = 'x' OR [Updated] >= '10/20/2026 08:00:00'", None),
        ("[Updated] < '10/20/2026 08:00:00'", None),
        (
            "[Updated] > '10/20/2026 08:00:00' OR ([Updated] = '10/20/2026 08:00:00' AND [Id] > '1-5')",
            ("20261020080000", "1-5"),
        ),
    ],
)
def test_reading_by_key_begins_at_its_place(spec, place):
    """Rows before the place are not looked at; a wrong place would skip some."""
    found = first_change(parsed(spec, CONTACT))

    assert place == (found and (found[0].replace(":", ""), found[1]))


@pytest.mark.parametrize(
    "spec",
    [
        "[Nickname] = 'x'", "[LastName]", "[LastName] = ", "([LastName] = 'x'", "[LastName] = 'x' XOR [Id] = 'y'",
        "EXISTS ([Child.Id] = 'x')", "[Updated] > '2026-10-20'", "[LastName] = Today()", "NOT [Id] = 'x'", "'x' = [Id]",
    ],
)  # fmt: skip
def test_what_it_does_not_know_it_refuses(spec):
    """A guess would let a wrong query look right."""
    with pytest.raises(RefusalError):
        parsed(spec, CONTACT)


def test_state_outlives_a_stop(siebel, drain, update, create):
    """Stopping and starting changes nothing: records, ids to come, versions."""
    ids = siebel.load(3, ListOfChild={"Child": [{"FirstName": "Марко"}]})
    connector = siebel.connector()
    connector.write("contact", [update(ids[0], LastName="Коваль")])
    before = siebel.simulator.records("contact")
    siebel.simulator.stop()
    siebel.settings = siebel.simulator.start()

    assert before == siebel.simulator.records("contact")
    (made,) = siebel.connector().write("contact", [create(LastName="Новенко")])
    assert made.record_id not in ids


def test_a_killed_simulator_has_kept_what_it_answered(tmp_path):
    """The journal is written before the answer; a torn last line is left out."""
    folder = tmp_path / "siebel"
    program = f"""
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from crm_bridge_siebel.simulator.stand_in import SiebelSimulator
simulator = SiebelSimulator(Path({str(folder)!r}), lambda: datetime(2026, 10, 20, tzinfo=UTC))
simulator.start()
(one, two) = simulator.load("contact", [{{"LastName": "А"}}, {{"LastName": "Б"}}])
simulator.edit("contact", one, {{"LastName": "В"}})
simulator.remove("contact", two)
os._exit(9)
"""
    assert 9 == subprocess.run([sys.executable, "-c", program], check=False).returncode
    with (folder / "siebel.journal").open("ab") as journal:
        journal.write(b'["contact","1-TORN",{"Id":"1-T')

    simulator = SiebelSimulator(folder, lambda: datetime(2026, 10, 20, tzinfo=UTC))

    assert [("В", "1")] == [(row["LastName"], row["ModId"]) for row in simulator.records("contact")]
    simulator.stop()


def test_another_process_can_drive_it(siebel):
    """The control addresses do what the methods do."""
    origin = siebel.settings["endpoint"].split("/siebel")[0] + "/_simulator"

    (record_id,) = requests.post(f"{origin}/load/contact", json=[{"LastName": "Тест"}], timeout=5).json()
    requests.post(f"{origin}/edit/contact/{record_id}", json={"LastName": "Коваль"}, timeout=5).raise_for_status()
    (held,) = requests.get(f"{origin}/state/contact", timeout=5).json()
    knobs = requests.post(f"{origin}/knobs", json={"fail_next": 2}, timeout=5).json()
    refused = requests.post(f"{origin}/knobs", json={"explode": 1}, timeout=5)

    assert ("Коваль", "1") == (held["LastName"], held["ModId"])
    assert 2 == knobs["fail_next"] == requests.get(f"{origin}/knobs", timeout=5).json()["fail_next"]
    assert (400, "explode") == (refused.status_code, refused.json()["error"].split("'")[1])
    assert 404 == requests.get(f"{origin}/nothing", timeout=5).status_code


@pytest.mark.parametrize("bad", [{"explode": 1}, {"fail_next": "two"}, {"fail_next": True}, {"fault_status": 404}])
def test_an_unknown_knob_is_refused(siebel, bad):
    """A misspelt knob would let a test pass for nothing."""
    with pytest.raises(ValueError):
        siebel.simulator.configure(**bad)


@pytest.mark.parametrize("query", ["?WSDL", "?WSDL=claim", "?wsdl=contact"])
def test_it_serves_its_wsdl_with_its_own_address(siebel, query):
    """As Siebel does, but with an address that leads somewhere."""
    origin = siebel.settings["endpoint"].split("?")[0]

    text = requests.get(origin + query, timeout=5).text

    assert f'location="{siebel.settings["endpoint"].replace("&", "&amp;")}"' in text
    assert ("CRM_Claim_BS" in text) is ("claim" in query)


def test_a_wrong_password_is_refused_as_a_fault(siebel, tmp_path):
    """The login header is checked on every call."""
    from crm_bridge.api import CredentialsRefused

    (tmp_path / "wrong").write_text("wrong")

    with pytest.raises(CredentialsRefused, match="SBL-UIF-00272"):
        siebel.connector(password_ref=f"file:{tmp_path / 'wrong'}").check()


def test_what_is_no_soap_is_answered_with_a_fault(siebel):
    """The server lives on."""
    for body in (b"", b"<x", b"<x/>", json.dumps({}).encode()):
        answer = requests.post(siebel.settings["endpoint"], data=body, timeout=5)
        assert (500, True) == (answer.status_code, b"siebdetail" in answer.content)


@pytest.mark.parametrize("record", [{"Nickname": "x"}, {"LastName": 5}, {"ListOfChild": {"Child": [{"Age": "7"}]}}])
def test_records_of_another_shape_are_not_loaded(siebel, record):
    """A misspelt field in a test's data is found at once."""
    with pytest.raises(ValueError):
        siebel.simulator.load("contact", [record])


def test_a_page_of_five_hundred_is_quick(siebel):
    """A demo of 50,000 records reads a hundred of them: far below 100 ms each."""
    siebel.load(
        2000,
        **{
            name: "значення" for name in CONTACT.fields if name not in {"Id", "Created", "Updated", "ModId", "LastName"}
        },
    )
    connector = siebel.connector()
    opened = connector._kind("contact")
    body = {opened.shape.query.tag: arguments(Query(None, sort=BY_CHANGE), opened.shape), "LOVLanguageMode": "LIC"}
    connector._call(opened, "QueryPage", body)
    spent = []
    for _ in range(5):
        began = time.perf_counter()
        connector._call(opened, "QueryPage", body)
        spent.append(time.perf_counter() - began)

    assert min(spent) < 0.1


def test_time_is_given_in_utc(tmp_path):
    """Whatever zone the clock is in."""

    kyiv = timezone(timedelta(hours=3))
    simulator = SiebelSimulator(tmp_path, lambda: datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=kyiv))
    simulator.load("contact", [{"LastName": "Тест"}])

    assert "07/01/2026 09:00:00" == simulator.records("contact")[0]["Updated"]
    simulator.stop()
