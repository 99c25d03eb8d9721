"""The club's file keeps the contracts of crm-bridge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acme_vendor.connector import CLUB, ClubSettings

from crm_bridge.api import ConnectorContext, RawRecord, RetryLater, Secret
from crm_bridge.testing import KeyListerContract, RecordSourceContract, RecordTargetContract, raw_person


class Till:
    """The program that owns the file, as the contract suites use it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._put([])

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        held = list(self.records(kind))
        rev = max((member["rev"] for member in held), default=0)
        new = [{**record, "member_id": f"M-{rev + n}", "rev": rev + n} for n, record in enumerate(records, start=1)]
        self._put([*held, *new])
        return [member["member_id"] for member in new]

    def records(self, kind: str) -> Sequence[RawRecord]:
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        held = self.records(kind)
        rev = max(member["rev"] for member in held) + 1
        self._put([{**m, **changes, "rev": rev} if m["member_id"] == record_id else m for m in held])

    def _put(self, members: Sequence[RawRecord]) -> None:
        self._path.write_text("".join(f"{json.dumps(member)}\n" for member in members), encoding="utf-8")


def no_secret(reference: str) -> Secret:
    raise AssertionError(f"the club has no secrets, asked for {reference}")


class TestClub(RecordSourceContract, RecordTargetContract, KeyListerContract):
    """What every connector has to do."""

    kind = "member"
    id_field = "member_id"
    version_field = "rev"
    creates = False

    @pytest.fixture
    def system(self, tmp_path: Path) -> Till:
        return Till(tmp_path / "members.jsonl")

    @pytest.fixture
    def connector(self, system: Till, tmp_path: Path) -> Any:
        context = ConnectorContext("club", tmp_path, no_secret, lambda: datetime(2026, 10, 20, tzinfo=UTC))
        return CLUB.open(ClubSettings(file=Path("members.jsonl"), page_size=3), context)

    def new_record(self, number: int) -> RawRecord:
        person = raw_person(number)
        return {"surname": person["last_name"], "name": person["first_name"], "phone": person["mobile_phone"]}

    def change(self, number: int) -> RawRecord:
        return {"email": f"new.{number}@example.com"}

    def test_a_broken_line_is_told_and_the_rest_is_read(self, connector: Any, system: Till, tmp_path: Path) -> None:
        """Nothing that cannot be read is thrown away, or written over."""
        ids = self.fill(system, 2)
        with (tmp_path / "members.jsonl").open("a", encoding="utf-8") as file:
            file.write('{"member_id": "M-3", \n')
        pages = self.pages(connector)

        assert set(ids) == self.seen(pages)
        assert ["members.jsonl:3"] == [piece.position for page in pages for piece in page.broken]
        with pytest.raises(RetryLater, match="not complete"):
            list(connector.list_keys("member"))
        with pytest.raises(RetryLater, match="mend them"):
            connector.write("member", [])
