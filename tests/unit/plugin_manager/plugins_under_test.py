"""Plugins for the tests of the manager: each misbehaves in its own way."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict

from crm_bridge.api import (
    ContactDecision,
    ContactRequest,
    DuplicatePair,
    Event,
    Grade,
    HeldNotice,
    Notice,
    Objection,
    PlannedWrite,
    Proposal,
    SourceView,
    hookimpl,
)


class Good:
    """Does everything right, and keeps the names of the threads that called it."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> list[Proposal]:
        self.threads.append(threading.current_thread().name)
        return [Proposal(view.key, "name.given", "Anna", "an example") for view in batch]

    @hookimpl
    def find_duplicates(self, batch: Sequence[SourceView]) -> Iterator[DuplicatePair]:
        for left, right in pairwise(batch):
            yield DuplicatePair(left.key, right.key, Grade.PROBABLE, "neighbours")

    @hookimpl
    def review_plan(self, writes: Sequence[PlannedWrite]) -> list[Objection]:
        first = writes[0]
        return [Objection(first.system, first.kind, first.record_id, first.client_id, "not on a Sunday")]

    @hookimpl
    def clients_changed(
        self, events: Sequence[Event], clients: Mapping[str, Mapping[str, Any]]
    ) -> Iterator[Notice | HeldNotice]:
        for event in events:
            yield Notice(f"good:{event.id}", event.client_id, "sms", "service", "Hello")
            yield HeldNotice(f"good:held:{event.id}", event.client_id, ["amount"])

    @hookimpl
    def decide_contact(self, request: ContactRequest) -> ContactDecision:
        return ContactDecision(True, "good")


class Raises:
    """Raises in every hook, with a name in the message that must not get out."""

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> list[Proposal]:
        raise KeyError("Anna")

    @hookimpl
    def find_duplicates(self, batch: Sequence[SourceView]) -> list[DuplicatePair]:
        raise KeyError("Anna")

    @hookimpl
    def review_plan(self, writes: Sequence[PlannedWrite]) -> list[Objection]:
        raise KeyError("Anna")

    @hookimpl
    def clients_changed(self, events: Sequence[Event]) -> list[Notice]:
        raise KeyError("Anna")

    @hookimpl
    def decide_contact(self, request: ContactRequest) -> ContactDecision:
        raise KeyError("Anna")


class Exits:
    """Tries to end the process."""

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> list[Proposal]:
        raise SystemExit(1)


class Hangs:
    """Waits until the test lets go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> list[Proposal]:
        self.let_go.wait()
        return [Proposal(view.key, "name.given", "late", "came back too late") for view in batch]

    @hookimpl
    def decide_contact(self, request: ContactRequest) -> ContactDecision:
        self.let_go.wait()
        return ContactDecision(True, "late")


class Endless:
    """Yields for ever."""

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> Iterator[Proposal]:
        while True:
            yield Proposal(batch[0].key, "name.given", "Anna", "again")


class WrongTypes:
    """Returns what no specification allows."""

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> Any:
        return [{"key": view.key, "path": "name.given"} for view in batch]

    @hookimpl
    def decide_contact(self, request: ContactRequest) -> Any:
        return True


class Careless:
    """Proposes for records and at paths that do not exist, beside one good proposal."""

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> Iterable[Proposal]:
        key = batch[0].key
        return [
            Proposal("elsewhere/contact/1", "name.given", "Anna", "not in the batch"),
            Proposal(key, "shoe_size", "38", "no such path"),
            Proposal(key, "gender", "femal", "no such code"),
            Proposal(key, "name.given", object(), "not data"),
            Proposal(key, "preferences.languages.0", "uk", "by position"),
            Proposal(key, "contact_points+", {"type": "email", "value": "a@example.com"}, "appended"),
            Proposal(key, "name.given", "Anna", "fine"),
        ]


class Scribbles:
    """Writes into what it was handed."""

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> None:
        for view in batch:
            view.doc["name"]["family"] = "scribbled"

    @hookimpl
    def find_duplicates(self, batch: Sequence[SourceView]) -> None:
        for view in batch:
            view.doc["name"]["family"] = "scribbled"

    @hookimpl
    def clients_changed(self, clients: Mapping[str, Mapping[str, Any]]) -> None:
        for doc in clients.values():
            doc["name"]["family"] = "scribbled"


class Refuses:
    """Denies every contact."""

    @hookimpl
    def decide_contact(self, request: ContactRequest) -> ContactDecision:
        return ContactDecision(False, "quiet_week", "the client is on holiday")


class Plugin:
    """With settings: the shape that an entry point to this module finds."""

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        greeting: str = "Hello"
        limit: int = 3

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @hookimpl
    def enrich_clients(self, batch: Sequence[SourceView]) -> list[Proposal]:
        return [Proposal(view.key, "name.prefix", self.settings.greeting, "from the settings") for view in batch]
