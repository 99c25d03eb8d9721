"""The four stand-in systems of a demo, running: loaded, edited as their own users would, and looked into."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from crm_bridge.connector import RawRecord, Simulator, SimulatorType
from crm_bridge.demo.shapes import KINDS
from crm_bridge.demo.spread import Spread, with_reference
from crm_bridge.errors import BridgeError, ConfigMistake

ID_FIELDS: Mapping[str, str] = {"siebel": "Id", "callcenter": "id", "sms_gateway": "id", "vendor_files": "№ договору"}
_BATCH = 500


@dataclass(slots=True)
class Stand:
    """The simulators by system name. A context manager: whatever it started, it stops.

    Attributes:
        settings: connector settings that each gave when it started.
        ids: position in the spread → the id that the system gave the record.
    """

    simulators: Mapping[str, Simulator]
    settings: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    _running: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, offered: Mapping[str, SimulatorType], *, folder: Path, clock: Callable[[], datetime]) -> Stand:
        """Stand-ins with their state in ``folder``, not started yet.

        Raises:
            ConfigMistake: an installed package that should bring one of them does not.
        """
        missing = [system for system in KINDS if system not in offered]
        if missing:
            raise ConfigMistake(f"no plugin brings a simulator for {', '.join(missing)}; install crm-bridge[all]")
        return cls({system: offered[system].open(folder / system, clock) for system in KINDS})

    def start(self, *, ports: Mapping[str, int]) -> None:
        """Serve on this machine, each on its usual port, where it is found again; on a free one if that is taken."""
        for system, simulator in self.simulators.items():
            try:
                self.settings[system] = simulator.start(ports[system])
            except (OSError, BridgeError):
                self.settings[system] = simulator.start()
            self._running.callback(simulator.stop)

    def load(self, spread: Spread, *, loaded: Callable[[str, int], None]) -> None:
        """Fill the systems, Siebel first: the others know its row ids. ``loaded`` hears of each batch."""
        if spread.broken_lines:
            self.simulators["vendor_files"].configure(broken_row_next=spread.broken_lines)
        for system in KINDS:
            rows = spread.of(system)
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH]
                records = [with_reference(row, siebel_ids=self.ids) for _, row in batch]
                given = self.simulators[system].load(KINDS[system], records)
                self.ids.update(zip((position for position, _ in batch), given, strict=True))
                loaded(system, len(batch))

    def records(self, system: str, kind: str | None = None) -> dict[str, RawRecord]:
        """What a system holds now, by id."""
        held = self.simulators[system].records(kind or KINDS[system])
        return {str(record[ID_FIELDS[system]]): record for record in held}

    def record(self, system: str, record_id: str) -> RawRecord:
        """One record as the system holds it now."""
        return self.records(system)[record_id]

    def edit(self, system: str, record_id: str, changes: RawRecord) -> None:
        """Change a record as a user of that system would."""
        self.simulators[system].edit(KINDS[system], record_id, changes)

    def snapshot(self) -> dict[str, str]:
        """Everything that the systems hold of clients, versions and timestamps included, as comparable text."""
        return {
            system: json.dumps(_sorted(self.simulators[system].records(kind)), sort_keys=True, default=str)
            for system, kind in KINDS.items()
        }

    def __enter__(self) -> Stand:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, trace)


def _sorted(records: Sequence[RawRecord]) -> list[RawRecord]:
    return sorted(records, key=lambda record: json.dumps(record, sort_keys=True, default=str))
