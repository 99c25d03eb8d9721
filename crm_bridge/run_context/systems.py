"""The configured systems, open and ready: connector, kinds of record, compiled mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crm_bridge.connector import Capabilities, Connector, RawRecord
from crm_bridge.mapping import CompiledMapping


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record of one system, and what is done with it.

    Attributes:
        spreads: a deletion here deletes the client's records in other systems.
        document_digest: of the mapping document's text.
    """

    system: str
    name: str
    mapping: CompiledMapping
    capabilities: Capabilities
    read: bool = True
    write: bool = True
    create: bool = False
    spreads: bool = False
    document_digest: str = ""

    @property
    def is_client(self) -> bool:
        """Whether its records are clients, not something that lies beside them."""
        return self.mapping.entity != "claim"

    @property
    def image_partial(self) -> bool:
        return self.mapping.image == "partial"

    @property
    def fingerprint(self) -> str:
        """Changes with the mapping document and the region of its phones, so that records are read anew."""
        region = self.mapping.document.outer_region
        return f"{self.mapping.name}@{self.mapping.version}:{self.document_digest}" + (f":{region}" if region else "")

    def reads(self, head: str) -> bool:
        """Whether its records can say something at this canonical list, such as ``consents``."""
        return any(row.head == head for row in self.mapping.document.lists)

    def keeps(self, path: str) -> bool:
        """Whether the system keeps what it holds at this canonical path (``contact_points``, ``name``, ``gender``) when
        the client has nothing there now: it is not written, or no row says ``unset: blank`` or mirrors removals."""
        if not self.write:
            return True
        document = self.mapping.document
        columns = [row.column for row in document.fields if _head(row.column.path) == path]
        for row in document.lists:
            if row.head == path:
                columns.extend(each for each in (row.column, *row.parts) if each is not None)
                if row.on_remove == "delete":
                    return False
        return not any(column.unset == "blank" and column.direction != "read" for column in columns)

    def with_identity(self, raw: RawRecord, record_id: str, version: str | None) -> dict[str, Any]:
        """``raw`` under the id and version token that its system gave it."""
        header = self.mapping.document.header
        named = {**raw, header.id.src[-1]: record_id}
        if header.concurrency is not None and version is not None:
            named[header.concurrency] = version
        return named


def _head(path: str) -> str:
    return ".".join(path.split(".")[:2]) if path.startswith("preferences.") else path.split(".")[0]


@dataclass(frozen=True, slots=True)
class System:
    """One configured installation."""

    name: str
    connector: Connector
    kinds: Mapping[str, Kind]

    def targets(self) -> Iterator[Kind]:
        """The kinds that clients are carried to."""
        return (kind for kind in self.kinds.values() if kind.write and kind.is_client)


Systems = Mapping[str, System]
