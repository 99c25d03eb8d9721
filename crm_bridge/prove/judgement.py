"""What must hold at rest: no edit lost, nothing said by nobody, nobody twice, deletions carried, systems in step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_bridge.prove.ground import Leaf
from crm_bridge.prove.oracle import Deletion, Edit, Wrong, shown

if TYPE_CHECKING:
    from crm_bridge.prove.stand import Client, Stand

EVERY_LETTER = 10_000


def judge(stand: Stand) -> Iterator[Wrong]:
    """Everything that is wrong now, of each client."""
    letters = stand.bridge.dead_letters(limit=EVERY_LETTER)
    for client in stand.clients:
        waiting = _waiting(stand, client, letters)
        for name, ids in client.records.items():
            if len(ids) > 1:
                yield Wrong(f"client {client.number + 1} has {len(ids)} records in {name}: it was created twice")
        for leaf in stand.ground.leaves.values():
            if (client.number, leaf.name) not in stand.kept_of_merge:
                yield from _of_leaf(stand, client, leaf, waiting)
        deletions = [each for each in stand.oracle.deletions if each.client == client.number]
        if deletions:
            yield from _of_deletions(stand, client, deletions, waiting)


def _waiting(stand: Stand, client: Client, letters: Sequence[Mapping[str, Any]]) -> set[str]:
    """Systems where a write of this client is a dead letter: what stands there waits for a person."""
    own = {(name, each) for name, ids in client.records.items() for each in ids}
    new = {f"new for {stand._client_of(*key)}" for key in own} if letters else set()
    return {
        each["system"] for each in letters if (each["system"], each["record_id"]) in own or each["record_id"] in new
    }


def _of_deletions(stand: Stand, client: Client, deletions: list[Deletion], waiting: set[str]) -> Iterator[Wrong]:
    """One that knew all edits takes the client along; one that did not know an edit leaves it where it was made."""
    number = client.number + 1
    unseen = [stand.oracle.unseen(each) for each in deletions]
    if not all(unseen):
        for name, ids in client.records.items():
            kind = stand.declared.kinds[name]
            if ids and name not in waiting and kind.write and kind.capabilities.deletes:
                yield Wrong(f"client {number} was deleted in {deletions[0].system}, and is still in {name}")
        return
    for edit in unseen[0]:
        if all(edit in each for each in unseen[1:]) and all(_would_come(stand, edit, each) for each in deletions):
            by_hand = edit.number in stand.oracle.excused
            if not by_hand and edit.system not in waiting and not client.records.get(edit.system):
                said = f"{edit.leaf} {shown(edit.value)} in {edit.system}"
                yield Wrong(f"client {number} was deleted over an edit that nobody had seen: {said}", edit)


def _would_come(stand: Stand, edit: Edit, deletion: Deletion) -> bool:
    """Whether the edit would have come to the deleting system for certain, were the record still there."""
    leaf = stand.ground.leaves[edit.leaf]
    holder = leaf.holders.get(deletion.system)
    plain = not leaf.is_consent and not leaf.is_vague and edit.value is not None
    return holder is not None and holder.written and plain and stand.oracle.undisputed(edit)


def _of_leaf(stand: Stand, client: Client, leaf: Leaf, waiting: set[str]) -> Iterator[Wrong]:
    stands: dict[str, str | None] = {}
    for name, holder in leaf.holders.items():
        for record_id in client.records.get(name, ()):
            held = stand.systems[name].held.records.get(record_id)
            if held is None or name in waiting:
                continue
            value = stand.shows(name, record_id)[leaf.name]
            edit = _said(stand, client, leaf, value)
            if edit is None:
                if value is not None or stand.oracle.uses(client.number, leaf.name):
                    yield from _strange(stand, client, leaf, name, value)
                continue
            if holder.written:
                yield from stand.oracle.lost_under(edit)
                stands[name] = value
    if len(set(stands.values())) > 1 and not leaf.is_vague:
        told = ", ".join(f"{name} {shown(value)}" for name, value in stands.items())
        yield Wrong(f"{leaf.name} of client {client.number + 1} differs for good: {told}")


def _said(stand: Stand, client: Client, leaf: Leaf, value: str | None) -> Edit | None:
    if leaf.is_slot:
        return stand.oracle.said_in_list(client.number, leaf.name.rstrip("]").partition("/")[0], value)
    return stand.oracle.said(client.number, leaf.name, value)


def _strange(stand: Stand, client: Client, leaf: Leaf, name: str, value: str | None) -> Iterator[Wrong]:
    if value is not None:
        yield Wrong(f"{leaf.name} of client {client.number + 1} is {shown(value)} in {name}: nobody said that")
        return
    said = [each for each in stand.oracle.edits if each.client == client.number and each.leaf == leaf.name]
    last = [each for each in said if each.system == name and each.number not in stand.oracle.excused]
    if last and not any(each.value is None for each in said):
        yield Wrong(f"{leaf.name} of client {client.number + 1} is empty in {name}: nobody emptied it", last[-1])
    elif leaf.holders[name].written and said and not stand.oracle.excused:
        yield Wrong(f"{leaf.name} of client {client.number + 1} never came to {name}", said[-1])
