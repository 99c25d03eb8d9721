"""The club's file as a system: one member a line, each with the number of its last change.

The till writes the file whole and renames it into place; so do we. The number of a member's last change (``rev``) is
version and cursor in one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from crm_bridge.api import (
    Accepted,
    BrokenRecord,
    Capabilities,
    ConnectorContext,
    ConnectorSettings,
    ConnectorType,
    Page,
    RawRecord,
    RecordWrite,
    Refused,
    RetryLater,
    Stale,
    WriteOutcome,
)

KIND = "member"


class ClubSettings(ConnectorSettings):
    """Where the club's file is."""

    file: Path = Field(description="The JSON-lines file, relative to the configuration.")
    page_size: int = Field(default=500, ge=1, description="Members a page.")


class Club:
    """The file behind the protocols ``RecordSource``, ``KeyLister`` and ``RecordTarget``."""

    def __init__(self, settings: ClubSettings, context: ConnectorContext) -> None:
        self._path = context.base_dir / settings.file
        self._page_size = settings.page_size
        self._system = context.system

    def kinds(self) -> Sequence[str]:
        return (KIND,)

    def capabilities(self, kind: str) -> Capabilities:
        return Capabilities(complete_listing=True, conditional_writes=True, page_size=self._page_size, batch_size=100)

    def check(self) -> Sequence[str]:
        _, broken = self._members()
        return [f"{piece.position}: {piece.cause}" for piece in broken]

    def close(self) -> None:
        """Nothing is held open."""

    def read_changes(self, kind: str, cursor: str | None) -> Iterator[Page]:
        members, broken = self._members()
        after = int(cursor) if cursor else 0
        due = sorted((member for member in members.values() if member["rev"] > after), key=lambda member: member["rev"])
        if broken:
            yield Page(records=(), broken=broken)
        for start in range(0, len(due), self._page_size):
            page = due[start : start + self._page_size]
            yield Page(records=page, cursor=str(page[-1]["rev"]))

    def read(self, kind: str, record_ids: Sequence[str]) -> Sequence[RawRecord]:
        members, _ = self._members()
        return [members[record_id] for record_id in record_ids if record_id in members]

    def list_keys(self, kind: str) -> Iterator[str]:
        members, broken = self._members()
        if broken:
            raise RetryLater(
                "the file has lines that cannot be read, so its listing is not complete", system=self._system
            )
        return iter(members)

    def write(self, kind: str, writes: Sequence[RecordWrite]) -> Sequence[WriteOutcome]:
        members, broken = self._members()
        if broken:
            raise RetryLater("the file has lines that cannot be read: mend them before writing", system=self._system)
        outcomes = [_carried_out(members, write) for write in writes]
        _replace(self._path, members)
        return outcomes

    def _members(self) -> tuple[dict[str, dict[str, Any]], list[BrokenRecord]]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise RetryLater(f"{self._path.name} cannot be read: {error.strerror}", system=self._system) from error
        members: dict[str, dict[str, Any]] = {}
        broken = []
        for number, line in enumerate(lines, start=1):
            try:
                member = json.loads(line)
                members[str(member["member_id"])] = {**member, "rev": int(member["rev"])}
            except (ValueError, TypeError, KeyError):
                cause = "not a member: one JSON object with member_id and rev is expected"
                broken.append(BrokenRecord(f"{self._path.name}:{number}", cause, line))
        return members, broken


def _carried_out(members: dict[str, dict[str, Any]], write: RecordWrite) -> WriteOutcome:
    if write.operation != "update" or write.record_id is None:
        return Refused("members are made and removed at the till alone", "read_only")
    member = members.get(write.record_id)
    if member is None:
        return Refused("there is no such member", "not_found")
    if write.expected_version is not None and write.expected_version != str(member["rev"]):
        return Stale("the till has changed this member")
    changed = {name: value for name, value in write.fields.items() if name not in ("member_id", "rev")}
    rev = max(other["rev"] for other in members.values()) + 1
    members[write.record_id] = {**member, **changed, "rev": rev}
    return Accepted(write.record_id, str(rev), members[write.record_id])


def _replace(path: Path, members: dict[str, dict[str, Any]]) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(member, ensure_ascii=False) + "\n" for member in members.values())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


CLUB = ConnectorType(
    name="acme_club", settings=ClubSettings, open=Club, summary="Acme's loyalty club, a JSON-lines file."
)
