"""Replaying dead letters: a record is read through the mapping again, a write is planned again. Twice equals once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from crm_bridge.connector import Page
from crm_bridge.errors import UserMistake
from crm_bridge.outbox.drafts import draft_client
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.corrections import against, as_corrected, in_source, kind_of
from crm_bridge.runner.keys_anew import keys_anew
from crm_bridge.runner.pull import reread, take
from crm_bridge.store import causes, clients, corrections, letters, outbox, records
from crm_bridge.store.causes import Cause
from crm_bridge.store.letters import id_to_ask_for

AT_ONCE = 500
SHOWN = 200  # letters that an answer names; it counts them all

Row = Mapping[str, Any]


@dataclass(slots=True)
class Replayed:
    """What became of each letter: ``replayed`` (its record went through), ``put_back`` (its write is due again; the
    next sync tries it), ``still`` (it failed again), ``not_replayable`` (with what to do instead), ``already`` (it was
    closed before), ``unknown`` (there is none of this number). ``in_source``: of those that went through as somebody
    corrected them here, what is left to be done in their system."""

    dry_run: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    lines: dict[str, dict[int, str]] = field(default_factory=dict)
    in_source: dict[int, str] = field(default_factory=dict)

    def add(self, outcome: str, letter_id: int, why: str) -> None:
        self.counts[outcome] += 1
        lines = self.lines.setdefault(outcome, {})
        if len(lines) < SHOWN:
            lines[letter_id] = why

    def as_dict(self) -> dict[str, Any]:
        told = {
            name: self.counts[name]
            for name in ("replayed", "put_back", "still", "not_replayable", "already", "unknown")
        }
        return {
            "dry_run": self.dry_run,
            "counts": told,
            "replayed": list(self.lines.get("replayed", {})),
            "put_back": list(self.lines.get("put_back", {})),
            "outlook": self.lines.get("replayed", {}) | self.lines.get("put_back", {}) if self.dry_run else {},
            "still": self.lines.get("still", {}),
            "not_replayable": self.lines.get("not_replayable", {}),
            "unknown": list(self.lines.get("unknown", {})),
            "in_source": self.in_source,
        }


def replay(run: RunContext, ids: Sequence[int], *, cause: Cause | None = None, dry_run: bool = False) -> dict[str, Any]:
    """Replay these letters, or all open ones of ``cause``, a portion at a time: broken off, the rest stays open.

    Args:
        dry_run: only say what would become of each.

    Returns:
        See :class:`Replayed`; of many letters it names the first, and counts all.

    Raises:
        UserMistake: there is no letter with any of these ids.
    """
    if not dry_run:
        keys_anew(run)
    answer = Replayed(dry_run)
    for rows in _chosen(run, ids, cause, answer):
        stands = [row for row in rows if row["state"] == "open"]
        for row in rows:
            if row["state"] != "open":
                answer.add("already", row["id"], row["state"])
        (_foresee if dry_run else _replay)(run, stands, answer)
    return answer.as_dict()


def discard(run: RunContext, ids: Sequence[int], *, cause: Cause | None, reason: str, by: str) -> dict[str, Any]:
    """Close these letters, or all open ones of ``cause``, a portion at a time: in one step SQLite would keep what they
    were in memory.

    Returns:
        How many were ``discarded`` and how many closed ``already``, and the numbers that are ``unknown``.

    Raises:
        UserMistake: there is no letter with any of these ids.
    """
    if cause is None:
        with run.database.reading() as connection:
            known, unknown = _known(connection, ids)
        numbers = [row["id"] for row in known]
        portions: Iterable[list[int]] = (numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE))
    else:
        unknown, portions = [], causes.each(run.database.reading, cause, at_once=AT_ONCE)
    met = discarded = 0
    for portion in portions:
        with run.database.transaction() as connection:
            discarded += letters.close(connection, portion, state="discarded", by=by, reason=reason, at=run.now())
        met += len(portion)
    return {"discarded": discarded, "already": met - discarded, "unknown": unknown}


def _known(connection: Connection, ids: Sequence[int]) -> tuple[list[dict[str, Any]], list[int]]:
    """The letters of these numbers, and the numbers that no letter has. Raises :class:`UserMistake` for none at all."""
    found = letters.get(connection, ids)
    missing = sorted(set(ids) - {row["id"] for row in found})
    if missing and not found:
        raise UserMistake(f"no dead letter: {', '.join(map(str, missing))}; see `crm-bridge dead-letters list`")
    return found, missing


def _chosen(
    run: RunContext, ids: Sequence[int], cause: Cause | None, answer: Replayed
) -> Iterator[list[dict[str, Any]]]:
    if cause is not None:
        for portion in causes.each(run.database.reading, cause, at_once=AT_ONCE):
            with run.database.reading() as connection:
                rows = letters.get(connection, portion)
            yield rows
        return
    with run.database.reading() as connection:
        found, missing = _known(connection, ids)
    for number in missing:
        answer.add("unknown", number, "no dead letter has this number; see `crm-bridge dead-letters list`")
    for start in range(0, len(found), AT_ONCE):
        yield found[start : start + AT_ONCE]


def _replay(run: RunContext, rows: Sequence[Row], answer: Replayed) -> None:
    for kind, group in _by_kind(run, [row for row in rows if _is_read(row)], answer):
        for portion in _each_record_once(run, kind, group):
            _read_again(run, kind, portion, answer)
    for kind, group in _by_kind(run, [row for row in rows if _is_asked_for(run, row)], answer):
        _ask_again(run, kind, group, answer)
    _write_again(run, _writes(run, rows, answer), answer)
    _refuse_others(run, rows, answer)


def _foresee(run: RunContext, rows: Sequence[Row], answer: Replayed) -> None:
    for kind, group in _by_kind(run, [row for row in rows if _is_read(row)], answer):
        names = [row["record_id"] for row in group]
        mended = as_corrected(run, kind, names, [row["raw"] for row in group])
        with run.database.reading() as connection:
            known = records.known(connection, kind.system, kind.name, names)
        for row, record in zip(group, mended, strict=True):
            said = against(kind, record, today=run.clock().date())
            before = known.get(row["record_id"])
            goes = f"changes the record of client {before.client_id}" if before else "is taken in as a new record"
            answer.add("still" if said else "replayed", row["id"], "; ".join(said) or goes)
    for row in rows:
        if _is_asked_for(run, row):
            answer.add("replayed", row["id"], f"{row['system']} is asked for the record by its id")
    _foresee_writes(run, _writes(run, rows, answer), answer)
    _refuse_others(run, rows, answer)


def _is_read(row: Row) -> bool:
    return row["stage"] == "map" and isinstance(row["raw"], Mapping)


def _is_asked_for(run: RunContext, row: Row) -> bool:
    """Nothing of the record could be read, but its id is known, and its system gives records by their ids."""
    kind = kind_of(run, row)
    return kind is not None and kind.read and kind.capabilities.reads_back and id_to_ask_for(row) is not None


def _is_write(row: Row) -> bool:
    return row["stage"] == "write" and bool(row["client_id"])


def _refuse_others(run: RunContext, rows: Sequence[Row], answer: Replayed) -> None:
    for row in rows:
        if not _is_read(row) and not _is_write(row) and not _is_asked_for(run, row):
            hint = row["hint"] or "mend it at its source"
            then = "" if "discard" in hint else "; then discard this letter, which nothing else closes"
            answer.add("not_replayable", row["id"], hint + then)


def _by_kind(run: RunContext, rows: Sequence[Row], answer: Replayed) -> list[tuple[Kind, list[Row]]]:
    groups: dict[tuple[str, str], tuple[Kind, list[Row]]] = {}
    for row in rows:
        kind = kind_of(run, row)
        if kind is None:
            answer.add("not_replayable", row["id"], f"{row['system']}/{row['kind']} is not configured any more")
        else:
            groups.setdefault((kind.system, kind.name), (kind, []))[1].append(row)
    return list(groups.values())


def _each_record_once(run: RunContext, kind: Kind, rows: Sequence[Row]) -> Iterator[list[tuple[Row, str]]]:
    """The letters with the ids that their records have by now, so that no portion holds two versions of one record."""
    mended = as_corrected(run, kind, [row["record_id"] for row in rows], [row["raw"] for row in rows])
    portion: list[tuple[Row, str]] = []
    seen: dict[str, Any] = {}
    for row, record in zip(rows, mended, strict=True):
        record_id = kind.mapping.record_id(record)
        if record_id and seen.setdefault(record_id, row["raw"]) != row["raw"]:
            yield portion
            portion, seen = [], {record_id: row["raw"]}
        portion.append((row, record_id))
    if portion:
        yield portion


def _read_again(run: RunContext, kind: Kind, portion: Sequence[tuple[Row, str]], answer: Replayed) -> None:
    named = [(row, record_id or row["record_id"]) for row, record_id in portion]
    raws = {name: row["raw"] for row, name in named}
    still = take(run, kind, Page(list(raws.values())), cursor=None)
    still |= {row["record_id"] for row, record_id in portion if not record_id}
    through = [(row, name) for row, name in named if name not in still]
    renamed = [row["id"] for row, name in through if name != row["record_id"]]  # it found an id where there was none
    if renamed:
        with run.database.transaction() as connection:
            letters.close(connection, renamed, state="replayed", by="replay", reason="read again", at=run.now())
    with run.database.reading() as connection:
        made = corrections.standing(connection, kind.system, kind.name, [row["record_id"] for row, _ in through])
    for row, name in named:
        answer.add("still" if name in still else "replayed", row["id"], row["message"])
        correction = made.get(row["record_id"])
        if name not in still and correction is not None and len(answer.in_source) < SHOWN:
            answer.in_source[row["id"]] = in_source(kind.system, correction.said.keys() | correction.meant.keys())


def _ask_again(run: RunContext, kind: Kind, rows: Sequence[Row], answer: Replayed) -> None:
    """Ask the system for these records by their ids. A letter whose record came is closed by the page itself."""
    names = sorted({row["record_id"] for row in rows})
    try:
        failed = reread(run, run.systems[kind.system], kind, names)
    except STOPS_ITS_SYSTEM as error:
        for row in rows:
            answer.add("still", row["id"], f"{kind.system} could not be asked: {error}")
        return
    with run.database.reading() as connection:
        states = {row["id"]: row["state"] for row in letters.get(connection, [row["id"] for row in rows])}
    for row in rows:
        if row["record_id"] in failed:
            answer.add("still", row["id"], row["message"])
        elif states[row["id"]] == "open":
            answer.add("not_replayable", row["id"], f"{kind.system} has it no more; discard this letter")
        else:
            answer.add("replayed", row["id"], "asked for by its id, and read")


def _writes(run: RunContext, rows: Sequence[Row], answer: Replayed) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if _is_write(row) and row["system"] not in run.systems:
            answer.add("not_replayable", row["id"], f"{row['system']} is not configured any more")
        elif _is_write(row):
            found.append(row)
    return found


def _write_again(run: RunContext, rows: Sequence[Row], answer: Replayed) -> None:
    if not rows:
        return
    at = run.now()
    with run.database.transaction() as connection:
        outbox.enqueue(connection, sorted({(row["system"], row["client_id"]) for row in rows}), at=at)
        ids = [row["id"] for row in rows]
        letters.close(connection, ids, state="replayed", by="replay", reason="planned again", at=at)
    for row in rows:
        answer.add("put_back", row["id"], "planned again; the next sync tries it")


def _foresee_writes(run: RunContext, rows: Sequence[Row], answer: Replayed) -> None:
    owners = sorted({row["client_id"] for row in rows})
    with run.database.reading() as connection:
        stored = clients.get_all(connection, owners)
        linked = records.of_clients(connection, owners)
    for row in rows:
        client = stored.get(row["client_id"])
        if client is None:
            answer.add("not_replayable", row["id"], "its client is not there any more; discard this letter")
            continue
        planned = draft_client(client, linked[client.id], run.systems[row["system"]], policy=run.survivorship)
        stopped = [each.message for each in planned.letters if each.record_id == row["record_id"]]
        fields = sorted({each.field for draft in planned.drafts for each in draft.planned.fields})
        goes = f"writes {', '.join(fields)}" if fields else "has nothing to write any more"
        answer.add("still" if stopped else "put_back", row["id"], "; ".join(stopped) or goes)
