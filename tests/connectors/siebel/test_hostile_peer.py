"""A peer that means harm, or only behaves so: answers that must be refused in bounded time and memory."""

from __future__ import annotations

import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crm_bridge.api import BridgeError, ConfigMistake, ConnectorContext, CredentialsRefused, RetryLater, Secret
from crm_bridge_siebel.connector import SiebelConnector
from crm_bridge_siebel.settings import SiebelSettings

DATA = "http://www.siebel.com/xml/CRM_Contact_IO/Data"


def envelope(inner: str, *, prolog: str = "") -> bytes:
    return (
        f"{prolog}<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
        f"<o:CRM_Contact_BSQueryPage_Output xmlns:o='http://siebel.com/CustomUI'>"
        f"<ListOfCrm_Contact_Io xmlns='{DATA}' lastpage='true'>{inner}"
        "</ListOfCrm_Contact_Io></o:CRM_Contact_BSQueryPage_Output></e:Body></e:Envelope>"
    ).encode()


def contact(fields: str) -> str:
    return f"<Contact><Id>1-1</Id><Updated>10/20/2026 08:00:00</Updated><ModId>0</ModId>{fields}</Contact>"


@contextmanager
def peer(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A real server on loopback that answers each POST as told."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked.append(self.path)
            self.body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.close_connection = True
            answer(self)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/eai?WSSOAP=1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sends(body: bytes, *, status: int = 200, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        said = {"Content-Type": "text/xml", "Content-Length": str(len(body)), "Connection": "close", **headers}
        for name, value in said.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def connected(endpoint: str, tmp_path, **more) -> Iterator[SiebelConnector]:
    settings = SiebelSettings(endpoint=endpoint, username="u", password_ref="env:X", retry_wait_seconds=0.0, **more)
    given = ConnectorContext(system="siebel", base_dir=tmp_path, secret=lambda _: Secret("p"), clock=lambda: None)
    connector = SiebelConnector(settings, given)
    try:
        yield connector
    finally:
        connector.close()


def met(answer: Callable[[BaseHTTPRequestHandler], None], tmp_path, **more) -> BridgeError:
    """The error that reading one record from this peer ends in."""
    with (
        peer(answer) as endpoint,
        connected(endpoint, tmp_path, **more) as connector,
        pytest.raises(BridgeError) as caught,
    ):
        connector.read("contact", ["1-1"])
    return caught.value


def test_a_plain_answer_of_a_stranger_is_read(tmp_path):
    """Other prefixes, comments, CDATA and fields newer than the WSDL do no harm."""
    body = envelope(contact("<LastName><!-- x --><![CDATA[Ґ & Ї]]></LastName><NewField>n</NewField>"))

    with peer(sends(body)) as endpoint, connected(endpoint, tmp_path) as connector:
        (record,) = connector.read("contact", ["1-1"])

    assert "Ґ & Ї" == record["LastName"]
    assert "NewField" not in record


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>",
        "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'>",
        "<?xml version='1.0'?><!-- innocent --><!DOCTYPE x>",
        " " * 10_000 + "<?pi ?>" * 1_000 + "<!DOCTYPE x>",
    ],
)
def test_a_dtd_is_refused(tmp_path, prolog):
    """No entity is expanded, no file or address opened: the answer is refused as it stands."""
    error = met(sends(envelope(contact("<LastName>x</LastName>"), prolog=prolog)), tmp_path)

    assert isinstance(error, RetryLater)
    assert "DTD" in error.message


def test_an_entity_without_a_dtd_is_refused(tmp_path):
    """There is nothing that it could stand for."""
    error = met(sends(envelope(contact("<LastName>&x;</LastName>"))), tmp_path)

    assert isinstance(error, RetryLater)


def test_a_dtd_hidden_in_utf_16_is_refused(tmp_path):
    """Another encoding does not hide it."""
    text = "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE x><x/>"

    assert "DTD" in met(sends(text.encode("utf-16")), tmp_path).message


def test_deep_nesting_is_refused(tmp_path):
    """The parser's stack is bounded."""
    error = met(sends(envelope(contact("<a>" * 100_000 + "</a>" * 100_000))), tmp_path)

    assert isinstance(error, RetryLater)


def test_a_gzip_bomb_costs_no_more_than_the_limit(tmp_path):
    """300 MB of zeros in 300 kB of gzip: unpacking stops at the limit."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 1_000_000
    head = envelope("").split(b"</ListOf")[0]
    bomb = b"".join([packer.compress(head), *(packer.compress(block) for _ in range(300)), packer.flush()])
    tracemalloc.start()

    error = met(sends(bomb, Content_Encoding="gzip"), tmp_path, max_answer_bytes=4 * 1024 * 1024)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "max_answer_bytes" in error.message
    assert peak < 32 * 1024 * 1024


def test_an_answer_without_end_is_cut_off(tmp_path):
    """A peer that sends for ever is stopped at the limit."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/xml")
        handler.end_headers()
        try:
            handler.wfile.write(envelope("").split(b"</ListOf")[0])
            while True:
                handler.wfile.write(b"<x/>" * 10_000)
        except OSError:
            return

    assert "max_answer_bytes" in met(answer, tmp_path, max_answer_bytes=1_000_000).message


@pytest.mark.parametrize("head_first", [True, False])
def test_a_dripping_peer_meets_the_total_deadline(tmp_path, head_first):
    """A byte now and then renews every read timeout, in the head as in the body; the whole call still ends in time."""
    done = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\nX-Long: "
        try:
            if head_first:
                handler.wfile.write(head + b"x\r\n\r\n")
            else:
                handler.wfile.write(head)
            while not done.wait(0.02):
                handler.wfile.write(b"x")
        except OSError:
            return

    began = time.monotonic()
    error = met(answer, tmp_path, timeouts={"read": 5, "total": 0.4})
    done.set()

    assert isinstance(error, RetryLater)
    assert "0.4 s" in error.message
    assert time.monotonic() - began < 2 * 0.44 + 0.3  # a query is asked twice; the rest is opening the connector


def test_a_redirect_is_not_followed(tmp_path):
    """Credentials go nowhere but to the configured endpoint."""
    with peer(sends(envelope(contact("")))) as elsewhere:
        error = met(sends(b"", status=307, Location=elsewhere), tmp_path)

    assert isinstance(error, ConfigMistake)
    assert "redirect" in error.message


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_by_the_web_server_stops_the_run(tmp_path, status):
    """A gateway before Siebel may refuse as well."""
    assert isinstance(met(sends(b"", status=status), tmp_path), CredentialsRefused)


@pytest.mark.parametrize(
    "inner", ["<Contact><LastName>x</LastName></Contact>", contact("<LastName><b>x</b></LastName>")]
)
def test_a_record_that_does_not_fit_is_broken_alone(tmp_path, inner):
    """A record without a key, or with elements where text should be, does not take its page with it."""
    good = contact("<LastName>Добра</LastName>").replace("1-1", "1-2")

    with peer(sends(envelope(inner + good))) as endpoint, connected(endpoint, tmp_path) as connector:
        page = next(connector.read_changes("contact", None))

    assert ["Добра"] == [record["LastName"] for record in page.records]
    assert ["page of contact, record 1"] == [broken.position for broken in page.broken]


def test_an_xml_answer_that_is_none_of_ours_is_no_empty_page(tmp_path):
    """An empty page would end the drain, and a later sweep would see deletions."""
    assert isinstance(met(sends(b"<ok/>"), tmp_path), RetryLater)
