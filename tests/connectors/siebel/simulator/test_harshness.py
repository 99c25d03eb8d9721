"""What makes a real site harder than a simulator: each can be turned on, and the connector lives with it."""

from __future__ import annotations

import pytest
import requests

from crm_bridge.api import BridgeError, ConfigMistake, RetryLater, Stale

_ALL = '<Contact searchspec=""><Id/><LastName/></Contact>'


def _control(siebel, path, body):
    origin = siebel.settings["endpoint"].split("/siebel/app")[0]
    requests.post(f"{origin}/_simulator/{path}", json=body, timeout=5).raise_for_status()


def test_answers_in_windows_1251_are_read(siebel, turn, drain):
    """Declared in the prolog and in the content type; a letter that the encoding lacks is a reference."""
    siebel.simulator.load("contact", [{"LastName": "Їжаченко", "FirstName": "Éva"}])
    turn(encoding="windows-1251")

    pages, _ = drain(siebel.connector())

    (record,) = [record for page in pages for record in page.records]
    assert ("Їжаченко", "Éva") == (record["LastName"], record["FirstName"])


def test_answers_in_utf_16_are_read(siebel, turn, drain):
    """Pages, faults and what writes come to."""
    siebel.load(30, FirstName="Їжаченко 😀")
    turn(encoding="UTF-16")
    connector = siebel.connector(page_size=10)

    pages, _ = drain(connector)
    turn(fault_next="SBL-DAT-00553")
    with pytest.raises(ConfigMistake, match="SBL-DAT-00553"):
        drain(connector)

    assert ["Їжаченко 😀"] * 30 == [record["FirstName"] for page in pages for record in page.records]


@pytest.mark.parametrize("dialect", ["ui_data_adapter", "asi"])
def test_pages_shorter_than_asked_for_lose_nothing(siebel, turn, drain, dialect):
    """The site's own limit counts, silently; only `last page` tells the end."""
    siebel.load(25)
    siebel.simulator.stop()
    turn(dialect=dialect, page_cap=4)
    siebel.settings = siebel.simulator.start()

    pages, _ = drain(siebel.connector(page_size=10))

    assert 25 == len({record["Id"] for page in pages for record in page.records})
    assert max(len(page.records) for page in pages) == 4


def test_users_see_their_own_rows_alone(siebel, soap):
    """Another position, another view of the same table; nothing says that there is more."""
    theirs, ours = siebel.load(2)
    _control(siebel, "user/KYIV", {"password": "an invented one", "position": "Kyiv", "organization": "Kyiv"})
    siebel.simulator.assign("contact", theirs, organization="Kyiv", positions=["Kyiv"])
    header = soap.header(username="KYIV", password="an invented one")

    seen = {
        (user, mode): soap.adapter("QueryPage", _ALL, header=said, ViewMode=mode).all("Id")
        for user, said in (("KYIV", header), ("BRIDGE", None))
        for mode in ("Organization", "Sales Rep", "All")
    }

    for mode in ("Organization", "Sales Rep"):
        assert ([theirs], [ours]) == (seen["KYIV", mode], seen["BRIDGE", mode])
    assert seen["KYIV", "All"] == seen["BRIDGE", "All"] == [theirs, ours]


def test_a_user_who_may_not_write_reads_all_the_same(siebel, soap):
    """And his password is no one else's."""
    (record_id,) = siebel.load(1)
    _control(siebel, "user/READER", {"password": "an invented one", "writes": False})
    header = soap.header(username="READER", password="an invented one")

    heard = soap.adapter("Update", f"<Contact><Id>{record_id}</Id><LastName>Ні</LastName></Contact>", header=header)

    assert ({"SBL-EAI-04421"}, "Тест0") == (heard.codes, siebel.held(record_id)["LastName"])
    assert [record_id] == soap.adapter("QueryPage", _ALL, header=header).all("Id")
    assert {"SBL-UIF-00272"} == soap.adapter("QueryPage", _ALL, header=soap.header(username="READER")).codes


def test_an_edit_the_moment_before_a_write_is_a_conflict(siebel, turn, update):
    """With ModId it is noticed; the other user's word stands."""
    (record_id,) = siebel.load(1)
    turn(conflict_next=1)

    (outcome,) = siebel.connector().write("contact", [update(record_id, LastName="Наш")])

    assert isinstance(outcome, Stale)
    assert "Тест0" == siebel.held(record_id)["LastName"]


def test_a_token_that_lasts_for_a_few_calls_is_renewed(siebel, turn, drain):
    """Log in again, once for each time that it ended; no page is lost."""
    siebel.load(25)
    turn(token_calls=3)

    pages, _ = drain(siebel.connector(session="stateless", page_size=2))

    assert 25 == len({record["Id"] for page in pages for record in page.records})


@pytest.mark.parametrize("status", [200, 502, 503])
def test_a_load_balancers_page_is_no_answer(siebel, turn, drain, status):
    """Whatever its status: come again."""
    turn(busy_html_next=100, busy_status=status)

    with pytest.raises(RetryLater):
        drain(siebel.connector())


@pytest.mark.parametrize("code", ["SBL-EAI-04401", "SBL-DAT-00225", "SBL-DAT-00510"])
def test_a_value_outside_its_list_is_refused_with_the_sites_code(siebel, turn, update, code):
    """Nothing of the message takes effect, and it is not tried again."""
    (record_id,) = siebel.load(1)
    turn(picklist_fault=code)

    (outcome,) = siebel.connector().write("contact", [update(record_id, LastName="Інша", Gender="Q")])

    assert code in str(outcome)
    assert "Тест0" == siebel.held(record_id)["LastName"]


def test_calculated_fields_are_refused_or_passed_over(siebel, soap, turn):
    """Sites differ; what is written beside them counts."""
    (record_id,) = siebel.load(1)
    row = f"<Contact><Id>{record_id}</Id><LastName>Коваль</LastName><FullName>Хтось</FullName></Contact>"

    refused = soap.adapter("Update", row)
    turn(read_only_ignored=True)
    taken = soap.adapter("Update", row)

    assert ({"SBL-EAI-04421"}, set()) == (refused.codes, taken.codes)
    held = siebel.held(record_id)
    assert ("Коваль", True) == (held["LastName"], held.get("FullName") != "Хтось")


def test_a_slow_login_is_paid_once_by_a_session(siebel, turn, drain):
    """With a token the rest goes fast; the deadline of a call holds for a login as well."""
    siebel.load(4)
    turn(login_delay=0.3)

    drain(siebel.connector(session="stateless", page_size=1, timeouts={"connect": 1, "read": 1, "total": 2}))

    turn(login_delay=2.0)
    with pytest.raises(BridgeError):
        drain(siebel.connector(session="stateless", timeouts={"connect": 1, "read": 0.3, "total": 0.5}))


def test_hidden_system_fields_are_told_and_not_guessed(siebel, turn, drain):
    """A fresh site: nothing is read as if it were all, and looking at changes alone says whom to ask for what."""
    siebel.load(3)
    turn(hide_system_fields=True)
    connector = siebel.connector(children={})

    assert any("System to Data" in finding for finding in connector.check())
    with pytest.raises(BridgeError, match="System to Data"):
        drain(connector)
