"""The simulator's HTTP server: SOAP calls, the WSDL, and the control addresses under ``/_simulator/``."""

from __future__ import annotations

import gzip
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from crm_bridge_siebel.simulator.control import CONTROL, controlled
from crm_bridge_siebel.simulator.door import JSON, XML, Door, HttpAnswer, default_service
from crm_bridge_siebel.simulator.rest import BASES, RestCall
from crm_bridge_siebel.simulator.services import BY_FILE
from crm_bridge_siebel.simulator.wsdl_text import wsdl

PATH = "/siebel/app/eai/enu?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1"
_BODY_LIMIT = 256 * 1024 * 1024
_STEPS = 20  # pieces a second of an answer that drips


class SimulatorServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; one thread a connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, door: Door) -> None:
        self.door = door
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
        if address.path.startswith(BASES):
            self._rest()
            return
        wanted = {name.lower(): values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        service = BY_FILE.get(wanted.get("wsdl", "?") or default_service(self.server.door.knobs).file)
        if service is None:
            names = ", ".join(f"?WSDL={name}" for name in BY_FILE)
            self._send(HttpAnswer(404, f"Add one of {names} for a WSDL; SOAP calls are POST.".encode(), "text/plain"))
            return
        self._send(HttpAnswer(200, wsdl(service, address=f"{self.server.origin}{PATH}").encode(), XML))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _BODY_LIMIT:
            self.close_connection = True
            self._send(HttpAnswer(413, b"", "text/plain"))
            return
        address = urlsplit(self.path)
        if address.path.startswith(BASES):
            self._rest()
            return
        body = self.rfile.read(length)
        if address.path.startswith(CONTROL):
            self._control(body)
            return
        answer = self.server.door.soap(body, query=dict(parse_qsl(address.query, keep_blank_values=True)))
        self._deliver(answer)

    def do_PUT(self) -> None:
        self._rest()

    def do_DELETE(self) -> None:
        self._rest()

    def do_PATCH(self) -> None:
        self._rest()

    def _rest(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, _BODY_LIMIT))
        if not urlsplit(self.path).path.startswith(BASES):
            self._send(HttpAnswer(404, b"", "text/plain"))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._deliver(self.server.door.rest(RestCall(method=self.command, url=self.path, headers=headers, body=body)))

    def _control(self, body: bytes) -> None:
        door = self.server.door
        status, answer = controlled(
            door.installation, door.sessions, door.knobs, method=self.command, path=self.path, body=body
        )
        self._send(HttpAnswer(status, answer, JSON))

    def _deliver(self, answer: HttpAnswer | None) -> None:
        """Send an answer as slowly and as packed as the knobs say; ``None``: close the connection without one."""
        knobs = self.server.door.knobs
        delay = knobs.number("delay")
        if delay:
            self.server.stopping.wait(delay)
        if answer is None:
            self.close_connection = True
            return
        packed = knobs.on("gzip") and "gzip" in self.headers.get("Accept-Encoding", "")
        if packed:
            answer = HttpAnswer(answer.status, gzip.compress(answer.body, compresslevel=1, mtime=0), answer.kind)
        self._send(answer, packed=packed, rate=int(knobs.number("drip")))

    def _send(self, answer: HttpAnswer, *, packed: bool = False, rate: int = 0) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not rate:
            self.wfile.write(answer.body)
            return
        step = max(1, rate // _STEPS)
        for start in range(0, len(answer.body), step):
            self.wfile.write(answer.body[start : start + step])
            self.wfile.flush()
            if self.server.stopping.wait(step / rate):
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Keep quiet: addresses of calls are of no use to anyone here."""
