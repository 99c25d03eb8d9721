"""The four stand-ins, running."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.connector import RawRecord, SimulatorType
from crm_bridge.demo.people import make_people
from crm_bridge.demo.shapes import KINDS
from crm_bridge.demo.spread import spread_people
from crm_bridge.demo.stand import ID_FIELDS, Stand
from crm_bridge.errors import ConfigMistake, UserMistake

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Shelf:
    """A simulator without a server."""

    def __init__(self, system: str, busy: bool) -> None:
        self.system, self.busy = system, busy
        self.held: dict[str, dict[str, Any]] = {}
        self.knobs: dict[str, object] = {}
        self.running = False

    def start(self, port: int = 0) -> Mapping[str, Any]:
        if port and self.busy:
            raise UserMistake("the port is taken")
        self.running = True
        return {"base_url": f"http://127.0.0.1:{port or 40000}"}

    def stop(self) -> None:
        self.running = False

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        ids = [
            str(record.get(ID_FIELDS[self.system]) or f"{self.system}-{len(self.held) + n}")
            for n, record in enumerate(records)
        ]
        self.held |= {name: {**record, ID_FIELDS[self.system]: name} for name, record in zip(ids, records, strict=True)}
        return ids

    def records(self, kind: str) -> Sequence[RawRecord]:
        return list(self.held.values())

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        self.held[record_id].update(changes)

    def configure(self, **knobs: object) -> None:
        self.knobs |= knobs


@pytest.fixture
def shelves() -> dict[str, Shelf]:
    """One for each system; the call centre's port is taken."""
    return {system: Shelf(system, busy=system == "callcenter") for system in KINDS}


@pytest.fixture
def offered(shelves: dict[str, Shelf]) -> dict[str, SimulatorType]:
    """As plugins offer them."""
    return {
        system: SimulatorType(system, lambda folder, clock, shelf=shelf: shelf, "", 8100 + number)
        for number, (system, shelf) in enumerate(shelves.items())
    }


def _stand(offered: Mapping[str, SimulatorType], tmp_path: Path) -> Stand:
    return Stand.open(offered, folder=tmp_path, clock=lambda: NOON)


def test_each_system_is_on_its_usual_port_or_on_a_free_one(
    offered: dict[str, SimulatorType], shelves: dict[str, Shelf], tmp_path: Path
) -> None:
    """And is stopped at the end."""
    with _stand(offered, tmp_path) as stand:
        stand.start(ports={system: each.default_port for system, each in offered.items()})
        assert "http://127.0.0.1:8100" == stand.settings["siebel"]["base_url"]
        assert "http://127.0.0.1:40000" == stand.settings["callcenter"]["base_url"]

    assert not any(shelf.running for shelf in shelves.values())


def test_records_are_loaded_with_the_row_ids_that_siebel_gave(
    offered: dict[str, SimulatorType], shelves: dict[str, Shelf], tmp_path: Path
) -> None:
    """What the call centre knows of Siebel is the id of the same person's record there."""
    spread = spread_people(make_people(100))
    loaded: dict[str, int] = {}

    stand = _stand(offered, tmp_path)
    stand.load(spread, loaded=lambda system, number: loaded.update({system: loaded.get(system, 0) + number}))

    assert {"broken_row_next": 1} == shelves["vendor_files"].knobs
    assert len(spread.rows) == len(stand.ids) == sum(loaded.values())
    for position, row in enumerate(spread.rows):
        if row.refers_to is not None:
            held = stand.record(row.system, stand.ids[position])
            assert stand.ids[row.refers_to] == held["external_id"]


def test_a_snapshot_differs_after_any_change(offered: dict[str, SimulatorType], tmp_path: Path) -> None:
    """In the system that changed, and in no other."""
    stand = _stand(offered, tmp_path)
    stand.load(spread_people(make_people(20)), loaded=lambda system, number: None)
    before = stand.snapshot()

    stand.edit("siebel", next(iter(stand.records("siebel"))), {"JobTitle": "юрист"})

    after = stand.snapshot()
    assert ["siebel"] == [system for system in KINDS if before[system] != after[system]]


def test_a_missing_simulator_is_told_with_what_to_install(offered: dict[str, SimulatorType], tmp_path: Path) -> None:
    """Rather than failing in the middle."""
    del offered["siebel"]

    with pytest.raises(ConfigMistake, match=r"siebel.*install"):
        _stand(offered, tmp_path)
