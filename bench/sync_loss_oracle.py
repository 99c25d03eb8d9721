"""What users of two systems did in one round, and what must stand at its end. Knows nothing of who syncs.

Each edit makes a value that its field never had, so a value tells its edit, and an edit knows which ones its user's
system had received. At rest an edit may be gone only under one that had seen it, or that was made beside it in the
other system. A deletion takes the client along, but for edits in the other system that the deleting one had not
received. One case nobody can decide: a sync was killed after it had written an edit and before it knew so, and then
the record was deleted; what its users had seen went with it. That the client stays then is counted for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sync_loss_systems import EDITED, System

KEPT = "deletes kept in doubt"
OTHER = {"a": "b", "b": "a"}
Shown = dict[str, dict[str, list[dict[str, str]]]]


@dataclass(frozen=True, slots=True)
class Edit:
    """``past``: numbers of the edits of this field that its system had received."""

    number: int
    system: str
    last_name: str
    field: str
    value: str
    past: frozenset[int]


@dataclass(slots=True)
class Round:
    """Everything since the systems were last at rest.

    Attributes:
        told: (client, ``None``: all of them) and what happened, in order.
        wronged: what was wrong, and to which client, when it was judged.
    """

    start: Shown
    told: list[tuple[str | None, str]] = field(default_factory=list)
    wronged: list[tuple[str, str]] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, dict[str, frozenset[int]]] = field(default_factory=dict)
    _doubtful: set[tuple[str, int]] = field(default_factory=set)
    _received: dict[tuple[str, str, str], set[int]] = field(default_factory=dict)
    _by_value: dict[tuple[str, str, str], Edit] = field(default_factory=dict)

    @property
    def operations(self) -> int:
        return len(self.edits) + len(self.added) + sum(map(len, self.deleted.values()))

    def edit(self, system: str, last_name: str, name: str, value: str) -> None:
        past = frozenset(self._received.get((system, last_name, name), ()))
        made = Edit(len(self.edits), system, last_name, name, value, past)
        self.told.append((last_name, f"{system}: {name} = {value} (edit {made.number}, over {sorted(past)})"))
        self.edits.append(made)
        self._by_value[last_name, name, value] = made
        self._receive(system, made)

    def add(self, system: str, last_name: str) -> None:
        self.told.append((last_name, f"{system}: added"))
        self.added[last_name] = system

    def delete(self, system: str, last_name: str) -> None:
        self.told.append((last_name, f"{system}: deleted"))
        known: set[int] = set()
        for name in EDITED:
            known |= self._received.get((system, last_name, name), set())
        self.deleted.setdefault(last_name, {})[system] = frozenset(known)

    def observe(self, systems: Mapping[str, System], *, killed: bool) -> None:
        """Users see what the systems show now; ``killed``: who wrote it may not know that it did."""
        self.told.append((None, f"the sync {'was killed' if killed else 'ended'}; users see what is there"))
        for system, held in systems.items():
            for last_name, records in held.records().items():
                for name in EDITED:
                    said = self._by_value.get((last_name, name, records[0].get(name, "")))
                    if said is not None:
                        self._receive(system, said)
                        if killed and said.system != system:
                            self._doubtful.add((system, said.number))

    def _receive(self, system: str, edit: Edit) -> None:
        self._received.setdefault((system, edit.last_name, edit.field), set()).update({edit.number}, edit.past)

    def judge(self, end: Shown) -> Counter[str]:
        """Counts of what is wrong; empty where nothing is."""
        wrong: Counter[tuple[str, str]] = Counter()
        for last_name in {*self.added, *self.deleted, *(each for held in end.values() for each in held)}:
            there = {system: end[system].get(last_name, []) for system in end}
            for system, records in there.items():
                before = self.start[system].get(last_name, [])
                wrong["duplicates", last_name] += max(0, len(records) - max(1, len(before)))
            wrong[self._of_presence(last_name, there), last_name] += 1
        for edit in self.edits:
            wrong["edits lost", edit.last_name] += self._is_lost(edit, end)
        for last_name in self._left_different(end):
            wrong["left different", last_name] += 1
        self.wronged = [which for which, times in wrong.items() if times and which[0] != "nothing"]
        return sum((Counter({which[0]: wrong[which]}) for which in self.wronged), Counter())

    def story(self, last_name: str, end: Shown) -> Iterator[str]:
        """What happened to one client, a line each."""
        yield from (f"{system} before: {self.start[system].get(last_name)}" for system in self.start)
        yield from (what for whom, what in self.told if whom in (None, last_name))
        yield from (f"{system} at rest: {end[system].get(last_name)}" for system in end)

    def _of_presence(self, last_name: str, there: Mapping[str, list[dict[str, str]]]) -> str:
        absent = [system for system, records in there.items() if not records]
        by = self.deleted.get(last_name)
        if by is not None:
            if len(by) == 2 or not self._unseen(last_name, by):
                if len(absent) == 2:
                    return "nothing"
                return KEPT if len(by) == 1 and not absent and self._in_doubt(last_name, *by) else "deletes missed"
            return "deletes wrongly made" if absent else "nothing"
        if last_name in self.added:
            return "new clients lost" if absent else "nothing"
        gone = [system for system in absent if last_name in self.start[system]]
        return "deletes wrongly made" if gone else "nothing"

    def _in_doubt(self, last_name: str, system: str) -> bool:
        return any(each.last_name == last_name and (system, each.number) in self._doubtful for each in self.edits)

    def _unseen(self, last_name: str, by: Mapping[str, frozenset[int]]) -> list[Edit]:
        """Edits in the other system that the deleting one had not received."""
        [(system, known)] = by.items()
        mine = (each for each in self.edits if each.last_name == last_name and each.system == OTHER[system])
        return [each for each in mine if each.number not in known]

    def _is_lost(self, edit: Edit, end: Shown) -> bool:
        by = self.deleted.get(edit.last_name, {})
        if by and (len(by) == 2 or edit not in self._unseen(edit.last_name, by)):
            return False  # it went with the record, by its own user's or a knowing word
        for held in end.values():
            records = held.get(edit.last_name)
            if not records:
                if by or edit.last_name in self.added:
                    continue  # counted with the deletion, or the new client
                return True
            stands = self._by_value.get((edit.last_name, edit.field, records[0].get(edit.field, "")))
            if stands is None or stands.number in edit.past:
                return True
        return False

    def _left_different(self, end: Shown) -> Iterator[str]:
        """For each field that was the same in both systems before, and is not now, though no edit of it is lost: whose
        it is."""
        for last_name, [one, *_] in end["a"].items():
            for other in end["b"].get(last_name, [])[:1]:
                for name in EDITED:
                    before = [self.start[each].get(last_name, [{}])[0].get(name) for each in "ab"]
                    of_it = [each for each in self.edits if (each.last_name, each.field) == (last_name, name)]
                    differs = one.get(name) != other.get(name) and before[0] == before[1]
                    if differs and not any(self._is_lost(each, end) for each in of_it):
                        yield last_name
