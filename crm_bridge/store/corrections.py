"""Corrections: what a record should have said, by a person, as long as its source says there what it said then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from crm_bridge.store.database import among
from crm_bridge.store.schema import corrections


@dataclass(frozen=True, slots=True)
class Correction:
    """``said``: field → what the source says there; ``meant``: what counts instead. An absent field is left out."""

    system: str
    kind: str
    record_id: str
    letter_id: int
    said: Mapping[str, Any]
    meant: Mapping[str, Any]
    made_by: str
    made_at: str
    id: int = 0
    superseded_at: str | None = None

    def of(self, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """``record`` corrected; ``None``: its source says something else by now, and that counts."""
        now = {name: record[name] for name in self.said.keys() | self.meant.keys() if name in record}
        if now == self.meant:
            return record  # the source was mended alike
        if now != self.said:
            return None
        return {**{name: value for name, value in record.items() if name not in now}, **self.meant}


def put(connection: Connection, made: Correction) -> None:
    """Keep a correction; it takes the place of earlier ones of the record."""
    of_record = (
        corrections.c.system == made.system,
        corrections.c.kind == made.kind,
        corrections.c.record_id == made.record_id,
    )
    earlier = update(corrections).where(*of_record, corrections.c.superseded_at.is_(None))
    connection.execute(earlier.values(superseded_at=made.made_at))
    connection.execute(
        insert(corrections).values(
            system=made.system,
            kind=made.kind,
            record_id=made.record_id,
            letter_id=made.letter_id,
            said=orjson.dumps(made.said),
            meant=orjson.dumps(made.meant),
            made_by=made.made_by,
            made_at=made.made_at,
        )
    )


def any_of(connection: Connection, system: str, kind: str) -> bool:
    """Whether any record of this kind is corrected: usually none, so that a page needs no look-up."""
    query = select(corrections.c.id).where(
        corrections.c.system == system, corrections.c.kind == kind, corrections.c.superseded_at.is_(None)
    )
    return connection.execute(query.limit(1)).first() is not None


def standing(connection: Connection, system: str, kind: str, record_ids: Sequence[str]) -> dict[str, Correction]:
    """Record id → its correction."""
    table = corrections
    rows = connection.execute(
        select(table).where(
            table.c.system == system,
            table.c.kind == kind,
            among(table.c.record_id, record_ids),
            table.c.superseded_at.is_(None),
        )
    )
    return {row.record_id: _correction(row) for row in rows}


def of_letter(connection: Connection, letter_id: int) -> list[Correction]:
    """Every correction that was made of this letter, oldest first."""
    rows = connection.execute(
        select(corrections).where(corrections.c.letter_id == letter_id).order_by(corrections.c.id)
    )
    return [_correction(row) for row in rows]


def supersede(connection: Connection, ids: Sequence[int], *, at: str) -> None:
    """Their sources say something else by now."""
    connection.execute(update(corrections).where(among(corrections.c.id, ids)).values(superseded_at=at))


def _correction(row: Any) -> Correction:
    return Correction(
        row.system,
        row.kind,
        row.record_id,
        row.letter_id,
        orjson.loads(row.said),
        orjson.loads(row.meant),
        row.made_by,
        row.made_at,
        row.id,
        row.superseded_at,
    )
