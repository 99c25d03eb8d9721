"""An installation whose systems are memory: a real configuration, real mapping documents, the real engine and store.

Everyone in these tests is invented.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from stores import new_store

from crm_bridge.api import ConnectorSettings, ConnectorType, hookimpl
from crm_bridge.app import Bridge, open_bridge
from crm_bridge.config import load_settings
from crm_bridge.connector import Capabilities, Page, RawRecord, RecordWrite, WriteOutcome
from crm_bridge.outbox.gate import Stopwatch
from crm_bridge.run_context.pools import threads
from crm_bridge.run_context.report import RunReport
from crm_bridge.testing import MemoryChannel, MemoryConnector, MemoryReceiver
from crm_bridge.testing.memory_connector import CAPABLE

PERSON = """
mapping: {system}.person
version: 1
client: person
record: {{id: id, concurrency: version, image: {image}}}
defaults: {{trim: true, unset: blank, region: UA}}
values:
  gender: {{F: female, M: male}}
  status: {{granted: granted, denied: denied, withdrawn: withdrawn}}
fields:
  name.family: {{src: last_name, required: true, max: 30}}
  name.given: {{src: first_name}}
  gender: {{src: gender, as: code, values: gender, unknown: quarantine}}
  birth_date: {{src: birth_date, as: date}}
  job_title: {{src: job_title}}
  marital_status: {{src: marital_status}}
lists:
  identifiers:
    - {{src: id, dir: read, item: {{system: {system}.id, type: record}}}}
  contact_points:
    - {{src: mobile_phone, as: phone, item: {{type: phone, purpose: mobile, features: [voice, sms]}}}}
    - {{src: home_phone, as: phone, item: {{type: phone, purpose: home, features: [voice]}}}}
    - {{src: email, as: email, item: {{type: email, rank: 1}}}}
  consents:
    - each: consents
      key: id
      parts: {{purpose: {{src: purpose}}, channel: {{src: channel}}, status: {{src: status, as: code, values: status}},
              captured_at: {{src: captured_at, as: datetime}}}}
  facts:
    - {{src: dish, item: {{key: personal.favourite_dish, type: text, sensitivity: personal}}}}
"""
# What a system with nested rows maps besides: `PERSON.format(…) + FAMILY`. `Peer.rows` gives them ids.
FAMILY = """  relationships:
    - {each: kids, key: k, item: {type: child}, on_remove: delete,
       parts: {to.name: name, to.birth_date: {src: born, as: date}, valid.start: {src: since, as: date}}}
"""
CLAIM = """
mapping: {system}.claim
version: 1
entity: claim
record: {{id: id, concurrency: version, image: full, client: {{src: owner, system: {owner}.id}}}}
defaults: {{trim: true, dir: read}}
values:
  status: {{registered: registered, paid: paid, closed: closed}}
fields:
  number: {{src: number, required: true}}
  status: {{src: status, as: code, values: status, required: true}}
"""
INSTALLED = tuple(entry_points(group="crm_bridge"))
FIELDS = ("job_title", "marital_status", "dish", "email", "gender")


class Killed(BaseException):  # not an error of the bridge's: its end
    """Stands for ``kill -9`` where a process of its own would be too slow."""


def die() -> None:
    raise Killed


class Peer(MemoryConnector):
    """A system in memory that counts what is asked of it, carries SMS and calls us back.

    Attributes:
        fetched: records that were given out.
        before_write: called before a write is carried out, as a user who is quicker.
        after_write: called once when it was carried out; raising, it is the bridge that breaks off.
        rows: list of nested rows → the field of their own id, which the system gives to rows that are added.
    """

    def __init__(self, *, capabilities: Capabilities = CAPABLE) -> None:
        super().__init__({"person": (), "claim": (), "second": ()}, capabilities=capabilities)
        self.fetched = 0
        self.channel = MemoryChannel()
        self.receiver = MemoryReceiver()
        self.before_write: list[Any] = []
        self.after_write: list[Any] = []
        self.rows: dict[str, str] = {}
        self._row_ids = count(1)

    def _keep(self, kind: str, record_id: str, record: RawRecord) -> str:
        named = {
            field: [row if row.get(key) else {**row, key: f"row-{next(self._row_ids)}"} for row in record[field]]
            for field, key in self.rows.items()
            if field in record
        }
        return super()._keep(kind, record_id, {**record, **named})

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        for page in super().read_changes(kind, cursor):
            self.fetched += len(page.records)
            yield page

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        while self.before_write:
            self.before_write.pop(0)()
        outcomes = super().write(kind, writes)
        while self.after_write:
            self.after_write.pop(0)()
        return outcomes

    def channels(self) -> Sequence[str]:
        return ("sms",)

    def send(self, message: Any) -> Any:
        return self.channel.send(message)

    def verify(self, request: Any) -> None:
        self.receiver.verify(request)

    def parse(self, request: Any) -> Any:
        return self.receiver.parse(request)

    def person(self, record_id: str) -> dict[str, Any]:
        """One record as a user sees it."""
        return next(dict(each) for each in self.records("person") if each["id"] == record_id)


class Deaf:
    """A system that is written and cannot be asked: the peer's capabilities without its look-up."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        for name in ("kinds", "capabilities", "check", "close", "read_changes", "read", "write"):
            setattr(self, name, getattr(peer, name))


class Handed:
    """An entry point of an object that a test made."""

    dist = None

    def __init__(self, name: str, plugin: object) -> None:
        self.name, self.value, self.module, self._plugin = name, f"{name}:plugin", name, plugin

    def load(self) -> object:
        return self._plugin


