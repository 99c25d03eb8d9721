"""HTTP as a connector needs it: one deadline for all of a call, a cap on the answer, and none but our own errors.

What :mod:`httpx` leaves to its user is settled here once, for every connector: which of its exceptions mean that
nothing was sent; that a peer who drips bytes is cut off; that a redirect is never followed, for it would carry the
credentials to another host; that no address reaches a log. Authors get it through :mod:`crm_bridge.api`.
"""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import httpx
import orjson
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

from crm_bridge.connector import Postponed, Refused, Stale, Unknown
from crm_bridge.errors import CredentialsRefused, OutcomeUnknown, RetryLater, Unreachable

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a page of 5,000 clients has about 5 MB
READING_TRIES = 5  # of one GET whose answer is lost each time
FIRST_PAUSE = 0.2  # seconds before a reading is tried again; twice as long each further time
LONGEST_WISH = 24 * 60 * 60.0  # seconds of Retry-After that are believed

# What each exception of httpx means for the call: was anything sent? Subclasses that are not named follow their parent.
TRANSLATION: Mapping[type[Exception], type[Unreachable | OutcomeUnknown]] = {
    httpx.ConnectError: Unreachable,
    httpx.ConnectTimeout: Unreachable,
    httpx.PoolTimeout: Unreachable,
    httpx.ProxyError: Unreachable,
    httpx.UnsupportedProtocol: Unreachable,
    httpx.LocalProtocolError: Unreachable,
    httpx.InvalidURL: Unreachable,
    httpx.ReadTimeout: OutcomeUnknown,
    httpx.WriteTimeout: OutcomeUnknown,
    httpx.ReadError: OutcomeUnknown,
    httpx.WriteError: OutcomeUnknown,
    httpx.CloseError: OutcomeUnknown,
    httpx.RemoteProtocolError: OutcomeUnknown,
    httpx.DecodingError: OutcomeUnknown,
    httpx.TooManyRedirects: OutcomeUnknown,
}


def translate_http_error(error: Exception, *, system: str, peer: str) -> Unreachable | OutcomeUnknown:
    """Our error for httpx's. The text names its class alone: a message of a library may quote an address or a value.

    Args:
        peer: what the other side is called in messages, such as ``the call centre``.
    """
    ours = next((TRANSLATION[kind] for kind in type(error).__mro__ if kind in TRANSLATION), OutcomeUnknown)
    said = "nothing was sent" if ours is Unreachable else "the answer was lost"
    return ours(f"{peer} could not be asked ({type(error).__name__}): {said}", system=system)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer, read whole. ``headers`` finds names in any case; ``peer`` is who answered, for messages."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    peer: str = "the other side"

    @property
    def retry_after(self) -> float | None:
        """The server's wish in seconds (RFC 9110: a number, or a date relative to its own ``Date``); a day at most."""
        wish = self.headers.get("retry-after", "").strip()
        try:
            if re.fullmatch(r"[0-9]+", wish):
                return min(float(wish), LONGEST_WISH)
            until, now = parsedate_to_datetime(wish), parsedate_to_datetime(self.headers["date"])
            return min(max(0.0, (until - now).total_seconds()), LONGEST_WISH)
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def json(self) -> Any:
        """The body as JSON (RFC 8259, strict).

        Raises:
            ValueError: it is none.
        """
        return orjson.loads(self.body)

    def not_done(self) -> Stale | Refused | Postponed | Unknown:
        """What an answer means for a write that it does not confirm, where the API says nothing more exact.

        412 is stale, 429 and 503 are postponed, a redirect and what blames the request is refused. Anything else leaves
        the outcome open, a 2xx that could not be read as a confirmation too.
        """
        status = self.status
        if status == 412:
            return Stale(f"{self.peer} has a newer version")
        if status in (429, 503):
            return Postponed(f"{self.peer} answered {status}", retry_after=self.retry_after)
        if status in (301, 302, 303, 307, 308):
            return Refused(f"{self.peer} answered {status}: redirects are not followed", code="redirect")
        if status in (400, 404, 405, 410, 413, 414, 415, 422):
            return Refused(f"{self.peer} refused ({status})", code="not_found" if status == 404 else f"http_{status}")
        return Unknown(f"{self.peer} answered {status} in a way that its documentation does not know")


