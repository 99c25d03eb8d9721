"""One SOAP call over HTTP that cannot hang, follow, unpack or leak: the only place that touches the network.

A redirect is refused, an answer has a size limit before and after decompression, and a watchdog closes the socket when
the call's total time is over: a peer that drips one byte a second would renew every read timeout for ever.
"""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from crm_bridge.api import BridgeError, ConfigMistake, CredentialsRefused, OutcomeUnknown
from crm_bridge_siebel.settings import SiebelTimeouts
from crm_bridge_siebel.translation import UnreadableAnswer, translated
from crm_bridge_siebel.xml_guard import is_html

_CHUNK = 64 * 1024
_SOAP_STATUS = frozenset({200, 500})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer that is XML by its looks. ``status`` is 200 or 500: SOAP faults come with either."""

    status: int
    body: bytes


class Wire:
    """The connection to one endpoint. Safe for several threads: it keeps no session state but pooled connections."""

    def __init__(
        self, *, endpoint: str, system: str, timeouts: SiebelTimeouts, max_bytes: int, ca_file: str | None = None
    ) -> None:
        self._endpoint = endpoint
        self._system = system
        self._timeouts = timeouts
        self._max_bytes = max_bytes
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc credentials, no proxy that nobody configured here
        self._session.verify = ca_file if ca_file is not None else True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _WatchedAdapter(max_retries=0, pool_maxsize=16)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def post(self, body: bytes, *, action: str) -> HttpAnswer:
        """Send one SOAP message and read its whole answer.

        Raises:
            Unreachable: nothing was sent.
            OutcomeUnknown: sent, and the answer was lost, late, too large or came from something before Siebel.
            CredentialsRefused: HTTP 401 or 403.
            ConfigMistake: the endpoint redirects.
        """
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": action,
            "Accept": "text/xml",
            "Accept-Encoding": "gzip",
            "User-Agent": "crm-bridge",
        }
        with _deadline(self._timeouts.total) as watch:
            try:
                response = self._session.post(
                    self._endpoint,
                    data=body,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=(self._timeouts.connect, self._timeouts.read),
                )
                try:
                    content = self._read(response)
                finally:
                    response.close()
            except BridgeError:
                raise
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, zlib.error) as error:
                if watch.expired:
                    raise OutcomeUnknown(
                        f"no whole answer within {self._timeouts.total:g} s (timeouts.total)", system=self._system
                    ) from None
                raise translated(error, system=self._system, doing="calling Siebel") from None
        return self._judged(response, content)

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def _read(self, response: requests.Response) -> bytes:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
            raise UnreadableAnswer("the answer has a content encoding that nobody asked for", system=self._system)
        unpack = zlib.decompressobj(wbits=47) if encoding not in {"identity", ""} else None
        parts: list[bytes] = []
        size = 0
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            pending: bytes = chunk
            while pending:
                # Never more than the limit is unpacked, however small the answer was on the wire.
                part = unpack.decompress(pending, _CHUNK) if unpack else pending
                pending = unpack.unconsumed_tail if unpack else b""
                size += len(part)
                if size > self._max_bytes:
                    raise UnreadableAnswer(
                        f"the answer is larger than {self._max_bytes} bytes; raise max_answer_bytes or lower page_size",
                        system=self._system,
                    )
                parts.append(part)
        if unpack is not None and not unpack.eof:
            raise UnreadableAnswer("the compressed answer ends early", system=self._system)
        return b"".join(parts)

    def _judged(self, response: requests.Response, body: bytes) -> HttpAnswer:
        status = response.status_code
        if status in {401, 403}:
            raise CredentialsRefused(f"the web server refused the call with HTTP {status}", system=self._system)
        if 300 <= status < 400:
            raise ConfigMistake(
                f"{self._system}: endpoint answers with a redirect (HTTP {status}), which is not followed: "
                "put the final address into the configuration"
            )
        if status == 404:
            raise ConfigMistake(f"{self._system}: endpoint answers HTTP 404: mend its address in the configuration")
        if is_html(body, content_type=response.headers.get("Content-Type", "")):
            raise OutcomeUnknown(
                f"a web page came instead of a SOAP answer (HTTP {status}): Siebel is busy or behind a log-in page",
                system=self._system,
            )
        if status not in _SOAP_STATUS:
            raise OutcomeUnknown(f"the web server answered HTTP {status}", system=self._system)
        return HttpAnswer(status=status, body=body)


class _Watch:
    """What the watchdog of one call needs: the call's socket, once there is one."""

    def __init__(self) -> None:
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def hold(self, connection_socket: object) -> None:
        with self._lock:
            self._socket = connection_socket if isinstance(connection_socket, socket.socket) else None
            expired = self.expired
        if expired:
            self._shut()

    def expire(self) -> None:
        with self._lock:
            self.expired = True
        self._shut()

    def _shut(self) -> None:
        held = self._socket
        if held is not None:
            try:
                # Not close(): the descriptor could be given to another connection while recv() still waits on it.
                socket.socket.shutdown(held, socket.SHUT_RDWR)
            except OSError:
                return


_current = threading.local()


@contextmanager
def _deadline(seconds: float) -> Iterator[_Watch]:
    watch = _Watch()
    timer = threading.Timer(seconds, watch.expire)
    timer.daemon = True
    _current.watch = watch
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        _current.watch = None


def _hold(connection: HTTPConnection) -> None:
    watch: _Watch | None = getattr(_current, "watch", None)
    if watch is not None:
        watch.hold(connection.sock)


class _WatchedHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _hold(self)

    def request(self, *args: Any, **kwargs: Any) -> None:  # Any: urllib3's own signature, handed through
        _hold(self)
        super().request(*args, **kwargs)


class _WatchedHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _hold(self)

    def request(self, *args: Any, **kwargs: Any) -> None:  # Any: urllib3's own signature, handed through
        _hold(self)
        super().request(*args, **kwargs)


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection


class _WatchedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # Any: requests' own signature, handed through
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}
