"""Corrected records: a person mends what a source said wrong, and the source's next word on it supersedes that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from crm_bridge.connector import Page, RawRecord
from crm_bridge.errors import UserMistake
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.digest import NotJson, canonical_bytes, name_of
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.unborn import refused_unborn
from crm_bridge.store import corrections, history, letters
from crm_bridge.store.corrections import Correction
from crm_bridge.store.history import HistoryRow

READ_TWICE = "duplicate_id"  # a letter about a row that another row of the same id stands beside


def corrected(run: RunContext, kind: Kind, page: Page) -> Page:
    """``page`` with the corrections of its records that still hold; the others are superseded from now on."""
    with run.database.reading() as connection:
        if not page.records or not corrections.any_of(connection, kind.system, kind.name):
            return page
        names = [name_of_record(kind, record) for record in page.records]
        made = corrections.standing(connection, kind.system, kind.name, names)
    if not made:
        return page
    outdated: list[int] = []
    found: list[RawRecord] = []
    for name, record in zip(names, page.records, strict=True):
        correction = made.get(name)
        mended = correction.of(record) if correction is not None else record
        if mended is None and correction is not None:
            outdated.append(correction.id)
        found.append(record if mended is None else mended)
    if outdated:
        with run.database.transaction() as connection:
            corrections.supersede(connection, outdated, at=run.now())
    return replace(page, records=found)


def name_of_record(kind: Kind, record: RawRecord) -> str:
    """What a letter calls the record: its id, or a name made of its contents where it has none."""
    record_id = kind.mapping.record_id(record)
    if record_id:
        return record_id
    try:
        return f"no id, {name_of(canonical_bytes(record))}"
    except NotJson:
        return ""


def edit(run: RunContext, letter_id: int, record: Mapping[str, Any], *, by: str) -> dict[str, Any]:
    """Let ``record`` count instead of what the letter holds, when it is replayed, and when it is read again.

    Returns:
        ``changed``: field → old and new; ``still``: what the mapping says against the edited record; ``in_source``:
        what is left to be done there.

    Raises:
        UserMistake: there is no such letter, it is closed, or it is not about a record that can be edited.
    """
    with run.database.reading() as connection:
        found = letters.get(connection, [letter_id])
    letter = found[0] if found else None
    if letter is None or letter["state"] != "open":
        raise UserMistake(f"no open dead letter: {letter_id}; see `crm-bridge dead-letters list`")
    kind = kind_of(run, letter)
    before = letter["raw"]
    if kind is None or letter["stage"] != "map" or letter["code"] == READ_TWICE or not isinstance(before, Mapping):
        raise UserMistake(f"dead letter {letter_id} cannot be edited: {letter['hint'] or 'mend it at its source'}")
    names = sorted(name for name in before.keys() | record.keys() if _part(before, name) != _part(record, name))
    at = run.now()
    made = Correction(
        system=letter["system"],
        kind=letter["kind"],
        record_id=letter["record_id"],
        letter_id=letter_id,
        said={name: before[name] for name in names if name in before},
        meant={name: record[name] for name in names if name in record},
        made_by=by,
        made_at=at,
    )
    key = f"{made.system}/{made.kind}/{made.record_id}"
    told = HistoryRow(
        run.seq.take(), at, "record.corrected", letter["client_id"], {"record": key, "by": by}, run.run_id
    )
    with run.database.transaction() as connection:
        corrections.put(connection, made)
        history.insert_all(run.database, connection, [told])
    return {
        "id": letter_id,
        "record": key,
        "changed": {name: [before.get(name), record.get(name)] for name in names},
        "still": against(kind, record, today=run.clock().date()),
        "in_source": in_source(made.system, names),
    }


def in_source(system: str, fields: Iterable[str]) -> str:
    """What a correction leaves undone, without the value."""
    return f"{system} still holds what it said in {', '.join(sorted(fields))}: correct it there too"


def kind_of(run: RunContext, letter: Mapping[str, Any]) -> Kind | None:
    """The kind of record that a letter is about, as far as it is configured."""
    system = run.systems.get(letter["system"])
    return system.kinds.get(letter["kind"]) if system else None


def against(kind: Kind, record: RawRecord, *, today: date) -> list[str]:
    """What speaks against a record as it would be read ``today``, in words."""
    reading = refused_unborn(kind.mapping.read(record), record, mapping=kind.mapping, today=today)
    said = [f"{each.field}: {each.message}" for each in reading.problems if each.severity != "warn"]
    return said if kind.mapping.record_id(record) else [*said, "it has no id"]


def as_corrected(run: RunContext, kind: Kind, names: Sequence[str], raws: Sequence[RawRecord]) -> list[RawRecord]:
    """The records of letters as they would be read."""
    with run.database.reading() as connection:
        made = corrections.standing(connection, kind.system, kind.name, names)
    return [((made[name].of(raw) or raw) if name in made else raw) for name, raw in zip(names, raws, strict=True)]


def _part(record: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    return name in record, record.get(name)
