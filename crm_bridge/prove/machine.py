"""The machine: carries out steps on the real engine and store, and judges what stands when all trouble has ended."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from crm_bridge.connector import InboundRequest
from crm_bridge.errors import UserMistake
from crm_bridge.prove.fields import Field
from crm_bridge.prove.ground import Leaf, can_say, refusal_in
from crm_bridge.prove.judgement import judge
from crm_bridge.prove.oracle import Wrong, shown
from crm_bridge.prove.stand import Client, Lost, Stand
from crm_bridge.prove.steps import (
    TROUBLES,
    Add,
    Answer,
    Delete,
    Edit,
    Empty,
    MergeAndBack,
    Step,
    Sync,
    TakeUp,
    Tell,
    Trouble,
)
from crm_bridge.prove.systems import Killed
from crm_bridge.store import journal

CYCLES = 2


class Machine(Stand):
    """A stand where things happen, and come to rest."""

    # Steps.

    def take(self, step: Step) -> None:
        """Carry out one step; one that fits nothing does nothing."""
        match step:
            case Edit():
                self._edit(self._field(step.field), step.client)
            case Empty():
                self._empty(self._field(step.field), step.client)
            case Add():
                self.add([self._name(step.system)])
            case Delete():
                self._delete(self._name(step.system), step.client)
            case Sync():
                self._sync_some(step)
            case Trouble():
                self._trouble(self._name(step.system), step.what % len(TROUBLES), step.field)
            case TakeUp():
                self._take_up(self._name(step.system))
            case MergeAndBack():
                self._merge_and_back(step.client, at_once=step.at_once)
            case Tell():
                self._tell(self._name(step.system), step.client, step.how)
            case Answer():
                self._answer()

    def add(self, systems: Sequence[str]) -> Client:
        """A new client in these systems, the same in each of them."""
        client = Client(len(self.clients))
        self.clients.append(client)
        values = {
            leaf.name: leaf.value(next(self._numbers), used=0)
            for leaf in self.ground.leaves.values()
            if not leaf.is_consent and any(name in leaf.holders for name in systems)
        }
        for name in [leaf for leaf in values if self.ground.leaves[leaf].is_vague]:
            same = next((each for each in values if each.startswith(f"{name[:-1]}/")), name)
            values[name] = values[same]  # a column that does not say what its number is for holds the first there is
        for name in systems:
            system = self.systems[name]
            samples = self.declared.samples.get(name) or [{}]
            record: dict[str, Any] = dict(copy.deepcopy(samples[client.number % len(samples)]))
            for leaf in self.ground.of_system(name):
                value = values.get(leaf.name)
                if value is not None and can_say(leaf.holders[name], value):
                    record = leaf.holders[name].put(record, value, at=self._moment(), new_row=system.new_id())
            record_id = system.new_id()
            system.keep(record_id, record)
            client.records[name] = [record_id]
        for leaf_name, value in values.items():
            leaf = self.ground.leaves[leaf_name]
            elsewhere = leaf.is_slot and any(values[each] == value for each in values if each != leaf_name)
            if value is not None and not (elsewhere and leaf.is_vague):
                self.oracle.made(
                    client=client.number, leaf=leaf.name, unit=leaf.unit, system=systems[0], source="",
                    value=value, first=True,
                )  # fmt: skip
        for name in systems:
            self._observe(name, client)
        self.story.append(f"Client {client.number + 1} is entered in {_listed(systems)}.")
        return client

    def _edit(self, where: Field, which: int) -> None:
        found = self._record(where.system, which)
        if found is None:
            return
        client, record_id = found
        leaf, held = self.ground.leaves[where.leaf], self.shows(where.system, record_id)
        was = held.get(leaf.name)
        home = self._home(leaf, client, was)
        if home is None:
            return
        value = home.value(next(self._numbers), used=self.oracle.uses(client.number, home.name))
        if value is None or (leaf.is_slot and was is None):
            return
        said = refusal_in(where) if leaf.shown(value) == "refused" else value
        if where.column.transform == "flag" and leaf.is_consent:
            said = "on"
        elif not can_say(where, said):
            return
        self._save(where, client, record_id, home, said, leaf.shown(value), was)

    def _empty(self, where: Field, which: int) -> None:
        found = self._record(where.system, which)
        leaf = self.ground.leaves[where.leaf]
        if found is None or where.system not in leaf.may_be_emptied:
            return
        client, record_id = found
        was = self.shows(where.system, record_id).get(leaf.name)
        if was is not None and self.oracle.said(client.number, leaf.name, None) is None:
            self._save(where, client, record_id, leaf, None, None, was)

    def _save(
        self,
        where: Field,
        client: Client,
        record_id: str,
        leaf: Leaf,
        said: str | None,
        value: str | None,
        was: str | None,
    ) -> None:
        self.now += timedelta(days=2) if where.is_consent else timedelta(seconds=1)
        system = self.systems[where.system]
        self._observe(where.system, client)
        record = where.put(system.held.records[record_id], said, at=self._moment(), new_row=system.new_id())
        system.keep(record_id, record)
        edit = self.oracle.made(
            client=client.number, leaf=leaf.name, unit=leaf.unit, system=where.system, source=where.source, value=value
        )
        if system.is_told_to_delete(record_id):
            self.oracle.excused.add(edit.number)  # nobody can call the delete back that will take this along
        self._observe(where.system, client)
        self.story.append(
            f"A user of {where.system} changes {where.source} of client {client.number + 1}: "
            f"{shown(was)} becomes {shown(value)}."
        )

    def _delete(self, name: str, which: int) -> None:
        said = self.declared.kinds[name].capabilities
        found = self._record(name, which)
        if found is None or not (said.deletes_visible or said.complete_listing):
            return
        client, record_id = found
        gone = self.shows(name, record_id)
        elsewhere: dict[str, set[str | None]] = {}
        for other, ids in client.records.items():
            for each in ids:
                if each != record_id:
                    for leaf, value in self.shows(other, each).items():
                        elsewhere.setdefault(leaf, set()).add(value)
        for leaf, value in gone.items():
            edit = self.oracle.said(client.number, leaf, value)
            if edit is not None and value not in elsewhere.get(leaf, set()):
                self.oracle.excused |= self.oracle.only_here(edit, elsewhere.get(leaf, set()))
        self.systems[name].delete(record_id)
        client.records[name].remove(record_id)
        if self.declared.kinds[name].spreads and not client.records[name]:
            self.oracle.deleted(name, client.number)
        self.swept = self.swept or not said.deletes_visible
        self.story.append(f"A user of {name} deletes the record of client {client.number + 1}.")

    def _trouble(self, name: str, what: int, number: int) -> None:
        system, said = self.systems[name], self.declared.kinds[name].capabilities
        match what:
            case 0 | 1:
                system.lose.append(what == 0)
            case 2 if said.conditional_writes:
                system.stale += 1
            case 3 if said.conditional_writes:
                own = [each for each in self.ground.editable if each.system == name]
                if own:
                    where = own[number % len(own)]
                    system.before_write.append(lambda: self._edit(where, number))
            case 4:
                system.before_write.append(_die)
            case 5:
                system.after_write.append(_die)
            case 6:
                system.away += 1
            case 7:
                system.disorder = 1 + number % 7
            case _:
                return
        self.story.append(f"{name}: {TROUBLES[what]}.")

    def _take_up(self, name: str) -> None:
        if self.systems[name].held.not_taken_up:
            self.systems[name].take_up()
            self.story.append(f"{name} takes up what it was sent.")

    def _tell(self, name: str, which: int, how: int) -> None:
        found = self._record(name, which)
        if found is None or name not in self.declared.tell:
            return
        ids = sorted(self.systems[name].held.records, reverse=True) if how & 2 else [found[1]]
        for _ in range(2 if how & 1 else 1):
            request = InboundRequest("POST", "/", {}, {}, " ".join(ids).encode(), self.now)
            self.bridge.receive(name, request)
        self.story.append(f"{name} tells that {_listed(ids)} changed{', twice' if how & 1 else ''}.")
        if not how & 4:
            self.now += timedelta(seconds=1)
            self.bridge.process_inbox()

    def _merge_and_back(self, which: int, *, at_once: bool) -> None:
        if len(self.clients) < 2:
            return
        one, other = self.clients[which % len(self.clients)], self.clients[(which + 1) % len(self.clients)]
        if not at_once:
            self.come_to_rest()
        keys = [self._key(one), self._key(other)]
        if None in keys:
            return
        before = {each: self._whole(each) for each in (one.number, other.number)}
        first, second = (self._client_of(*key) for key in keys if key is not None)
        if first is None or second is None or first == second:
            return
        self.story.append(f"Somebody makes clients {one.number + 1} and {other.number + 1} one, and takes it back.")
        try:
            self.bridge.merge(first, second, by="prover", reason="a trial", despite_identifiers=True)
        except UserMistake:
            return
        self._sync([*self.systems])
        for name, ids in other.records.items():
            for record_id in ids:
                kept = self._client_of(name, record_id)
                if kept == first:
                    key = f"{name}/{self.declared.kinds[name].name}/{record_id}"
                    self.bridge.unmerge(first, key, by="prover", reason="back")
        self.link(other)
        for _ in range(CYCLES):
            self._cycle()
        for number, was in before.items():
            for key, now in self._whole(number).items():
                # What a record did not have before the merge is taken out again only where its mapping lets it.
                self.kept_of_merge |= {
                    (number, leaf) for leaf, value in now.items() if value and not was.get(key, {}).get(leaf)
                }
        self.come_to_rest()

    # Running, dying, coming to rest.

    def _sync_some(self, step: Sync) -> None:
        names = list(self.systems)
        left_out = names[step.without % len(names)] if step.without and len(names) > 1 else None
        going = [name for name in names if name != left_out]
        dies = f", and dies at its step {step.dies_at}" if step.dies_at else ""
        self.story.append(f"The bridge syncs{f' without {left_out}' if left_out else ''}{dies}.")
        self._dies_at, self._commits = step.dies_at, 0
        self._sync(going)
        self._dies_at = 0

    def _sync(self, systems: Sequence[str]) -> Any:
        self.now += timedelta(minutes=2)
        try:
            return self.bridge.sync(list(systems), allow_large_change=True, sweep=self.swept)
        except Killed:
            self.story.append("The process dies, and is started again.")
            self.bridge = self._opened()
            return None

    def come_to_rest(self) -> None:
        """Trouble ends; people answer what they are asked. Two cycles later nothing is left to write.

        Raises:
            Lost: it does not come to rest, or not as it should.
        """
        for system in self.systems.values():
            system.calm()
        for _ in range(1 + len(TROUBLES)):
            written = self._cycle()
            if not self._answer():
                break
        for _ in range(CYCLES):
            if not written:
                break  # the last one will show whether that was all
            written = self._cycle()
        written = self._cycle()
        self._take_all_up()
        wrong = [*self.wrong, *judge(self)]
        self.oracle.deletions.clear()
        if written:
            wrong.append(Wrong(f"it does not come to rest: {written} more writes in the third cycle"))
        if wrong:
            raise Lost(wrong, [*self.story, "All trouble ends, and the bridge syncs until it should be at rest."])

    def _cycle(self) -> int:
        self._take_all_up()
        report = self._sync([*self.systems])
        stopped = dict(report.stopped)
        if stopped:
            self.wrong.append(Wrong(f"a run was stopped: {stopped}"))
        return int(report.written)

    def _take_all_up(self) -> None:
        for system in self.systems.values():
            system.take_up()

    def _answer(self) -> bool:
        """A person finds out in the systems what became of doubtful writes, and says so. Whether there were any."""
        doubtful = self.bridge.unknown_list()
        for each in doubtful:
            arrived = self.systems[each["system"]].held.arrived
            with self.bridge.reading() as connection:
                key = _key_of(connection, each["id"])
            made = arrived.get(key)
            new = each["record"].endswith(":new")
            self.bridge.unknown_resolve(
                each["id"],
                arrived=made is not None,
                record_id=made if new else None,
                send_again=False,
                despite_identifiers=True,
                deleted_since=made is not None,
                by="prover",
            )
        return bool(doubtful)


def _key_of(connection: Connection, intent_id: str) -> str:
    found = journal.one(connection, intent_id)
    return str(found.request["key"]) if found is not None else ""


def _die() -> None:
    raise Killed


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
