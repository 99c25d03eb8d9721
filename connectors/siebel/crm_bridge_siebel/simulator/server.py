"""The simulator's HTTP server: SOAP calls, the WSDL, and the control addresses under ``/_simulator/``."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import quoteattr

from crm_bridge.api import OutcomeUnknown
from crm_bridge_siebel.simulator.catalogue import CATALOGUE
from crm_bridge_siebel.simulator.control import CONTROL, controlled
from crm_bridge_siebel.simulator.installation import Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.messages import call_of
from crm_bridge_siebel.simulator.refusals import RefusalError, fault_xml

PATH = "/siebel/app/eai/enu?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
_XML = "text/xml; charset=UTF-8"
_JSON = "application/json"
_BODY_LIMIT = 256 * 1024 * 1024
_PLACEHOLDER = "http://webserver.invalid/siebel/app/eai/enu?SWEExtSource=WebService&amp;SWEExtCmd=Execute&amp;WSSOAP=1"
_BUSY_PAGE = (
    b"<!DOCTYPE html><html><head><title>Siebel</title></head><body>"
    b"The server you are trying to access is either busy or experiencing difficulties.</body></html>"
)


class SimulatorServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; one thread a connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, installation: Installation, knobs: Knobs) -> None:
        self.installation = installation
        self.knobs = knobs
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def origin(self) -> str:
        """The address that it listens on."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:  # Any: socketserver's own signature
        """Remember the connection, so that stopping ends it."""
        with self._guard:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # Any: socketserver's own signature
        """Forget the connection."""
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that went away, or a connection that stopping ended, is no event."""

    def hang_up(self) -> None:
        """End every open connection."""
        self.stopping.set()
        with self._guard:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SiebelSimulator"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece
    server: SimulatorServer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith(CONTROL):
            self._control(b"")
            return
        wanted = {name.lower(): values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        kind = wanted.get("wsdl", "?") or "contact"
        if kind not in CATALOGUE:
            self._send(404, b"Add ?WSDL=contact or ?WSDL=claim for a WSDL; SOAP calls are POST.", "text/plain")
            return
        text = (files("crm_bridge_siebel") / "wsdl" / f"{kind}.wsdl").read_text(encoding="utf-8")
        own = quoteattr(f"{self.server.origin}{PATH}")[1:-1]
        self._send(200, text.replace(_PLACEHOLDER, own).encode(), _XML)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_LIMIT:
            self.close_connection = True
            self._send(413, b"", "text/plain")
            return
        body = self.rfile.read(length)
        if urlsplit(self.path).path.startswith(CONTROL):
            self._control(body)
        else:
            self._soap(body)

    def _soap(self, body: bytes) -> None:
        knobs = self.server.knobs
        if knobs.take("fail_next"):
            self._wait()
            self._send(503, b"Service Unavailable", "text/plain")
            return
        if knobs.take("busy_html_next"):
            self._wait()
            self._send(200, _BUSY_PAGE, "text/html")
            return
        status, writes = 200, False
        try:
            call = call_of(body)
            writes = call.method != "QueryPage"
            answer = self.server.installation.answer(call, told_to_refuse=knobs.take_fault())
        except RefusalError as refusal:
            status = int(knobs.number("fault_status"))
            answer = fault_xml(refusal, parentheses=knobs.on("fault_parentheses"), wrapped=knobs.on("fault_wrapped"))
        except OutcomeUnknown:
            status, answer = (
                500,
                fault_xml(
                    RefusalError("SBL-EAI-04316", "The request is not well-formed XML"),
                    parentheses=False,
                    wrapped=False,
                ),
            )
        self._wait()
        if writes and status == 200 and knobs.take("drop_answer_next"):
            self.close_connection = True
            return
        if knobs.take("truncate_next"):
            answer = answer[: len(answer) // 2]
        if knobs.take("malformed_next"):
            answer = answer.replace(b"</SOAP-ENV:Body>", b"</SOAP-ENV:Boby>")
        self._send(status, answer, _XML)

    def _control(self, body: bytes) -> None:
        status, answer = controlled(
            self.server.installation, self.server.knobs, method=self.command, path=self.path, body=body
        )
        self._send(status, answer, _JSON)

    def _wait(self) -> None:
        delay = self.server.knobs.number("delay")
        if delay:
            self.server.stopping.wait(delay)

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Keep quiet: addresses of calls are of no use to anyone here."""
