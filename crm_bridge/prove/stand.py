"""The stand: invented systems, clients and users around the real engine and store, and what can be seen there."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from crm_bridge.app import Bridge
from crm_bridge.config import Settings
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.prove.declared import Declared
from crm_bridge.prove.fields import Field, value_at
from crm_bridge.prove.ground import Ground, Leaf
from crm_bridge.prove.oracle import Oracle, Wrong
from crm_bridge.prove.systems import Held, InMemory, Killed, invented_system
from crm_bridge.run_context.pools import in_turn
from crm_bridge.run_context.systems import System
from crm_bridge.store import records
from crm_bridge.store.database import Database
from crm_bridge.store.opening import open_database

FIRST_MOMENT = datetime(2026, 10, 20, 10, tzinfo=UTC)
STORE = "proof.db"


class Lost(Exception):  # noqa: N818  # what the machine looks for
    """Something that must not be. ``story``: what happened, step by step."""

    def __init__(self, wrong: Sequence[Wrong], story: Sequence[str]) -> None:
        super().__init__("; ".join(each.what for each in wrong))
        self.wrong = tuple(wrong)
        self.story = tuple(story)


@dataclass(slots=True)
class Client:
    """One invented client.

    Attributes:
        records: by system, all that it has there; more than one was created twice.
    """

    number: int
    records: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Situation:
    """All that a start is taken from again: the systems, the people, what was said."""

    held: dict[str, Held]
    clients: list[Client]
    oracle: Oracle
    now: datetime
    numbers: int
    kept_of_merge: frozenset[tuple[int, str]] = frozenset()


class Stand:
    """One installation in memory, with its store in ``folder``.

    Attributes:
        story: what happened so far, a sentence a step.
    """

    def __init__(self, declared: Declared, ground: Ground, folder: Path, *, start: Situation | None = None) -> None:
        self.declared = declared
        self.ground = ground
        self.folder = folder
        self.now = start.now if start else FIRST_MOMENT
        self.clients = copy.deepcopy(start.clients) if start else []
        self.oracle = copy.deepcopy(start.oracle) if start else Oracle()
        self._numbers = count(start.numbers if start else 1)
        self.story: list[str] = []
        self.wrong: list[Wrong] = []
        self.systems: dict[str, InMemory] = {}
        self._ids = count(1)
        self._commits = 0
        self._dies_at = 0
        self.swept = False
        self.kept_of_merge: set[tuple[int, str]] = set(start.kept_of_merge) if start else set()
        for name, kind in declared.kinds.items():
            system = self.systems[name] = invented_system(kind, clock=lambda: self.now)
            system.points = self._point
            system.watch = self._watcher(name)
            if start:
                system.held = copy.deepcopy(start.held[name])
        store = open_database(f"sqlite:///{STORE}", base_dir=folder, migrate_now=start is None, scratch=True)
        self.database = _Mortal(store, self)
        self.bridge = self._opened()

    def close(self) -> None:
        self.database.close()

    def situation(self) -> Situation:
        """Where things stand, to start from again."""
        held = {name: copy.deepcopy(system.held) for name, system in self.systems.items()}
        return Situation(held, copy.deepcopy(self.clients), copy.deepcopy(self.oracle), self.now, next(self._numbers))

    def _opened(self) -> Bridge:
        """A bridge as a new process has it; what is compiled is compiled once."""
        systems = {
            name: System(name, system, {self.declared.kinds[name].name: self.declared.kinds[name]})
            for name, system in self.systems.items()
        }
        return Bridge(
            quick(self.declared.settings),
            database=self.database,  # type: ignore[arg-type]  # it stands for one, and dies when told
            plugins=self.declared.plugins,
            systems=systems,
            clock=lambda: self.now,
            new_id=lambda: f"00000000-0000-7000-8000-{self.now:%m%d%H%M%S}{next(self._ids):06d}",
            stopwatch=Stopwatch(now=lambda: self.now.timestamp(), sleep=lambda _seconds: None),
            pool=in_turn,
        )

    def _point(self, _where: str) -> None:
        if self._dies_at:
            self._commits += 1
            if self._commits == self._dies_at:
                self._dies_at = 0
                raise Killed

    # Looking.

    def shows(self, system: str, record_id: str) -> dict[str, str | None]:
        """What a record says, by leaf, as its mapping reads it."""
        held = self.systems[system].held.records.get(record_id)
        if held is None:
            return {}
        doc = self.declared.kinds[system].mapping.read(held).doc
        return {leaf.name: value_at(doc, leaf.name) for leaf in self.ground.of_system(system)}

    def _observe(self, system: str, client: Client) -> None:
        for record_id in client.records.get(system, ()):
            self.oracle.observed(system, client.number, self._at_home(client, self.shows(system, record_id)))

    def _at_home(self, client: Client, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """Values of columns that do not say what a number is for, under the paths where they were said."""
        found = dict(values)
        for name, value in values.items():
            home = self._home(self.ground.leaves[name], client, value)
            if home is not None and home.name != name:
                found[home.name] = value
        return found

    def _home(self, leaf: Leaf, client: Client, value: str | None) -> Leaf | None:
        """The path where this value was said; of a column that holds any number it is another's."""
        if not leaf.is_slot:
            return leaf
        edit = self.oracle.said_in_list(client.number, leaf.name.rstrip("]").partition("/")[0], value)
        return self.ground.leaves.get(edit.leaf) if edit is not None else None

    def _watcher(self, name: str) -> Any:
        def watch(record_id: str, operation: str) -> None:
            client = next((each for each in self.clients if record_id in each.records.get(name, ())), None)
            if client is None and operation == "create":
                client = self._whose(name, record_id)
                if client is not None:
                    client.records.setdefault(name, []).append(record_id)
            if client is not None and operation == "delete":
                client.records[name].remove(record_id)
            elif client is not None:
                self._observe(name, client)

        return watch

    def _whose(self, name: str, record_id: str) -> Client | None:
        for leaf, value in self.shows(name, record_id).items():
            if value is not None and self.ground.leaves[leaf].choices is None:
                for client in self.clients:
                    if self.oracle.said_in_list(client.number, leaf[:-1] if leaf.endswith("]") else leaf, value):
                        return client
        self.wrong.append(Wrong(f"{name}: a record was created that is nobody's"))
        return None

    def _whole(self, number: int) -> dict[str, Any]:
        return {
            f"{name}/{each}": self.shows(name, each)
            for name, ids in self.clients[number].records.items()
            for each in ids
        }

    def _key(self, client: Client) -> tuple[str, str] | None:
        return next(((name, ids[0]) for name, ids in client.records.items() if ids), None)

    def _client_of(self, system: str, record_id: str) -> str | None:
        with self.bridge.reading() as connection:
            found = records.one(connection, system, self.declared.kinds[system].name, record_id)
        return found.client_id if found is not None else None

    def link(self, client: Client) -> None:
        """A person makes one client of a client's records, where matching does not."""
        keys = [(name, each) for name, ids in client.records.items() for each in ids]
        whose = list(dict.fromkeys(found for key in keys if (found := self._client_of(*key)) is not None))
        for other in whose[1:]:
            self.bridge.merge(whose[0], other, by="prover", reason="the same person", despite_identifiers=True)

    def _record(self, system: str, which: int) -> tuple[Client, str] | None:
        there = [each for each in self.clients if each.records.get(system)]
        if not there:
            return None
        client = there[which % len(there)]
        return client, client.records[system][0]

    def _field(self, number: int) -> Field:
        return self.ground.editable[number % len(self.ground.editable)]

    def _name(self, number: int) -> str:
        return list(self.systems)[number % len(self.systems)]

    def _moment(self) -> str:
        return self.now.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


class _Mortal:
    """The store of a process that may die before or after a commit. The calls are the real store's."""

    def __init__(self, database: Database, stand: Stand) -> None:
        self._database = database
        self._stand = stand

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._database.transaction() as connection:
            yield connection
            self._stand._point("before a commit")
        self._stand._point("after a commit")


def quick(settings: Settings) -> Settings:
    """The same configuration, but for waiting: no breaks between tries, no guard against large changes."""
    at_once = timedelta(seconds=1)
    outbox = settings.outbox.model_copy(
        update={"first_delay": at_once, "max_delay": at_once, "give_up_after": timedelta(days=3650), "tries": 1}
    )
    return settings.model_copy(update={"outbox": outbox}).read_from(settings.path, positions={})