class World:
    """One installation: a folder with ``crm-bridge.toml`` and mappings, and systems that outlive each run.

    Attributes:
        now: what the clock says; a test moves it.
        peers: the systems by name.
        stopwatch: by which calls are paced, where a test moves it.
        chance: from 0 to 1, for the jitter of waits.
    """

    def __init__(
        self,
        folder: Path,
        *,
        systems: Mapping[str, Capabilities] | None = None,
        create: Sequence[str] = (),
        spread: Sequence[str] = (),
        active: Sequence[str] = ("dedup.exact_keys",),
        more: str = "",
        images: Mapping[str, str] | None = None,
        store: str | None = None,
    ) -> None:
        self.folder = folder
        self.now = datetime(2026, 10, 20, 10, tzinfo=UTC)
        self.peers = {
            name: Peer(capabilities=capabilities)
            for name, capabilities in (systems or dict.fromkeys("abc", CAPABLE)).items()
        }
        self.opened: dict[str, Any] = dict(self.peers)
        self.plugins: dict[str, object] = {}
        self.create = tuple(create)
        self.spread = tuple(spread)
        self.active = list(active)
        self.more = more
        self.kinds = ["person"]
        self.order: list[str] = []
        self.connector_timeout: float | str = "10m"
        self.stopwatch: Stopwatch | None = None
        self.pool = threads
        self.chance: Callable[[], float] = random.random
        self.store = store or new_store(folder)
        for name in self.peers:
            image = (images or {}).get(name, "full")
            self.write_mapping(name, PERSON.format(system=name, image=image))
            (folder / f"{name}-claim.yaml").write_text(CLAIM.format(system=name, owner=name), encoding="utf-8")

    def __getitem__(self, name: str) -> Peer:
        return self.peers[name]

    def write_mapping(self, system: str, text: str) -> None:
        (self.folder / f"{system}.yaml").write_text(text, encoding="utf-8")

    def settings(self) -> Any:
        """Write the configuration anew, and load it as a command does."""
        active = ", ".join(f'"{name}"' for name in self.active)
        order = ", ".join(f'"{name}"' for name in self.order or self.peers)
        # One try an attempt: a test that lets one call fail means the attempt, and nobody waits between tries.
        outbox = "" if "[outbox]" in self.more else "[outbox]\ntries = 1\n"
        text = f'[bridge]\nstore = "{self.store}"\n{outbox}[plugins]\nactive = [{active}]\ntimeout_seconds = 1\n'
        text += f"connector_timeout = {self.connector_timeout!r}\n"
        text += f"[survivorship]\norder = [{order}]\n{self.more}\n"
        for name in self.peers:
            create = str(name in self.create).lower()
            text += f'[systems.{name}]\nconnector = "memory"\n'
            for kind in self.kinds:
                text += f'[systems.{name}.records.{kind}]\nmapping = "{name}.yaml"\ncreate = {create}\n'
                text += 'on_delete = "spread"\n' if name in self.spread else ""
            text += f'[systems.{name}.records.claim]\nmapping = "{name}-claim.yaml"\nwrite = false\n'
        path = self.folder / "crm-bridge.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    @contextmanager
    def bridge(self) -> Iterator[Bridge]:
        """The bridge, opened anew as each command does."""

        @hookimpl
        def register_connectors() -> list[ConnectorType]:
            return [ConnectorType("memory", ConnectorSettings, lambda _settings, to: self.opened[to.system], "memory")]

        handed = [Handed("memory", SimpleNamespace(register_connectors=register_connectors))]
        handed += [Handed(name, plugin) for name, plugin in self.plugins.items()]
        installed = [*INSTALLED, *handed]
        paced = {"clock": lambda: self.now, "installed": installed, "stopwatch": self.stopwatch, "pool": self.pool}
        with open_bridge(self.settings(), chance=self.chance, **paced) as bridge:
            yield bridge

    def sync(self, *systems: str, **options: Any) -> RunReport:
        """``crm-bridge sync``, one minute after whatever was before."""
        self.now += timedelta(minutes=1)
        with self.bridge() as bridge:
            return bridge.sync(list(systems) or None, **options)

    def settle(self) -> None:
        """Sync until nothing is written; a first load takes two rounds at most."""
        self.sync()
        self.sync()
        assert 0 == self.sync().written

    def person(self, *systems: str, number: int = 1, **fields: Any) -> dict[str, str]:
        """Put one invented person into these systems, so alike that they are one client. Returns record ids."""
        record = {
            "last_name": "Коваль",
            "first_name": "Anna",
            "birth_date": f"1985-03-{number % 28 + 1:02d}",
            "mobile_phone": f"+38050555{number:04d}",
            **fields,
        }
        return {name: self.peers[name].load("person", [record])[0] for name in systems}

    def client(self) -> dict[str, Any]:
        """The only client's card."""
        return self.show()["client"]

    def show(self, **asked: Any) -> dict[str, Any]:
        with self.bridge() as bridge:
            found = bridge.lookup(**(asked or {"name": "Коваль"}))
            assert 1 == len(found), found
            return bridge.show(found[0]["id"])

    def ask(self, question: str, *arguments: Any, **named: Any) -> Any:
        """One call of the bridge, as one command."""
        with self.bridge() as bridge:
            return getattr(bridge, question)(*arguments, **named)

    def map_children(self, *systems: str, rows: Mapping[str, str], family: str = FAMILY) -> None:
        """Let these systems hold children as nested rows; ``rows``: as :attr:`Peer.rows`."""
        for name in systems:
            self.write_mapping(name, PERSON.format(system=name, image="full") + family)
            self.peers[name].rows = dict(rows)

    def writes(self) -> dict[str, int]:
        """How many writes arrived in each system so far."""
        return {name: len(peer.writes) for name, peer in self.peers.items()}


def capable(**changes: Any) -> Capabilities:
    """A system that can do everything but what is said."""
    return replace(CAPABLE, **changes)
