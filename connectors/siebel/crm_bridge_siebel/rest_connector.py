"""The connector over REST: the same reading, windows, cursors and outcomes as over SOAP; only the calls differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from crm_bridge.api import Capabilities, ConfigMistake, ConnectorContext
from crm_bridge_siebel.conditions import Condition
from crm_bridge_siebel.connector import SiebelConnector
from crm_bridge_siebel.kinds import Kind
from crm_bridge_siebel.query import Query
from crm_bridge_siebel.records import Answer
from crm_bridge_siebel.rest_calls import RestSite
from crm_bridge_siebel.rest_reading import RestReader
from crm_bridge_siebel.rest_resource import RestResource
from crm_bridge_siebel.rest_writing import RestWriter
from crm_bridge_siebel.settings import RestKind, SiebelSettings
from crm_bridge_siebel.shapes import narrowed
from crm_bridge_siebel.writing import Message


class SiebelRestConnector(SiebelConnector):
    """One Siebel installation over REST. A kind's WSDL still says which tags its records have."""

    def __init__(self, settings: SiebelSettings, context: ConnectorContext) -> None:
        super().__init__(settings, context)
        self._site = RestSite(
            line=self._wire.line,
            base=rest_base(settings.endpoint, settings.rest_path),
            identity=self._logins.identity,
            classify=self._classified,
            view_mode=settings.view_mode,
            page_limit=settings.rest_page_limit,
            zone=settings.user_time_zone,
            system=context.system,
        )
        self._services: dict[str, tuple[RestReader, RestWriter]] = {}

    def capabilities(self, kind: str) -> Capabilities:
        """As over SOAP, but REST takes no condition with a write: the version is looked at before."""
        return replace(super().capabilities(kind), conditional_writes=False, compares_versions=True)

    def fields(self, kind: str) -> frozenset[str] | None:
        """REST has no description of its own: it cannot be told."""
        self._known(kind)
        return None

    def check(self) -> Sequence[str]:
        """As over SOAP; also the tags for which REST shows no field."""
        with self._logins.watched():
            findings = [
                f"{kind}: REST shows no field for {tag}: name it in rest.{kind}.fields, or leave it out there with ''"
                for kind in self._kinds
                for tag in self._service(kind)[0].missing()
            ]
        try:
            findings += super().check()
        except ConfigMistake as mistake:
            findings.append(mistake.message)
        return findings

    def close(self) -> None:
        """Give back connections."""
        self._wire.close()

    def _query_once(self, kind: str, query: Query) -> Answer:
        with self._logins.watched():
            return self._service(kind)[0].query(query, where=f"page of {kind}")

    def _said_as(self, kind: str, condition: Condition) -> str:
        return self._service(kind)[0].said_as(condition)

    @property
    def _batch_size(self) -> int:
        return 1  # an array is one transaction a record, and its answer does not tell which of them failed

    def _send(self, opened: Kind, method: str, rows: Sequence[Mapping[str, Any]]) -> Answer:
        kind = next(name for name, each in self._opened.items() if each.service is opened.service)
        with self._logins.watched():
            return self._service(kind)[1].send(Message(method, rows[0]))

    def _of_stale_writes(self, kind: str, record: Mapping[str, Any]) -> Iterator[str]:
        del kind, record  # REST takes no condition at all, so there is nothing to ask
        return iter(())

    def _paged(self, kind: str) -> bool:
        self._known(kind)
        return True

    def _sortable(self, kind: str) -> bool:
        self._known(kind)
        return True

    def _service(self, kind: str) -> tuple[RestReader, RestWriter]:
        data = self._kind(kind).shape.data
        with self._lock:
            if kind not in self._services:
                given = self._settings.rest.get(kind, RestKind())
                asked = narrowed(data, only=frozenset(self._kinds[kind].only)).component
                resource = RestResource(self._site, data.component, given, kind=kind)
                self._services[kind] = RestReader(resource, asked=asked), RestWriter(resource)
            return self._services[kind]


def rest_base(endpoint: str, path: str) -> str:
    """The address up to and without ``/data``: on the endpoint's host, unless the endpoint is that address itself."""
    parts = urlsplit(endpoint)
    own = parts.path.rstrip("/").removesuffix("/data")
    if own.endswith(("/v1.0", path)):
        path = own
    return f"{parts.scheme}://{parts.netloc}{path}"
