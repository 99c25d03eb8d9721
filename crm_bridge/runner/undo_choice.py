"""What of a run's writes goes back, and how: decided for one client, from what was written and what stands now. Pure.

=====================  ======================================================================================
what was carried       what goes back
=====================  ======================================================================================
somebody's edit        the card, to what it said before, as a person's word that takes the place of that edit
one side of many       the records alone, each to its own value: nobody's edit is turned over (*apart*)
=====================  ======================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm_bridge.outbox.kept_apart import Apart, kept_apart, told_apart
from crm_bridge.outbox.undone_creates import undone_creates
from crm_bridge.outbox.undone_deletes import undone_deletes
from crm_bridge.run_context.systems import Systems
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord, marks_from
from crm_bridge.sync.claims import ABSENT, canonical, is_part
from crm_bridge.sync.rules import PERSON
from crm_bridge.sync.survivorship import Card
from crm_bridge.sync.units import head, split
from crm_bridge.sync.verdict import Verdict

WHOLE = "(the record)"


@dataclass(frozen=True, slots=True)
class Written:
    """What one run wrote into one record.

    Attributes:
        row: the record as it is now.
        created, deleted: the run made it, or deleted it.
        units: unit → what it held before, and what was written; ``None`` for nothing.
        said: unit → the card's value that was carried, as :func:`told_apart` tells it.
    """

    row: SourceRecord
    created: bool
    deleted: bool
    units: Mapping[str, tuple[Any, Any]]
    said: Mapping[str, str | None]


class Word(NamedTuple):
    """A unit of the card goes back to ``value`` (``None``: nothing), over ``verdict``."""

    value: Any
    verdict: Verdict


@dataclass(slots=True)
class Choice:
    """What becomes of one client.

    Attributes:
        words: unit → what the card goes back to.
        apart: record key → unit → what the record alone goes back to.
        removed: record key → digest of records that are deleted again.
        restored: keys of records that are made anew.
        released: record key → units that follow the card again, where an undo had set the record apart from it, or
            had deleted it (``WHOLE``).
        pending: keys of records on whose way back it was decided before; they are only written.
        kept, cannot: lines for people.
    """

    words: dict[str, Word] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)
    restored: set[str] = field(default_factory=set)
    released: dict[str, set[str]] = field(default_factory=dict)
    apart: dict[str, dict[str, Apart]] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    kept: list[dict[str, Any]] = field(default_factory=list)
    cannot: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        return bool(self.words or self.apart or self.removed or self.restored or self.released or self.pending)


def choose(
    written: Iterable[Written],
    rows: Sequence[SourceRecord],
    card: Card,
    changes: Sequence[HistoryRow],
    systems: Systems,
    *,
    anew: Mapping[str, str],
) -> Choice:
    """Decide for one client.

    Args:
        anew: key of a deleted record → the record of another client that may be the same.
        rows: all its records as they are now.
        card: what they amount to now.
        changes: its history, oldest first.
    """
    choice = Choice()
    undone, apart = undone_creates(rows), kept_apart(rows)
    by_unit: dict[str, list[tuple[Written, Any, Any]]] = {}
    for each in written:
        if each.deleted:
            if each.row.gone_at is not None:
                _choose_deleted(choice, each, rows, undone, systems, anew)
            continue
        if each.row.gone_at is not None:
            if each.row.key not in undone:
                choice.kept.append(line(each, None, why="the record was deleted since"))
            continue
        holds = split(each.row.effective_doc())
        if each.created:
            _choose_created(choice, each, holds, undone, systems)
            continue
        for unit, (old, new) in each.units.items():
            now = holds.get(unit)
            mine = apart.get(each.row.key, {}).get(unit)
            if now == old:
                continue
            if now == new and mine is not None and mine.own == new:
                choice.released.setdefault(each.row.key, set()).add(unit)
            elif now != new:
                choice.kept.append(line(each, unit, why="edited since", now=now))
            else:
                by_unit.setdefault(unit, []).append((each, old, new))
    by_key = {row.key: row for row in rows}
    for unit, found in sorted(by_unit.items()):
        _choose_unit(choice, unit, found, card.verdicts.get(unit), by_key, changes)
    return choice


def _choose_created(
    choice: Choice, each: Written, holds: Mapping[str, Any], undone: Mapping[str, str], systems: Systems
) -> None:
    row = each.row
    kind = systems[row.system].kinds.get(row.kind) if row.system in systems else None
    if undone.get(row.key) == row.digest.hex():
        choice.pending.add(row.key)
    elif holds != {unit: new for unit, (_, new) in each.units.items()}:
        choice.kept.append(line(each, None, why="the run made it, and it was changed since"))
    elif kind is None or not kind.write or not kind.capabilities.deletes:
        choice.cannot.append(line(each, None, why=f"the run made it, and records of {row.system} cannot be deleted"))
    else:
        choice.removed[row.key] = row.digest.hex()


def _choose_deleted(
    choice: Choice,
    each: Written,
    rows: Sequence[SourceRecord],
    undone: Mapping[str, str],
    systems: Systems,
    anew: Mapping[str, str],
) -> None:
    row = each.row
    kind = systems[row.system].kinds.get(row.kind) if row.system in systems else None
    if row.key in anew:
        compare = f"crm-bridge review compare {row.key} {anew[row.key]}"
        choice.kept.append(line(each, None, why=f"the run deleted it, and it may have been entered anew: `{compare}`"))
        return
    if row.key in undone:
        choice.released[row.key] = {WHOLE}
    if any((other.system, other.kind, other.gone_at) == (row.system, row.kind, None) for other in rows):
        if row.key not in undone_deletes(rows):
            choice.kept.append(line(each, None, why="the run deleted it, and its system has another one by now"))
    elif kind is not None and kind.write and kind.create:
        choice.restored.add(row.key)
    elif row.key not in undone:
        name = f"{row.system}/{row.kind}"
        why = f"the run deleted it, and no records of {name} are created (create = false); enter it anew there"
        choice.cannot.append(line(each, None, why=why))


def line(each: Written, unit: str | None, *, why: str, now: Any = None) -> dict[str, Any]:
    """A line about one record, or one unit of it."""
    told: dict[str, Any] = {"record": each.row.key, "client": each.row.client_id, "why": why}
    if unit is not None:
        old, new = each.units[unit]
        told |= {"path": unit, "before": old, "written": new} | ({"now": now} if now is not None else {})
    return told


def _choose_unit(
    choice: Choice,
    unit: str,
    found: Sequence[tuple[Written, Any, Any]],
    verdict: Verdict | None,
    by_key: Mapping[str, SourceRecord],
    changes: Sequence[HistoryRow],
) -> None:
    if head(unit) == "consents":
        why = "the newest word on a consent holds; ask the client, and enter the answer where it was given"
        choice.cannot.extend(line(each, unit, why=why) for each, _, _ in found)
        return
    stands = told_apart(unit, verdict.value if verdict is not None else None)
    same = [each for each in found if each[0].said.get(unit, stands) == stands]
    for each, _, _ in found:
        if each.said.get(unit, stands) != stands:
            if verdict is not None and is_undo(verdict.origin):
                choice.pending.add(each.row.key)
            else:
                choice.kept.append(line(each, unit, why="the card says something newer, which the next sync carries"))
    if not same:
        return
    word = _former(unit, same, verdict, by_key, changes)
    if word is not None:
        choice.words[unit] = word
        return
    for each, old, new in same:
        choice.apart.setdefault(each.row.key, {})[unit] = Apart(old, new, stands)


def is_undo(key: str) -> bool:
    """Whether the record of this key is the word of an undo."""
    return key.startswith(f"{PERSON}/") and key.endswith(":undo")


def _former(
    unit: str,
    found: Sequence[tuple[Written, Any, Any]],
    verdict: Verdict | None,
    by_key: Mapping[str, SourceRecord],
    changes: Sequence[HistoryRow],
) -> Word | None:
    """What the card said before the edit that was carried, where all these records had said it too."""
    origin = by_key.get(verdict.origin) if verdict is not None else None
    if verdict is None or origin is None:
        return None
    mark = marks_from(origin.marks).get(unit)
    if mark is None or mark.echo is not None or any(mark.seq < each.row.seq for each, _, _ in found):
        return None  # no edit, or one from before these records were known
    olds = [old for _, old, _ in found]
    stands = None if verdict.value is ABSENT else verdict.value
    for place, row in reversed(list(enumerate(changes))):
        if row.type == "client.changed" and unit in row.body["units"]:
            _, after = row.body["units"][unit]
            if told_apart(unit, after) != told_apart(unit, stands):
                break
            before = _before_the_run(changes[: place + 1], unit)
            if all(told_apart(unit, old) == told_apart(unit, before) or is_part(old, before) for old in olds):
                return Word(before, verdict)
            break
    if olds[0] is None or any(old != olds[0] for old in olds) or canonical(olds[0]) not in verdict.replaced:
        return None
    # The card never said it. Where another run had carried the edit to others already, it is those that it would go to.
    ours = {verdict.origin, *(each.row.key for each, _, _ in found)}
    others = (row for row in by_key.values() if row.gone_at is None and row.key not in ours)
    carried = told_apart(unit, stands)
    if any(told_apart(unit, split(row.effective_doc()).get(unit)) == carried for row in others):
        return None
    return Word(olds[0], verdict)


def _before_the_run(changes: Sequence[HistoryRow], unit: str) -> Any:
    """What the card said before the run that the last of ``changes`` is of: what it said for a moment in between, as
    one of two edits was read before the other, nobody saw."""
    before: Any = None
    for row in reversed(changes):
        if row.run_id != changes[-1].run_id:
            break
        if row.type == "client.changed" and unit in row.body["units"]:
            before, _ = row.body["units"][unit]
    return before
