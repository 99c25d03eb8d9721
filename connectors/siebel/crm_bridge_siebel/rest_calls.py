"""One call to Siebel's REST interface, whole: address, credentials, JSON, and what the answer's status means."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.faults import Fault, SiebelFaultError
from crm_bridge_siebel.rest_answers import NotFoundError, rows_of
from crm_bridge_siebel.session import Identity
from crm_bridge_siebel.transport import LONGEST_PAGE, HttpAnswer, Line, refuse_login_page
from crm_bridge_siebel.xml_guard import is_html


@dataclass(frozen=True, slots=True)
class RestSite:
    """What all kinds of one site share.

    Attributes:
        base: address up to and without ``/data``.
        zone: the integration user's.
        page_limit: the most rows that the site gives in one page.
        classify: the fault that an error's whole text describes.
    """

    line: Line
    base: str
    identity: Callable[[], Identity]
    classify: Callable[[str], Fault]
    view_mode: str
    page_limit: int
    zone: str
    system: str


@dataclass(frozen=True, slots=True)
class RestCalls:
    """Calls to one business component. ``place``: its path below the site's base."""

    site: RestSite
    place: str
    kind: str

    def get(self, below: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        """The rows that are at ``below``, a path under the component.

        Raises:
            NotFoundError: HTTP 404.
            SiebelFaultError, OutcomeUnknown, UnreadableAnswer, CredentialsRefused, ConfigMistake: see rest_answers.
        """
        answer = self._exchange("GET", f"{self.place}{below}?{urlencode(parameters, quote_via=quote)}", None)
        return rows_of(answer, classify=self.site.classify, system=self.site.system)

    def send(
        self, method: str, below: str, *, body: Mapping[str, Any] | None = None, gone: Fault | None = None
    ) -> list[dict[str, Any]]:
        """What an answer to a write holds. ``gone``: the fault that HTTP 404 stands for.

        Raises:
            SiebelFaultError, OutcomeUnknown, UnreadableAnswer, CredentialsRefused, ConfigMistake: see rest_answers.
        """
        content = orjson.dumps(body) if body is not None else None
        answer = self._exchange(method, f"{self.place}{below}", content)
        try:
            return rows_of(answer, classify=self.site.classify, system=self.site.system, of_write=True)
        except NotFoundError:
            if gone is not None:
                raise SiebelFaultError(gone) from None
            if method == "DELETE":
                return []
            raise ConfigMistake(
                f"{self.site.system}: {self.kind}: REST does not take {method} at {self.place}{below}"
            ) from None

    def is_described(self) -> bool:
        """Whether Siebel describes the object: then its names are right, and it has no rows."""
        answer = self._exchange("GET", f"{self.place}/describe", None)
        try:
            told = orjson.loads(answer.body) if answer.status == 200 else None
        except orjson.JSONDecodeError:
            return False
        return isinstance(told, dict) and bool(told.keys() & {"definitions", "paths", "components"})

    def _exchange(self, method: str, place: str, body: bytes | None) -> HttpAnswer:
        headers = {"Accept": "application/json", **_authorization(self.site.identity())}
        if body is not None:
            headers["Content-Type"] = "application/json"
        with self.site.line.open(method, f"{self.site.base}{place}", headers=headers, body=body) as incoming:
            if is_html(incoming.peek(2048), content_type=incoming.content_type):
                refuse_login_page(incoming.peek(LONGEST_PAGE), system=self.site.system)
            return HttpAnswer(status=incoming.status, body=incoming.read())


def segment(text: str) -> str:
    """``text`` as one part of a path."""
    return quote(text, safe="")


def _authorization(identity: Identity) -> dict[str, str]:
    if identity.password is None:
        return {}
    plain = f"{identity.username}:{identity.password.reveal()}".encode()
    return {"Authorization": f"Basic {base64.b64encode(plain).decode()}"}
