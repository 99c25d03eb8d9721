"""One HTTP call to the call centre: a deadline for all of it, a cap on the answer, foreign errors translated."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from crm_bridge.api import CredentialsRefused, OutcomeUnknown, RetryLater, Secret, Unreachable

from .settings import CallCenterSettings

LARGEST_ANSWER = 64 * 1024 * 1024  # bytes; a page of 5,000 clients has about 5 MB

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


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole. ``headers`` are httpx's: names in any case."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """The server's wish in seconds (RFC 9110: a number, or a date relative to its own ``Date``)."""
        wish = self.headers.get("retry-after", "").strip()
        if wish.isdigit():
            return float(wish)
        try:
            return max(0.0, (parsedate_to_datetime(wish) - parsedate_to_datetime(self.headers["date"])).total_seconds())
        except (KeyError, TypeError, ValueError):
            return None


def translate(error: Exception, *, system: str) -> RetryLater | OutcomeUnknown:
    """Ours for httpx's. The text names the class alone: a message of a library may quote an address or a value."""
    for kind in type(error).__mro__:
        if kind in TRANSLATION:
            ours = TRANSLATION[kind]
            said = "nothing was sent" if issubclass(ours, Unreachable) else "the answer was lost"
            return ours(f"the call centre could not be asked ({type(error).__name__}): {said}", system=system)
    return OutcomeUnknown(f"the answer was lost ({type(error).__name__})", system=system)


class Calls:
    """The HTTP client of one call centre. Thread-safe, but one for each worker is faster."""

    def __init__(self, settings: CallCenterSettings, *, system: str, token: Secret) -> None:
        self._system = system
        self._seconds = settings.timeout_seconds
        self._client = httpx.Client(
            base_url=settings.base_url.rstrip("/"),
            headers={
                "authorization": f"Bearer {token.reveal()}",
                "accept": "application/json",
                "accept-encoding": "identity",  # unpacking costs more than a local network, and could be a bomb
                "user-agent": "crm-bridge",
            },
            timeout=httpx.Timeout(settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            # a plain address needs no certificate authorities, and loading them is most of the time that opening takes
            verify=settings.base_url.startswith("https:"),
            follow_redirects=False,  # a redirect would carry the token to another host
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
            CredentialsRefused: 401 or 403.
        """
        deadline = time.monotonic() + self._seconds
        try:
            with self._client.stream(method, path, params=query, headers=headers, content=body) as response:
                content = self._read(response, deadline=deadline)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise translate(error, system=self._system) from None
        if response.status_code in (401, 403):
            raise CredentialsRefused("the call centre refused the token: renew it (token_ref)", system=self._system)
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
