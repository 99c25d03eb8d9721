"""Every code of the table, in every dress that Siebel gives it, and what each class leads to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crm_bridge.api import (
    ConfigMistake,
    CredentialsRefused,
    Postponed,
    RecordWrite,
    Refused,
    RetryLater,
    Stale,
    Unknown,
)
from crm_bridge_siebel.faults import ACTIONS, FAULT_TABLE, FaultClass, classify

ENVELOPE = (
    "<?xml version='1.0' encoding='UTF-8'?><SOAP-ENV:Envelope xmlns:SOAP-ENV='http://schemas.xmlsoap.org/soap/envelope/'>"
    "<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode>{}</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
DRESSES = {
    "siebdetail": "<faultstring>Помилка</faultstring><detail><f:siebdetail xmlns:f='http://www.siebel.com/ws/fault'>"
    "<f:logfilename>a.log</f:logfilename><f:errorstack><f:error><f:errorcode>{code}</f:errorcode><f:errorsymbol/>"
    "<f:errormsg>Щось</f:errormsg></f:error></f:errorstack></f:siebdetail></detail>",
    "in parentheses": "<faultstring>Помилка</faultstring><detail><f:siebdetail xmlns:f='http://www.siebel.com/ws/fault'>"
    "<f:errorstack><f:error><f:errorcode>({code})</f:errorcode></f:error></f:errorstack></f:siebdetail></detail>",
    "the other namespace": "<faultstring>Erro</faultstring><detail><errorstack xmlns='http://www.oracle.com/ws/fault'>"
    "<error><errorcode>{code}</errorcode><errorsymbol>X</errorsymbol></error></errorstack></detail>",
    "faultstring alone": "<faultstring>Não foi possível({code})</faultstring>",
    "behind wrappers": "<faultstring>(SBL-EAI-04376)</faultstring><detail>"
    "<f:siebdetail xmlns:f='http://www.siebel.com/ws/fault'><f:errorstack><f:error>"
    "<f:errorcode>(SBL-BPR-00162)</f:errorcode><f:errormsg>Метод «Execute»: {code}: ні</f:errormsg></f:error>"
    "<f:error><f:errorcode>SBL-EAI-04451</f:errorcode></f:error></f:errorstack></f:siebdetail></detail>",
    "an attribute": "<faultstring>x</faultstring><detail><e code='{code}'/></detail>",
    "markup within text": "<faultstring>x</faultstring><detail>&lt;errorcode&gt;{code}&lt;/errorcode&gt;</detail>",
}
EXPECTED = {  # class: (what a query raises, what a write comes to)
    FaultClass.LOGIN: (CredentialsRefused, CredentialsRefused),
    FaultClass.TOKEN: (RetryLater, Postponed),
    FaultClass.CONFLICT: (ConfigMistake, Stale),
    FaultClass.DUPLICATE: (ConfigMistake, Refused),
    FaultClass.AMBIGUOUS: (ConfigMistake, Refused),
    FaultClass.NO_KEY: (ConfigMistake, Refused),
    FaultClass.PICKLIST: (ConfigMistake, Refused),
    FaultClass.FORBIDDEN: (ConfigMistake, Refused),
    FaultClass.BAD_QUERY: (ConfigMistake, Refused),
    FaultClass.REJECTED: (ConfigMistake, Refused),
    FaultClass.TOO_MANY_ROWS: (ConfigMistake, Refused),
    FaultClass.SITE: (ConfigMistake, Refused),
    FaultClass.BUSY: (RetryLater, Unknown),
    FaultClass.UNKNOWN: (ConfigMistake, Refused),
    FaultClass.WRAPPER: (ConfigMistake, Refused),
}


@pytest.fixture
def refusing(siebel) -> Iterator[list[tuple[int, bytes]]]:
    """A server before the connector of ``siebel.connector(endpoint=…)`` that answers everything with the last given."""
    told: list[tuple[int, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = told[-1]
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    siebel.settings = {**siebel.settings, "endpoint": f"http://127.0.0.1:{server.server_address[1]}/"}
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def fault(code: str, dress: str) -> bytes:
    return ENVELOPE.format(DRESSES[dress].format(code=code)).encode()


def write(operation: str = "update") -> RecordWrite:
    return RecordWrite("contact", operation, "1-1", {"LastName": "Коваль"}, {}, "0", "w-1")


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("dress", DRESSES)
def test_a_code_is_found_in_every_dress(siebel, refusing, dress, status):
    """Both shapes of the detail, with parentheses and without, behind wrappers; at HTTP 200 and 500."""
    refusing.append((status, fault("SBL-EAI-04397", dress)))

    (outcome,) = siebel.connector().write("contact", [write()])

    assert (Refused, "SBL-EAI-04397") == (type(outcome), outcome.code)


@pytest.mark.parametrize("code", [code for code in FAULT_TABLE if not code.endswith("-")])
def test_every_code_of_the_table_leads_to_the_action_of_its_class(siebel, refusing, code):
    """The table is the only place that knows."""
    refusing.append((500, fault(code, "siebdetail")))
    reading, writing = EXPECTED[FAULT_TABLE[code]]
    connector = siebel.connector()

    with pytest.raises(reading) as caught:
        connector.read("contact", ["1-1"])
    assert reading is type(caught.value)
    if writing is CredentialsRefused:
        with pytest.raises(CredentialsRefused):
            connector.write("contact", [write()])
    else:
        assert writing is type(connector.write("contact", [write()])[0])


def test_every_class_has_an_action():
    """A class that nobody acts upon is a mistake."""
    assert list(FaultClass) == list(ACTIONS) == list(EXPECTED)


@pytest.mark.parametrize("code", ["SBL-DAT-00523", "SBL-EAI-04376", "SBL-BPR-00162"])
def test_a_conflict_or_a_fault_without_a_cause_costs_a_query_nothing_when_it_passes(siebel, code):
    """It is asked once more; when it stays, nobody tries for ever."""
    ids = siebel.load(1)
    siebel.simulator.configure(fault_next=code)

    assert ids == [record["Id"] for record in siebel.connector().read("contact", ids)]


@pytest.mark.parametrize("symbol", ["", "IDS_ERR_EAI_SA_METHOD_EXECUTE"])
def test_a_cause_that_nobody_knows_is_named_before_its_wrapper(symbol):
    """The site can give it a class; of the wrapper nobody can say anything. A symbol is not a cause."""
    found = classify(f"(SBL-EAI-04376) {symbol}: Ошибка(SBL-XYZ-00007)", names=frozenset(), site={})
    bare = classify(f"(SBL-EAI-04376) {symbol}", names=frozenset(), site={})

    assert (FaultClass.UNKNOWN, "SBL-XYZ-00007") == (found.kind, found.code)
    assert (FaultClass.WRAPPER, "SBL-EAI-04376") == (bare.kind, bare.code)


@pytest.mark.parametrize("kind", list(FaultClass))
def test_a_site_gives_any_code_any_class(siebel, refusing, kind):
    """Also a whole family of codes; the site's word goes before the table's."""
    refusing.append((500, fault("SBL-EXL-00151", "siebdetail")))
    reading, writing = EXPECTED[kind]
    connector = siebel.connector(faults={"SBL-EXL-": kind.value})
    with pytest.raises(reading) as caught:
        connector.read("contact", ["1-1"])
    assert reading is type(caught.value)
    if writing is CredentialsRefused:
        with pytest.raises(CredentialsRefused):
            connector.write("contact", [write()])
    else:
        assert writing is type(connector.write("contact", [write()])[0])


@pytest.mark.parametrize(
    "text",
    [
        "Bad user name or password",
        "The record was modified by another user",
        "a record with identical values already exists",
        "sbl-ui-272",
        "SBL-12",
    ],
)
def test_words_are_never_matched(text):
    """Texts are localised and hold values."""
    found = classify(text, names=frozenset(), site={})

    assert (FaultClass.UNKNOWN, ()) == (found.kind, found.codes)


def test_a_field_that_is_called_fault_is_data(siebel, refusing):
    """Only the body's first child can be a fault."""
    refusing.append(
        (
            200,
            b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
            b"<o:CRM_Contact_BSQueryPage_Output xmlns:o='http://siebel.com/CustomUI'>"
            b"<ListOfCrm_Contact_Io xmlns='http://www.siebel.com/xml/CRM_Contact_IO/Data' lastpage='true'><Contact>"
            b"<Id>1-1</Id><Fault>SBL-UIF-00272</Fault></Contact></ListOfCrm_Contact_Io>"
            b"</o:CRM_Contact_BSQueryPage_Output></e:Body></e:Envelope>",
        )
    )

    assert ["1-1"] == [record["Id"] for record in siebel.connector().read("contact", ["1-1"])]


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>The server you are trying to access is busy</body></html>",
        b"\xef\xbb\xbf\n<!-- busy --><!DOCTYPE html><html/>",
        b"",
        b"SBL-EAI-04397",
        b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault><faultstring>SBL-EAI-043",
    ],
)
def test_what_is_no_whole_answer_leaves_a_write_in_doubt(siebel, refusing, status, body):
    """It may have been carried out; a query is tried later."""
    refusing.append((status, body))
    connector = siebel.connector()

    assert isinstance(connector.write("contact", [write()])[0], Unknown)
    with pytest.raises(RetryLater):
        connector.read("contact", ["1-1"])
