"""A Siebel on loopback and connectors that reach it. All people and numbers are invented."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.api import ConnectorContext, Page, RecordWrite, Secret
from crm_bridge_siebel import soap
from crm_bridge_siebel.connector import SiebelConnector
from crm_bridge_siebel.registration import open_connector
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.simulator.stand_in import SiebelSimulator

sys.path.insert(0, str(Path(__file__).parent))  # for site_wsdls

from rest_site import Site, served  # found by the line above


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 10, 20, 8, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def context(folder: Path) -> ConnectorContext:
    """What the bridge would hand over."""
    return ConnectorContext(
        system="siebel",
        base_dir=folder,
        secret=lambda reference: Secret(Path(reference.removeprefix("file:")).read_text(encoding="utf-8")),
        clock=lambda: datetime(2026, 10, 20, tzinfo=UTC),
    )


@dataclass
class World:
    """A running simulator, its settings, and the connectors opened on it."""

    folder: Path
    clock: Clock
    simulator: SiebelSimulator
    settings: Mapping[str, Any]
    opened: list[SiebelConnector] = field(default_factory=list)

    def connector(self, **more: Any) -> SiebelConnector:
        """A connector with settings changed."""
        settings = SiebelSettings(**{**self.settings, "retry_wait_seconds": 0.0, **more})
        self.opened.append(SiebelConnector(settings, context(self.folder)))
        return self.opened[-1]

    def load(self, count: int, **fields: Any) -> list[str]:
        """Invented contacts ``Тест0`` and on; returns their ids."""
        return list(self.simulator.load("contact", [{"LastName": f"Тест{i}", **fields} for i in range(count)]))

    def held(self, record_id: str) -> Mapping[str, Any]:
        """The contact as the simulator holds it."""
        return next(row for row in self.simulator.records("contact") if row["Id"] == record_id)


_PARSE = soap.services_of_file
_of_the_package = cache(_PARSE)
_PACKAGE = Path(soap.__file__).parent


def _services_of_file(wsdl: Path, *, system: str) -> tuple[Any, ...]:
    """The files of the package do not change, and what is read of them is frozen: each is parsed once for all tests."""
    known = wsdl.resolve().is_relative_to(_PACKAGE)
    return (_of_the_package if known else _PARSE)(wsdl, system=system)


@pytest.fixture(autouse=True)
def _parse_wsdls_of_the_package_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soap, "services_of_file", _services_of_file)


@pytest.fixture
def siebel(tmp_path: Path) -> Iterator[World]:
    """An empty Siebel on loopback."""
    clock = Clock()
    simulator = SiebelSimulator(tmp_path / "siebel", clock)
    world = World(folder=tmp_path, clock=clock, simulator=simulator, settings=simulator.start())
    yield world
    for connector in world.opened:
        connector.close()
    simulator.stop()


@pytest.fixture
def saved(tmp_path):
    """Writes a WSDL into a file."""

    def save(text, name="site.wsdl"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return save


@pytest.fixture
def drain() -> Callable[..., tuple[list[Page], str | None]]:
    """Read pages to the end; gives them and the cursor of the last."""

    def drained(
        connector: SiebelConnector, cursor: str | None = None, kind: str = "contact"
    ) -> tuple[list[Page], str | None]:
        pages = list(connector.read_changes(kind, cursor))
        return pages, (pages[-1].cursor if pages else cursor)

    return drained


@pytest.fixture
def update() -> Callable[..., RecordWrite]:
    """An update of a contact, as the bridge plans it."""

    def planned(record_id: str, *, version: str | None = "0", key: str = "w-1", **fields: Any) -> RecordWrite:
        return RecordWrite(
            kind="contact",
            operation="update",
            record_id=record_id,
            fields={"Id": record_id, **fields},
            full={},
            expected_version=version,
            key=key,
        )

    return planned


@pytest.fixture
def create() -> Callable[..., RecordWrite]:
    """A create of a contact, as the bridge plans it."""

    def planned(*, key: str = "w-1", **fields: Any) -> RecordWrite:
        return RecordWrite(
            kind="contact", operation="create", record_id=None, fields=fields, full={}, expected_version=None, key=key
        )

    return planned


@pytest.fixture
def site() -> Iterator[Site]:
    """A Siebel's REST interface on loopback, empty."""
    with served() as started:
        yield started


@pytest.fixture
def rest(site: Site, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens connectors to ``site``, with settings changed."""
    opened = []

    def connect(**more: Any) -> Any:
        given = {"endpoint": site.endpoint, "username": "CRMBRIDGE", "password_ref": "env:X", "transport": "rest"}
        settings = SiebelSettings(**{**given, "retry_wait_seconds": 0.0, **more})
        context = ConnectorContext(
            system="siebel",
            base_dir=tmp_path,
            secret=lambda _: Secret("canary-пароль"),
            clock=lambda: datetime(2026, 10, 20, tzinfo=UTC),
        )
        opened.append(open_connector(settings, context))
        return opened[-1]

    yield connect
    for connector in opened:
        connector.close()
