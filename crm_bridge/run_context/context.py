"""What every step of a run needs, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crm_bridge.run_context.pools import Pool, threads
from crm_bridge.run_context.progress import Progress, Silence
from crm_bridge.sync.wars import Patience

if TYPE_CHECKING:  # a look-up opens the store alone, and imports neither plugins nor mappings
    from crm_bridge.plugin_manager import Plugins
    from crm_bridge.run_context.report import RunReport
    from crm_bridge.run_context.systems import Systems
    from crm_bridge.store.database import Database
    from crm_bridge.sync.rules import Survivorship


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, with Z: how every time stands in the store."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Counter:
    """Numbers handed out in order by the single writer."""

    next: int

    def take(self) -> int:
        number = self.next
        self.next += 1
        return number


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run. Time and ids are handed in, so that a test can hold them still.

    Attributes:
        random: evenly from 0 to 1, for jitter.
        seq: the bridge's own count of observations.
        pks: numbers of source records.
        patience: how long we write what is put back on the other side.
        pool: what calls to the systems are made in.
        only: clients whose writes are delivered; ``None``: everybody's. What is due for others waits.
    """

    run_id: str
    database: Database
    systems: Systems
    plugins: Plugins
    survivorship: Survivorship
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    random: Callable[[], float]
    report: RunReport
    seq: Counter
    pks: Counter
    progress: Progress = field(default_factory=Silence)
    patience: Patience = field(default_factory=Patience)
    pool: Pool = threads
    only: frozenset[str] | None = None

    def now(self) -> str:
        return iso(self.clock())
