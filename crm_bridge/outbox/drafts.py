"""Planning the writes of one client into one system: what differs there from the card, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from crm_bridge.hookspecs import PlannedField, PlannedWrite
from crm_bridge.mapping import WriteBack
from crm_bridge.outbox.consents_of_others import Foreign, consents_of_others, letter_about, still_there
from crm_bridge.outbox.create_keys import PastCreates, create_key
from crm_bridge.outbox.kept_apart import kept_apart, own_values, with_own
from crm_bridge.outbox.reasons import reason
from crm_bridge.outbox.several_addresses import addresses_beside, verdict_on
from crm_bridge.outbox.successors import in_their_rows
from crm_bridge.outbox.truces import NO_TRUCES, Truces, War, own_there
from crm_bridge.outbox.undecided import NO_QUESTIONS, Question, own_of, undecided, waiting
from crm_bridge.outbox.words_of_others import words_of_others
from crm_bridge.run_context.systems import Kind, System
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.echoes import echoes_from
from crm_bridge.store.journal import Intent
from crm_bridge.store.letters import Letter
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import ABSENT, Echo
from crm_bridge.sync.deletions import lives
from crm_bridge.sync.rules import Survivorship
from crm_bridge.sync.survivorship import Card, survive
from crm_bridge.sync.units import changed, head, is_value_keyed, split

NO_CREATES: Mapping[tuple[str, str], PastCreates] = {}
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Draft:
    """One write, planned: what people see of it, what the connector is given, and what settles it.

    Attributes:
        record: the record as we know it; ``None`` for a create.
        units: unit → value that the record will say afterwards (``None``: nothing); only those that change.
        echoes: unit → whose claim is carried over, and what it stands above.
        key: of a create, stable over all tries; ``None``: the write's own id.
        repeats: the earlier try that this create is a repetition of, byte for byte: what changed since follows it.
        entry: of a write that a plan file names: its identity there, hexadecimal.
    """

    planned: PlannedWrite
    kind: Kind
    record: SourceRecord | None
    fields: Mapping[str, Any]
    full: Mapping[str, Any]
    units: Mapping[str, Any]
    echoes: Mapping[str, Echo]
    key: str | None = None
    repeats: Intent | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class ClientDrafts:
    """All writes of one client into one system; ``letters`` where the card cannot be expressed there, ``waits`` for
    what would be written but for an open question; ``wars`` for what is put back there each time."""

    drafts: Sequence[Draft]
    letters: Sequence[Letter]
    waits: Sequence[Letter] = ()
    wars: Sequence[War] = ()


def draft_client(
    client: StoredClient,
    rows: Sequence[SourceRecord],
    system: System,
    *,
    policy: Survivorship,
    may_create: bool = True,
    waits_for: str | None = None,
    created: Mapping[tuple[str, str], PastCreates] = NO_CREATES,
    truces: Truces = NO_TRUCES,
    questions: Mapping[str, Question] = NO_QUESTIONS,
) -> ClientDrafts:
    """What has to be written into ``system`` so that it says what the card says.

    Args:
        rows: every record linked to the client, of all systems.
        may_create: ``False`` while nobody knows whether an earlier create arrived.
        waits_for: what has to be decided before the client is created anywhere: ``review case 7``.
        created: (client id, kind) → what came of earlier creates, where there were any.
        truces: what is put back there each time, and written no more.
        questions: path → what somebody has to decide, or would not decide, about it.
    """
    contributions = [row.contribution() for row in rows if row.entity == "client"]
    said = {each.key: each for each in contributions}
    card = survive(contributions, policy=policy, current=client.doc())
    apart = kept_apart(rows)
    open_units = undecided(card, questions, policy=policy)
    drafts: list[Draft] = []
    letters: list[Letter] = []
    waits: list[Letter] = []
    wars: list[War] = []
    for kind in system.targets():
        held = [row for row in rows if row.system == system.name and row.kind == kind.name and row.gone_at is None]
        for row in held:
            own = addresses_beside(said[row.key], contributions, card)
            if row.key in apart:
                own |= own_values(row, apart[row.key], card)
            foreign = consents_of_others(said[row.key], contributions, card, at=client.updated_at)
            own |= {unit: each.withdrawn for unit, each in foreign.items()}
            others = words_of_others(said[row.key], contributions, card)
            if open_units:
                would = _write_back(kind, row, held, card, own, others)
                own |= own_of(row, open_units)
            back = _write_back(kind, row, held, card, own, others)
            if open_units:
                waits.extend(waiting(kind, row, open_units.values(), held=would.changes, made=back.changes))
            stopped = truces.stopped(row, kind, back)
            if stopped:
                wars.extend(stopped)
                own = {**own, **own_there(row, kind, back.full, back.changes, stopped)}
                back = _write_back(kind, row, held, card, own, others)
                if truces.stopped(row, kind, back):
                    continue  # it cannot be set apart from what is written with it
            stays = still_there(foreign, kind.mapping.read(back.full).doc) if foreign else ()
            letters.extend(letter_about(unit, kind, row, client, back) for unit in stays)
            _add(client, kind, row, card, back, drafts, letters, own=own, foreign=foreign)
        if (
            not held
            and may_create
            and kind.create
            and kind.mapping.entity == card.doc.get("kind")
            and lives(contributions)  # else it was deleted before it got here
            and not _was_there(rows, kind)
        ):
            if waits_for is not None:
                waits.append(_waiting(client, kind, waits_for))
                continue
            past = created.get((client.id, kind.name), PastCreates())
            if past.unproven is not None:
                drafts.append(repetition(past.unproven, kind))
                continue
            key = create_key(client.id, system=kind.system, kind=kind.name, generation=past.generation)
            _add(client, kind, None, card, kind.mapping.write(None, card.doc), drafts, letters, key=key)
    return ClientDrafts(drafts, letters, waits, wars)


def _write_back(
    kind: Kind,
    row: SourceRecord,
    held: Sequence[SourceRecord],
    card: Card,
    own: Mapping[str, Any],
    others: Mapping[str, Any],
) -> WriteBack:
    """The card, but for the record's ``own`` units, as a write to ``row``. What are ``others``' words is not kept."""
    doc = _successors_first(_for_record(with_own(card.doc, own), row, held), row, card)
    doc = in_their_rows(doc, orjson.loads(row.doc), card)
    return kind.mapping.write(orjson.loads(row.raw), doc, not_kept=others)


def repetition(earlier: Intent, kind: Kind) -> Draft:
    """The very create that was sent before: a system that has it by now must not be told something else by its key."""
    request = earlier.request
    return Draft(
        planned=PlannedWrite(
            system=kind.system,
            kind=kind.name,
            operation="create",
            record_id=None,
            client_id=earlier.client_id,
            fields=tuple(PlannedField(*each) for each in request["why"]),
        ),
        kind=kind,
        record=None,
        fields=request["fields"],
        full=request["full"],
        units=request["units"],
        echoes=echoes_from(request),
        key=request["key"],
        repeats=earlier,
    )


def _waiting(client: StoredClient, kind: Kind, waits_for: str) -> Letter:
    return Letter(
        stage="write",
        system=kind.system,
        kind=kind.name,
        record_id=f"new for {client.id}",
        code="waits",
        message=f"waits for {waits_for}",
        client_id=client.id,
    )


def _was_there(rows: Sequence[SourceRecord], kind: Kind) -> bool:
    """A record that its system deleted is not created again behind its back, unless an edit kept the client."""
    return any(row.system == kind.system and row.kind == kind.name and row.gone_how is None for row in rows)


def _for_record(doc: Mapping[str, Any], row: SourceRecord, held: Sequence[SourceRecord]) -> Mapping[str, Any]:
    """The card as this record may be told it: the ids of its siblings in the same system are theirs alone."""
    siblings = [other for other in held if other.pk != row.pk]
    if not siblings or "identifiers" not in doc:
        return doc
    mine = _record_ids(row)
    theirs = {identity for other in siblings for identity in _record_ids(other)} - mine
    kept = [item for item in doc["identifiers"] if (item["system"], item["value"]) not in theirs]
    return {**doc, "identifiers": kept}


def _successors_first(doc: Mapping[str, Any], row: SourceRecord, card: Card) -> Mapping[str, Any]:
    """``doc`` with what took the place of the record's own items before others that its fields could hold."""
    cleared = [unit for unit, each in card.verdicts.items() if each.value is ABSENT and is_value_keyed(unit)]
    gone = split(orjson.loads(row.doc)).keys() & cleared if cleared else None
    if not gone:
        return doc
    order: dict[str, list[Any]] = {}
    for unit, verdict in card.verdicts.items():
        if verdict.value is not ABSENT and gone.intersection(verdict.replaced) and is_value_keyed(unit):
            order.setdefault(head(unit), []).append(verdict.value)
    first = {name: [item for item in doc.get(name, ()) if item in items] for name, items in order.items()}
    moved = {
        name: [*items, *(item for item in doc[name] if item not in items)] for name, items in first.items() if items
    }
    return {**doc, **moved}


