"""Answers may be slow, packed, broken, late or missing; faults come in every spelling that was seen."""

from __future__ import annotations

import inspect
import time
from pathlib import Path

import pytest
import requests
from lxml import etree

from crm_bridge_siebel.simulator.knobs import KNOBS
from crm_bridge_siebel.simulator.stand_in import SiebelSimulator

ASK = "<Contact><Id/></Contact>"
BAD_ROW = "<Contact><FirstName>x</FirstName></Contact>"


def test_answers_can_be_packed(siebel, soap, turn):
    """For those who accept gzip."""
    siebel.load(1)
    turn(gzip=True)

    packed = soap.send(_query(), headers={"Accept-Encoding": "gzip"})
    plain = soap.send(_query(), headers={"Accept-Encoding": "identity"})

    assert ("gzip", None) == (packed.headers.get("Content-Encoding"), plain.headers.get("Content-Encoding"))
    assert packed.all("Id") == plain.all("Id") != []


def test_answers_can_drip(siebel, soap, turn):
    """No single wait is long, the whole is."""
    turn(drip=1000)
    began = time.monotonic()

    heard = soap.asi("QueryPage")

    assert time.monotonic() - began > 0.5 * len(heard.text) / 1000


def test_answers_can_be_late(soap, turn):
    """After the call was carried out."""
    turn(delay=0.2)
    began = time.monotonic()
    soap.asi("QueryPage")

    assert time.monotonic() - began >= 0.2


def test_failures_are_counted_down(siebel, soap, turn):
    """503, the busy page, half an answer, a broken tag, a told fault, no answer; then all is well."""
    turn(fail_next=1)
    unavailable = soap.asi("QueryPage").status
    turn(busy_html_next=1)
    busy = soap.asi("QueryPage")
    turn(truncate_next=1)
    half = soap.asi("QueryPage").text
    turn(malformed_next=1)
    malformed = soap.asi("QueryPage").text
    turn(fault_next="SBL-SSM-00005")
    told = soap.asi("QueryPage").codes
    turn(drop_answer_next=1)
    with pytest.raises(requests.ConnectionError):
        soap.adapter("Insert", "<Contact><LastName>Новенко</LastName></Contact>")

    assert (503, 200, True) == (unavailable, busy.status, busy.text.startswith("<!DOCTYPE html>"))
    for broken in (half, malformed):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(broken.encode())
    assert {"SBL-SSM-00005"} == told
    assert ["Новенко"] == soap.asi("QueryPage").all("LastName")


@pytest.mark.parametrize(
    ("knobs", "status", "inside"),
    [
        ({}, 500, "<siebelf:errorcode>SBL-DAT-00498</siebelf:errorcode>"),
        ({"fault_parentheses": True}, 500, "<siebelf:errorcode>(SBL-DAT-00498)</siebelf:errorcode>"),
        ({"fault_status": 200}, 200, "http://www.siebel.com/ws/fault"),
        ({"fault_wrapped": True}, 500, "<siebelf:errorcode>SBL-EAI-04376</siebelf:errorcode>"),
        ({"fault_style": "asi_guide"}, 500, 'xmlns:siebelf="http://www.oracle.com/ws/fault"'),
    ],
)
def test_faults_have_every_spelling(soap, turn, knobs, status, inside):
    """The code is always somewhere in the text."""
    turn(**knobs)

    heard = soap.adapter("Insert", BAD_ROW)

    assert (status, True) == (heard.status, inside in heard.text)
    assert "SBL-DAT-00498" in heard.one("faultstring")
    assert ("siebdetail" in heard.text) is (knobs.get("fault_style") != "asi_guide")


def test_hostile_requests_are_refused(soap):
    """It is a stand-in, and still no way into the machine."""
    bomb = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'
    answer = requests.post(soap.endpoint, data=bomb.encode(), timeout=5)

    assert (500, True) == (answer.status_code, "SBL-EAI-04316" in answer.text)


@pytest.mark.parametrize(
    ("knobs", "service"),
    [
        ({}, "CRM_Contact_BS"),
        ({"typed": True}, "CRM_Contact_Typed_BS"),
        ({"dialect": "asi"}, "CRM_spcContact_spcServices"),
        ({"dialect": "workflow"}, "CRM_spcContact_spcProcess"),
    ],
)
def test_the_dialect_decides_which_wsdl_it_leads_to(tmp_path, knobs, service):
    """In `?WSDL`, and in the settings, as a file beside the state."""
    simulator = SiebelSimulator(tmp_path / "siebel", lambda: None)
    simulator.configure(**knobs)
    settings = simulator.start()
    served = requests.get(settings["endpoint"].split("?")[0] + "?WSDL", timeout=5).text
    simulator.stop()

    assert f'<service name="{service}">' in served
    assert settings["endpoint"].replace("&", "&amp;") in served
    if "wsdl" in settings:
        assert served == Path(settings["wsdl"]["contact"]).read_text(encoding="utf-8")
    assert ("wsdl" in settings) is bool(knobs)


@pytest.mark.parametrize(
    "bad", [{"dialect": "soap"}, {"time_zone": "Kyiv"}, {"language": "FRA"}, {"drip": -1}, {"user_keys": "Nickname"}]
)
def test_a_knob_takes_only_what_it_knows(turn, bad):
    """A misspelt zone would let a test pass for nothing."""
    with pytest.raises(ValueError, match=f"knob {next(iter(bad))} takes"):
        turn(**bad)


def test_every_knob_has_a_test():
    """A knob that nothing turns may do nothing."""
    texts = [path.read_text(encoding="utf-8") for path in Path(inspect.getfile(_query)).parents[1].rglob("test_*.py")]

    assert [] == [name for name in KNOBS if not any(f'"{name}"' in text or f"{name}=" in text for text in texts)]


def _query():
    return (
        '<a:CRMContactServicesQueryPage_Input xmlns:a="http://siebel.com/asi/"><a:PageSize>9</a:PageSize>'
        "<a:StartRowNum>0</a:StartRowNum></a:CRMContactServicesQueryPage_Input>"
    )
