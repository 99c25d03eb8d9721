"""One HTTP call to the gateway: a deadline for all of it, foreign errors translated, and no trace of it in any log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from crm_bridge.api import OutcomeUnknown, RetryLater, Secret, Unreachable

from .settings import SmsGatewaySettings

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a page of 5,000 subscribers has about 2 MB

# What each exception of httpx means for the call: was anything sent? Subclasses that are not named follow their parent.
TRANSLATION: Mapping[type[Exception], type[RetryLater | OutcomeUnknown]] = {
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


def translate(error: Exception, *, system: str) -> RetryLater | OutcomeUnknown:
    """Ours for httpx's. The text names the class alone: a library may quote an address, which holds a phone."""
    for kind in type(error).__mro__:
        if kind in TRANSLATION:
            ours = TRANSLATION[kind]
            said = "nothing was sent" if issubclass(ours, Unreachable) else "the answer was lost"
            return ours(f"the SMS gateway could not be asked ({type(error).__name__}): {said}", system=system)
    return OutcomeUnknown(f"the answer was lost ({type(error).__name__})", system=system)


class _NoAddresses(logging.Filter):
    """httpx logs every address at INFO; Kannel's hold the password, the phone and the text."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO


_NO_ADDRESSES = _NoAddresses()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """The server's wish in seconds; dates are not read, Kannel gives none."""
        wish = self.headers.get("retry-after", "").strip()
        return float(wish) if wish.isdigit() else None


class Calls:
    """An HTTP client. ``keep_alive`` off: each call has a connection of its own, so that one which the other
    side closed while it was idle is not taken for a lost answer. ``password``: of HTTP Basic, where that is spoken."""

    def __init__(
        self,
        base_url: str,
        settings: SmsGatewaySettings,
        *,
        system: str,
        keep_alive: bool,
        password: Secret | None = None,
    ) -> None:
        self._system = system
        self._seconds = settings.timeout_seconds
        logging.getLogger("httpx").addFilter(_NO_ADDRESSES)  # adding it twice is once
        self._client = httpx.Client(
            base_url=base_url.rstrip("/"),
            auth=httpx.BasicAuth(settings.username, password.reveal()) if password else None,
            headers={"accept-encoding": "identity", "user-agent": "crm-bridge"},
            timeout=httpx.Timeout(settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            limits=httpx.Limits(max_keepalive_connections=None if keep_alive else 0),
            # a plain address needs no certificate authorities, and loading them is most of the time that opening takes
            verify=base_url.startswith("https:"),
            follow_redirects=False,  # a redirect would carry the password to another host
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
    ) -> Answer:
        """Make one call.

        Raises:
            Unreachable: nothing was sent.
            OutcomeUnknown: sent, and the answer was lost, too late, too large or cut off.
        """
        deadline = time.monotonic() + self._seconds
        try:
            with self._client.stream(method, path, params=query, headers=headers, content=body) as response:
                content = self._read(response, deadline=deadline)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise translate(error, system=self._system) from None
        return Answer(response.status_code, response.headers, content)

    def _read(self, response: httpx.Response, *, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise OutcomeUnknown(f"the answer is larger than {LARGEST_ANSWER} bytes", system=self._system)
            if time.monotonic() > deadline:
                raise OutcomeUnknown(f"the answer was not whole after {self._seconds:g} s", system=self._system)
            chunks.append(chunk)
        return b"".join(chunks)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()