def _record_ids(row: SourceRecord) -> set[tuple[str, str]]:
    doc = orjson.loads(row.doc)
    return {
        (item["system"], item["value"]) for item in doc.get("identifiers", ()) if item.get("type", "record") == "record"
    }


def _add(
    client: StoredClient,
    kind: Kind,
    row: SourceRecord | None,
    card: Card,
    back: WriteBack,
    drafts: list[Draft],
    letters: list[Letter],
    *,
    key: str | None = None,
    own: Mapping[str, Any] = NOTHING,
    foreign: Mapping[str, Foreign] = NOTHING,
) -> None:
    stopped = [problem for problem in back.problems if problem.severity == "quarantine"]
    held_back = f"; with it wait: {', '.join(back.waiting)}" if back.waiting else ""
    letters.extend(
        Letter(
            stage="write",
            system=kind.system,
            kind=kind.name,
            record_id=row.record_id if row else f"new for {client.id}",
            code=problem.code,
            path=problem.path,
            message=f"{problem.field}: {problem.message}{held_back}",
            hint=f"mend the value where it comes from, or the mapping {kind.mapping.name}",
            value=problem.value,
            client_id=client.id,
        )
        for problem in stopped
    )
    if stopped or not back.changes:
        return
    before = split(orjson.loads(row.doc)) if row else {}
    after = split(kind.mapping.read(back.full).doc)
    units = {unit: after.get(unit) for unit in changed(before, after)}
    drafts.append(
        Draft(
            planned=PlannedWrite(
                system=kind.system,
                kind=kind.name,
                operation="update" if row else "create",
                record_id=row.record_id if row else None,
                client_id=client.id,
                fields=tuple(
                    PlannedField(
                        each.path, each.field, each.old, each.new, reason(each, before=before, units=units, card=card)
                    )
                    for each in back.changes
                ),
            ),
            kind=kind,
            record=row,
            fields=back.fields,
            full=back.full,
            units=units,
            echoes={
                unit: Echo(row.key) if row is not None and unit in own else verdict.echo(row.key if row else "")
                for unit, value in units.items()
                if (verdict := verdict_on(card, unit, value)) is not None
            }
            | {unit: Echo(each.origin, (), units[unit]) for unit, each in foreign.items() if unit in units},
            key=key,
        )
    )