class _NoAddresses(logging.Filter):
    """httpx logs every address at INFO. They hold ids and phones, and with some providers the password."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO


_NO_ADDRESSES = _NoAddresses()


class HttpCalls:
    """The HTTP client of one system. Thread-safe, but one for each worker is faster."""

    def __init__(
        self,
        base_url: str,
        *,
        system: str,
        peer: str,
        credentials: str,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
        timeout_seconds: float = 30.0,
        connect_timeout_seconds: float = 5.0,
        keep_alive: bool = True,
        largest_answer: int = LARGEST_ANSWER,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is opened yet.

        Args:
            system: the name under ``[systems.…]``, as errors carry it.
            peer: what the other side is called in messages, such as ``the call centre``.
            credentials: which settings to look at when it refuses them, such as ``token_ref``.
            headers: of every call, such as ``authorization``.
            timeout_seconds: for one call, from connecting to the last byte.
            keep_alive: off, each call has a connection of its own, so that one which the other side closed while it was
                idle is not taken for a lost answer: for what cannot be repeated.
            largest_answer: in bytes; a larger one is not read to its end.
            sleep: how to wait, in seconds, between two tries of a reading.
        """
        logging.getLogger("httpx").addFilter(_NO_ADDRESSES)  # adding it twice is once
        self._system, self._peer, self._credentials = system, peer, credentials
        self._seconds = timeout_seconds
        self._largest = largest_answer
        self._sleep = sleep
        self._deadline = _Deadline()
        # a plain address needs no certificate authorities, and loading them is most of the time that opening takes
        transport = httpx.HTTPTransport(
            verify=base_url.startswith("https:"),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=100, max_keepalive_connections=20 if keep_alive else 0, keepalive_expiry=5.0
            ),
        )
        _put_under(transport, self._deadline)
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            # unpacking costs more than a local network, and could be a bomb
            headers={"accept-encoding": "identity", "user-agent": "crm-bridge", **(headers or {})},
            auth=auth,
            timeout=httpx.Timeout(timeout_seconds, connect=min(connect_timeout_seconds, timeout_seconds)),
            transport=transport,
            follow_redirects=False,  # a redirect would carry the credentials to another host
            trust_env=False,  # no proxy of the user's shell in between
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """Make one call, once. Every status but 401 and 403 is an answer.

        Raises:
            Unreachable: nothing was sent.
            OutcomeUnknown: sent, and the answer was lost, too late, too large or cut off.
            CredentialsRefused: 401 or 403.
        """
        return self._call(method, path, query=query, headers=headers, body=body, ends=time.monotonic() + self._seconds)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        ends: float,
    ) -> HttpAnswer:
        self._deadline.ends = ends
        try:
            with self._client.stream(method, path, params=query, headers=headers, content=body) as response:
                content = self._whole(response.iter_raw())
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            if time.monotonic() >= self._deadline.ends and isinstance(error, httpx.ReadTimeout):
                said = f"the answer of {self._peer} was not whole after {self._seconds:g} s"
                raise OutcomeUnknown(said, system=self._system) from None
            raise translate_http_error(error, system=self._system, peer=self._peer) from None
        if response.status_code in (401, 403):
            said = f"{self._peer} refused our credentials ({response.status_code}): check {self._credentials}"
            raise CredentialsRefused(said, system=self._system)
        return HttpAnswer(response.status_code, response.headers, content, self._peer)

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> HttpAnswer:
        """Read something: 200, or an error. Reading changes nothing, so that it may be tried again whatever happened.

        It is, within the time for one call, where an answer was lost or a gateway had none (502, 503 without a wish).

        Raises:
            RetryLater: no answer, or another status.
            CredentialsRefused: 401 or 403.
        """
        ends = time.monotonic() + self._seconds
        tries = Retrying(
            retry=retry_if_exception_type(OutcomeUnknown) | retry_if_result(_passes),
            stop=stop_after_attempt(READING_TRIES) | stop_before_delay(self._seconds),
            wait=wait_exponential(multiplier=FIRST_PAUSE),
            sleep=self._sleep,
            retry_error_callback=_last_outcome,
        )
        try:
            answer: HttpAnswer = tries(self._call, "GET", path, query=query, ends=ends)
        except OutcomeUnknown as error:
            raise RetryLater(error.message, system=self._system) from None
        if answer.status == 200:
            return answer
        said = f"{self._peer} answered {answer.status} to a reading"
        if 300 <= answer.status < 400:
            said += ": redirects are not followed, configure the address that it leads to"
        elif answer.status == 404:
            said += ": is the configured address right?"
        raise RetryLater(said, system=self._system, retry_after=answer.retry_after)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _whole(self, chunks: Iterable[bytes]) -> bytes:
        read: list[bytes] = []
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._largest:
                said = f"the answer of {self._peer} is larger than {self._largest} bytes"
                raise OutcomeUnknown(said, system=self._system)
            read.append(chunk)
        return b"".join(read)


def _passes(answer: HttpAnswer) -> bool:
    """Whether a gateway had no answer for now; where it says when to come back, that is later than we would wait."""
    return answer.status in (502, 503) and answer.retry_after is None


def _last_outcome(state: RetryCallState) -> Any:
    """What the last try gave or raised; a retrying would raise an error of its own."""
    assert state.outcome is not None  # noqa: S101  # there was a try
    return state.outcome.result()


class _Deadline(threading.local):
    """When the call of this thread has to be over. Timeouts of httpx are renewed by every byte, this one is not."""

    ends = math.inf

    def left(self, timeout: float | None) -> float:
        """What remains of a timeout; never nothing at all, which would mean no waiting to the socket."""
        return max(0.001, min(self.ends - time.monotonic(), math.inf if timeout is None else timeout))


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends with the call."""

    def __init__(self, stream: httpcore.NetworkStream, *, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() >= self._deadline.ends:
            raise httpcore.ReadTimeout
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _TimedStream(secured, deadline=self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _TimedBackend(httpcore.NetworkBackend):
    """Opens connections that obey a deadline."""

    def __init__(self, backend: httpcore.NetworkBackend, *, deadline: _Deadline) -> None:
        self._backend, self._deadline = backend, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(host, port, self._deadline.left(timeout), local_address, socket_options)
        return _TimedStream(stream, deadline=self._deadline)


def _put_under(transport: httpx.HTTPTransport, deadline: _Deadline) -> None:
    """httpx takes no network backend, its pool does; a test with a dripping head notices when the name changes."""
    pool: Any = transport._pool  # Any: private to httpx
    pool._network_backend = _TimedBackend(httpcore.SyncBackend(), deadline=deadline)
