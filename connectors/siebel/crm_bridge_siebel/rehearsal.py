"""How the Siebel connector is tried: against its simulator, over SOAP and REST."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from crm_bridge.api import InboundRequest, RawRecord
from crm_bridge.testing import Rehearsal
from crm_bridge_siebel.simulator.catalogue import CONTACT
from crm_bridge_siebel.simulator.events import siebel_message
from crm_bridge_siebel.simulator.stand_in import SiebelSimulator

_TOKEN = "a-rehearsal-of-notifications"  # noqa: S105  # of a scratch system that is gone the next moment
_PASSWORD = "rehearsed"  # noqa: S105  # likewise


class SiebelRehearsal(Rehearsal):
    """Contacts, both ways, in the UI Data Adapter dialect. Everybody in it is invented."""

    kind = "contact"
    id_field = "Id"
    version_field = "ModId"
    rows = "ListOfChild.Child"
    knobs: Mapping[str, Any] = MappingProxyType({})
    settings: Mapping[str, Any] = MappingProxyType({})

    def open(self, folder: Path, clock: Callable[[], datetime]) -> tuple[SiebelSimulator, Mapping[str, Any]]:
        simulator = SiebelSimulator(folder / "siebel", clock)
        simulator.configure(**self.knobs)
        (folder / "events.token").write_text(_TOKEN, encoding="ascii")
        (folder / "events.password").write_text(_PASSWORD, encoding="ascii")
        events = {
            "path_token_ref": f"file:{folder / 'events.token'}",
            "username": "EAI",
            "password_ref": f"file:{folder / 'events.password'}",
        }
        settings = {"page_size": 100, "retry_wait_seconds": 0.0, "events": events}
        return simulator, {**simulator.start(), **settings, **self.settings}

    def __init__(self) -> None:
        self.refused_change = {"Gender": "Femal"}

    def genuine(self, receiver: Any) -> InboundRequest:  # noqa: ARG002  # as the suite calls it
        """A workflow's message about a contact that somebody changed, before it is committed."""
        row = {"Id": "1-4X7Q", **self.new_record(1)}
        shown = base64.b64encode(f"EAI:{_PASSWORD}".encode()).decode()
        return InboundRequest(
            method="POST",
            path=f"/{_TOKEN}",
            query={},
            headers={"content-type": "text/xml; charset=UTF-8", "authorization": f"Basic {shown}"},
            body=siebel_message(CONTACT, row, message_id="1-M1", whole=True),
            received_at=datetime(2026, 10, 20, tzinfo=UTC),
        )

    def forged(self, receiver: Any) -> InboundRequest:
        """Siebel signs nothing: it is the secret of the address that is wrong by one sign."""
        request = self.genuine(receiver)
        return replace(request, path=request.path[:-1] + "0")

    def new_record(self, number: int) -> RawRecord:
        return {
            "LastName": "Шевченко",
            "FirstName": f"Оксана-{number}",
            "CellularPhone": f"+38050555{number % 10000:04}",
            "BirthDate": "03/08/1985",
            "ListOfChild": {"Child": [self.new_row(1), self.new_row(2)]},
        }

    def change(self, number: int) -> RawRecord:
        return {"CellularPhone": f"+38067555{number:04}"}

    def new_row(self, number: int) -> RawRecord:
        return {"FirstName": ("Марко", "Олена", "Соломія")[number - 1], "BirthDate": "09/01/2017"}


class SiebelAsiRehearsal(SiebelRehearsal):
    """The same in the ASI dialect, whose child rows come with system fields of their own."""

    knobs = MappingProxyType({"dialect": "asi"})

    def rows_of(self, record: RawRecord) -> list[RawRecord]:
        """The nested rows by what users see of them."""
        rows = record.get("ListOfChild", {}).get("Child", ())
        return [{name: row[name] for name in ("Id", *self.new_row(1)) if name in row} for row in rows]


class SiebelWorkflowRehearsal(SiebelAsiRehearsal):
    """The same through a workflow, which tells of refusals in normal answers."""

    knobs = MappingProxyType({"dialect": "workflow"})


class SiebelRestRehearsal(SiebelRehearsal):
    """The same over REST, where child rows are looked at by notifications alone."""

    settings = MappingProxyType({"transport": "rest", "children": {}})
