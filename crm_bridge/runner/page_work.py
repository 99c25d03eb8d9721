"""What one page's transaction will write."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_bridge.store.clients import StoredClient
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import SourceRecord
from crm_bridge.store.review import Doubt


@dataclass(slots=True)
class PageWork:
    """Everything that one page's transaction will write.

    Attributes:
        answered: open questions about clients that a record now shows to be two.
        weighed: client → paths of its card that a person has to decide, of all whose card was looked at.
        joined: clients that a new record of this page belongs to, where they had or got another one.
    """

    new_records: list[SourceRecord] = field(default_factory=list)
    changed_records: list[SourceRecord] = field(default_factory=list)
    touched: list[tuple[int, bytes, bytes, str | None]] = field(default_factory=list)
    named_rows: list[tuple[int, bytes]] = field(default_factory=list)
    links: list[tuple[int, str, str]] = field(default_factory=list)
    new_clients: list[StoredClient] = field(default_factory=list)
    changed_clients: list[StoredClient] = field(default_factory=list)
    keys: list[tuple[str, int]] = field(default_factory=list)
    dropped_keys: list[tuple[str, int]] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    outbox: set[tuple[str, str]] = field(default_factory=set)
    letters: list[Letter] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    weighed: dict[str, set[str]] = field(default_factory=dict)
    answered: list[int] = field(default_factory=list)
    joined: set[str] = field(default_factory=set)
