"""HTTP calls that cannot hang, follow, unpack or leak: the only place that touches the network.

A redirect is refused, an answer has a size limit before and after decompression, and one deadline holds for the whole
call (:mod:`crm_bridge_siebel.deadline`). Answers are read as they come, so a large page never lies in memory whole.
"""

from __future__ import annotations

import re
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from itertools import chain
from typing import Any

import requests
import urllib3

from crm_bridge.api import BridgeError, ConfigMistake, CredentialsRefused, OutcomeUnknown, RetryLater, Unreachable
from crm_bridge_siebel.deadline import Watch, WatchedAdapter, deadline
from crm_bridge_siebel.encodings import in_utf8
from crm_bridge_siebel.settings import SiebelTimeouts
from crm_bridge_siebel.translation import Meaning, NotSiebelAnswer, UnreadableAnswer, meaning_of, translated
from crm_bridge_siebel.xml_guard import is_html

_CHUNK = 64 * 1024
LONGEST_PAGE = 256 * 1024
_SOAP_STATUS = frozenset({200, 500})
_PASSING = frozenset({408, 425, 429})  # statuses below 500 that another attempt may mend
_PASSWORD_FIELD = re.compile(rb"<input\b[^<>]{0,2000}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, zlib.error)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, read whole."""

    status: int
    body: bytes


class Incoming:
    """An answer that is still coming in: a readable, binary file, as parsers take one."""

    def __init__(self, *, status: int, content_type: str, pieces: Iterator[bytes]) -> None:
        self.status = status
        self.content_type = content_type
        self._pieces = pieces
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, decompressed; all that is left for -1; ``b""`` at the end.

        Raises:
            OutcomeUnknown: the answer was lost, late or too large.
        """
        if size < 0:
            whole = b"".join([self._ready, *self._pieces])
            self._ready = b""
            return whole
        if not self._ready:
            self._ready = next(self._pieces, b"")
        part, self._ready = self._ready[:size], self._ready[size:]
        return part

    def peek(self, size: int) -> bytes:
        """The first ``size`` bytes, or fewer when the answer is shorter; they stay to be read."""
        while len(self._ready) < size and (piece := next(self._pieces, b"")):
            self._ready += piece
        return self._ready[:size]

    def bring_to_utf8(self, *, system: str) -> None:
        """Read on in UTF-8, if the answer is in UTF-16.

        Raises:
            OtherAnswer: it is in an encoding that is not read.
        """
        head = self.peek(1024)
        brought = in_utf8(head, chain((self._ready,), self._pieces), system=system)
        if brought is not None:
            self._pieces, self._ready = brought, b""


class Line:
    """HTTP to one host. Safe for several threads: it keeps no session state but pooled connections.

    Args:
        ssl_context: makes the TLS context when it is first needed; ``None``: requests' own.
    """

    def __init__(
        self,
        *,
        system: str,
        timeouts: SiebelTimeouts,
        max_bytes: int,
        ca_file: str | None = None,
        ssl_context: Callable[[], ssl.SSLContext] | None = None,
        if_larger: str = "raise max_answer_bytes or lower page_size",
    ) -> None:
        self._system = system
        self._timeouts = timeouts
        self._max_bytes = max_bytes
        self._if_larger = if_larger
        self._ssl_context = ssl_context
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc credentials, no proxy that nobody configured here
        self._session.verify = ca_file if ca_file is not None else True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("http://", WatchedAdapter())
        self._secured = False

    @contextmanager
    def open(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        total: float | None = None,
    ) -> Iterator[Incoming]:
        """Send one request; the answer is read within the block, and all of it within one deadline.

        Args:
            total: seconds, instead of ``timeouts.total``.

        Raises:
            Unreachable: nothing was sent.
            OutcomeUnknown: sent, and the answer was lost, late or too large.
            ConfigMistake: the address or a certificate in the configuration is wrong.
        """
        self._secure(address)
        with deadline(total or self._timeouts.total) as watch:
            response = self._guarded(
                watch,
                lambda: self._session.request(
                    method,
                    address,
                    data=body,
                    headers={**headers, "Accept-Encoding": "gzip", "User-Agent": "crm-bridge"},
                    stream=True,
                    allow_redirects=False,
                    timeout=(self._timeouts.connect, self._timeouts.read),
                ),
            )
            try:
                yield Incoming(
                    status=response.status_code,
                    content_type=response.headers.get("Content-Type", ""),
                    pieces=self._pieces(response, watch),
                )
            finally:
                response.close()

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def _secure(self, address: str) -> None:
        with self._lock:
            if not self._secured and address.lower().startswith("https:"):
                context = self._ssl_context() if self._ssl_context is not None else None
                self._session.mount("https://", WatchedAdapter(ssl_context=context))
                self._secured = True

    def _guarded(self, watch: Watch, act: Callable[[], Any]) -> Any:  # Any: what ``act`` gives
        """``act``, with foreign exceptions translated. Raised outside the handler: a foreign one holds our request."""
        try:
            given = act()
        except BridgeError:
            raise
        except _FOREIGN as error:
            ours = self._ours(error, watch)
        else:
            if not watch.expired:
                return given
            if isinstance(given, requests.Response):
                given.close()  # a head that was cut off there looks like a whole one
            ours = self._late(watch)
        raise ours

    def _ours(self, error: Exception, watch: Watch) -> BridgeError:
        if watch.expired:
            return self._late(watch)
        if not watch.sent and meaning_of(error) is Meaning.ANSWER_LOST:
            return Unreachable(
                f"calling Siebel: {type(error).__name__}: no connection; is Siebel up, and the endpoint right?",
                system=self._system,
            )
        return translated(error, system=self._system, doing="calling Siebel")

    def _late(self, watch: Watch) -> BridgeError:
        late = f"within {self._timeouts.total:g} s (timeouts.total)"
        if not watch.sent:
            return Unreachable(f"no connection {late}", system=self._system)
        return OutcomeUnknown(f"no whole answer {late}", system=self._system)

    def _pieces(self, response: requests.Response, watch: Watch) -> Iterator[bytes]:
        """The body, decompressed in bounded pieces."""
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
            raise UnreadableAnswer("the answer has a content encoding that nobody asked for", system=self._system)
        unpack = zlib.decompressobj(wbits=47) if encoding not in {"identity", ""} else None
        chunks = response.raw.stream(_CHUNK, decode_content=False)
        size = 0
        while (chunk := self._guarded(watch, lambda: next(chunks, None))) is not None:
            pending: bytes = chunk
            while pending:
                if unpack is None:
                    part, pending = pending, b""
                else:
                    if unpack.eof:
                        raise UnreadableAnswer("the compressed answer goes on behind its end", system=self._system)
                    # Never more than the limit is unpacked, however small the answer was on the wire.
                    part = self._guarded(watch, partial(unpack.decompress, pending, _CHUNK))
                    pending = unpack.unconsumed_tail or unpack.unused_data
                size += len(part)
                if size > self._max_bytes:
                    raise UnreadableAnswer(
                        f"the answer is larger than {self._max_bytes} bytes; {self._if_larger}",
                        system=self._system,
                    )
                if part:
                    yield part
        if unpack is not None and not unpack.eof:
            raise UnreadableAnswer("the compressed answer ends early", system=self._system)


class Wire:
    """SOAP messages over a :class:`Line` to one endpoint."""

    def __init__(self, line: Line, *, endpoint: str, system: str) -> None:
        self._line = line
        self._endpoint = endpoint
        self._system = system

    @property
    def line(self) -> Line:
        """What the messages travel over."""
        return self._line

    @contextmanager
    def stream(self, body: bytes, *, action: str, total: float | None = None) -> Iterator[Incoming]:
        """Send one message; its answer, status 200 or 500 and XML by its looks, is read within the block.

        Raises:
            Unreachable: nothing was sent.
            OutcomeUnknown: sent, and the answer was lost, late, too large or came from something before Siebel.
            CredentialsRefused: HTTP 401 or 403.
            ConfigMistake: the endpoint redirects, or is not there.
        """
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": action, "Accept": "text/xml"}
        with self._line.open("POST", self._endpoint, headers=headers, body=body, total=total) as incoming:
            refuse_gateway(incoming.status, system=self._system)
            if is_html(incoming.peek(2048), content_type=incoming.content_type):
                refuse_login_page(incoming.peek(LONGEST_PAGE), system=self._system, soap_endpoint=self._endpoint)
                refuse_for_good(incoming.status, system=self._system)
                raise NotSiebelAnswer(
                    f"a web page came instead of a SOAP answer (HTTP {incoming.status}): Siebel is busy",
                    system=self._system,
                )
            if incoming.status not in _SOAP_STATUS:
                refuse_for_good(incoming.status, system=self._system)
                raise NotSiebelAnswer(f"the web server answered HTTP {incoming.status}", system=self._system)
            incoming.bring_to_utf8(system=self._system)
            yield incoming

    def post(self, body: bytes, *, action: str) -> HttpAnswer:
        """The same, with the answer read whole."""
        with self.stream(body, action=action) as incoming:
            return HttpAnswer(status=incoming.status, body=incoming.read())

    def close(self) -> None:
        """Give back the connections."""
        self._line.close()


class PasswordRefused(CredentialsRefused):
    """HTTP 401: user and password were looked at. HTTP 403 says nothing about them."""


def refuse_gateway(status: int, *, system: str) -> None:
    """What a web server or gateway before Siebel says with the status alone.

    Raises:
        CredentialsRefused: HTTP 401 or 403.
        ConfigMistake: a redirect, which is not followed, or nothing at this address.
        RetryLater: it asks for patience (HTTP 429).
    """
    if status in {401, 403}:
        refused = PasswordRefused if status == 401 else CredentialsRefused
        raise refused(f"the web server refused the call with HTTP {status}", system=system)
    if 300 <= status < 400:
        raise ConfigMistake(
            f"{system}: endpoint answers with a redirect (HTTP {status}), which is not followed: "
            "put the final address into the configuration"
        )
    if status == 404:
        raise ConfigMistake(f"{system}: endpoint answers HTTP 404: mend its address in the configuration")
    if status == 429:
        raise RetryLater("the web server asks for patience with HTTP 429", system=system)


def refuse_for_good(status: int, *, system: str) -> None:
    """A status that says that the call is wrong, and will be.

    Raises:
        ConfigMistake: it is one.
    """
    if 400 <= status < 500 and status not in _PASSING:
        raise ConfigMistake(
            f"{system}: the web server refuses the call itself (HTTP {status}): compare endpoint with the address of "
            "Siebel's inbound Web services"
        )


def refuse_login_page(page: bytes, *, system: str, soap_endpoint: str | None = None) -> None:
    """A page that asks for a password: the call never reached the Web services, and another attempt will not either.

    Raises:
        ConfigMistake: the address is not that of Web services.
        CredentialsRefused: something before them wants a log-in of its own.
    """
    if _PASSWORD_FIELD.search(page) is None:
        return
    if soap_endpoint is not None and "wssoap=1" not in soap_endpoint.lower():
        raise ConfigMistake(f"{system}: a log-in page came instead of an answer: endpoint lacks WSSOAP=1")
    raise CredentialsRefused(
        "a log-in page came instead of an answer: set the operation's authentication type to None in Inbound Web "
        "Services, and let no single sign-on stand before the endpoint",
        system=system,
    )
