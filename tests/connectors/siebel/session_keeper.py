"""A server on loopback that keeps sessions and tokens as Siebel's documents say. Nobody in it is real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

FAULT = (
    "<e:Fault><faultcode>e:Server</faultcode><faultstring>Помилка</faultstring><detail>"
    "<f:siebdetail xmlns:f='http://www.siebel.com/ws/fault'><f:errorstack><f:error><f:errorcode>{}</f:errorcode>"
    "</f:error></f:errorstack></f:siebdetail></detail></e:Fault>"
)


@dataclass
class Keeper:
    """A Siebel that knows sessions and nothing else."""

    tokens: dict[str, int] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    overlaps: int = 0
    logins: int = 0
    answers: list[str] = field(default_factory=list)  # what the next calls get: a code, "html", "drop", "lost"
    guard: threading.Lock = field(default_factory=threading.Lock)
    meeting: threading.Barrier | None = None
    endpoint: str = ""

    def answer(self, body: bytes) -> tuple[int, str, bytes] | None:
        """Status, type and body; ``None``: hang up."""
        headers = {
            etree.QName(each).localname: each.text or ""
            for each in etree.fromstring(body)[0].iter()
            if not len(each) and isinstance(each.tag, str)
        }
        with self.guard:
            self.asked.append(headers)
            self.bodies.append(body)
            told = self.answers.pop(0) if self.answers else ""
            token = headers.get("SessionToken")
            if told == "lost":
                return None  # on its way here: the session is as it was
            if told == "html":
                return 200, "text/html", b"<html><body>busy</body></html>"
            if token is not None and token not in self.tokens:
                return 500, "text/xml", self._envelope("", FAULT.format("Error Code: 10944642"))
            if token is None and headers.get("PasswordText", headers.get("Password")) != "canary-pw":
                return 500, "text/xml", self._envelope("", FAULT.format("(SBL-UIF-00272)"))
            task = self.tokens.pop(token) if token else self._log_in()
            if str(task) in self.busy:
                self.overlaps += 1
            self.busy.add(str(task))
        if self.meeting is not None:
            self.meeting.wait(5)
        with self.guard:
            self.busy.discard(str(task))
            given = ""
            if headers["SessionType"].lower() == "stateless":
                given = f"canary-token-{task}-{len(self.asked)}"
                self.tokens[given] = task
        if told == "drop":
            return None
        if told:
            return 500, "text/xml", self._envelope(given, FAULT.format(told))
        return 200, "text/xml", self._envelope(given, "<o xmlns='urn:x'>answer</o>")

    def _log_in(self) -> int:
        self.logins += 1
        return self.logins

    def _envelope(self, token: str, inner: str) -> bytes:
        header = f"<s:SessionToken xmlns:s='http://siebel.com/webservices'>{token}</s:SessionToken>" if token else ""
        return (
            "<?xml version='1.0'?><e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'>"
            f"<e:Header>{header}</e:Header><e:Body>{inner}</e:Body></e:Envelope>"
        ).encode()


@contextmanager
def keeping() -> Iterator[Keeper]:
    """Such a Siebel, served."""
    keeper = Keeper()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            answer = keeper.answer(self.rfile.read(int(self.headers["Content-Length"])))
            if answer is None:
                self.close_connection = True
                return
            status, content_type, body = answer
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    keeper.endpoint = f"http://127.0.0.1:{server.server_address[1]}/eai?WSSOAP=1"
    try:
        yield keeper
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
