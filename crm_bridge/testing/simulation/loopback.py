"""A threaded HTTP/1.1 server on 127.0.0.1 with keep-alive, whose answers are values."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

LARGEST_BODY = 256 * 1024 * 1024  # bytes: a load of 100,000 records has about 60 MB


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``query_bytes`` is as it came, undecoded; header names in lower case."""

    method: str
    path: str
    query_bytes: bytes
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> Mapping[str, str]:
        """Decoded as UTF-8; the last of several values."""
        return dict(parse_qsl(self.query_bytes.decode("latin-1"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; with ``drop`` the connection is closed instead of answering."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


def as_json(status: int, said: object) -> Reply:
    """An answer in JSON."""
    return Reply(status, orjson.dumps(said))


class LoopbackServer:
    """Serves ``answer`` until stopped; stopping also closes connections that are kept alive."""

    def __init__(self, answer: Callable[[Asked], Reply], *, port: int, clock: Callable[[], datetime]) -> None:
        self._open: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), _handler(answer, self._open, clock))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name=self.url)
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


def _handler(
    answer: Callable[[Asked], Reply], connections: set[socket.socket], clock: Callable[[], datetime]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together, or Nagle and delayed ACK cost 40 ms each
        disable_nagle_algorithm = True

        def setup(self) -> None:
            connections.add(self.request)
            super().setup()

        def finish(self) -> None:
            connections.discard(self.request)
            super().finish()

        def _serve(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            if size > LARGEST_BODY:
                self.close_connection = True
                self._send(as_json(413, {"error": "too large"}))
                return
            target = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(
                self.command, unquote(target.path), target.query.encode("latin-1"), headers, self.rfile.read(size)
            )
            reply = answer(asked)
            if reply.drop:
                self.close_connection = True
            else:
                self._send(reply)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # the names are the standard library's

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            self.wfile.flush()

        def date_time_string(self, timestamp: float | None = None) -> str:  # always now
            """The system's own clock, so that ``Date`` and the records' timestamps agree."""
            return format_datetime(clock().astimezone(UTC), usegmt=True)

        def version_string(self) -> str:
            return "crm-bridge-simulator"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the standard library's
            """Requests hold personal data: nothing is printed."""

    return Handler
