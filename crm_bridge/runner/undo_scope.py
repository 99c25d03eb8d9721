"""What one run wrote, from the journal and the history: record by record, with what each unit held before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from crm_bridge.matching import UNLIKELY, match, match_keys
from crm_bridge.outbox.kept_apart import told_apart
from crm_bridge.runner.undo_choice import Written, is_undo
from crm_bridge.store import history, journal, notices, records, runs
from crm_bridge.store.echoes import echoes_from
from crm_bridge.store.journal import Intent
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import Echo

AT_ONCE = 200  # clients
LEAST_SURE = ("open", "unknown")


@dataclass(slots=True)
class Scope:
    """``owners``: the clients whose records these are now, merges since followed."""

    written: list[Written] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)


def written_by(connection: Connection, run_id: str, whose: Sequence[str]) -> Scope:
    """What the run wrote for these clients, as far as it was accepted. Of an undo, what it took back: the edits that it
    carried besides are nobody's to turn over with it."""
    run = runs.get(connection, run_id)
    is_undo_run = run is not None and run["kind"] == "undo"
    intents = {each.id: each for each in journal.of_run(connection, run_id, whose) if each.state == "accepted"}
    units: dict[int, dict[str, tuple[Any, Any]]] = {}
    said: dict[int, dict[str, str | None]] = {}
    created: set[int] = set()
    for mine in history.of_clients(connection, list(whose)).values():
        for row in mine:
            intent = intents.get(str(row.body.get("intent"))) if row.type == "record.written" else None
            if intent is None or row.record_pk is None:
                continue
            before = units.setdefault(row.record_pk, {})
            echoes = echoes_from(intent.request)
            for unit, (old, new) in row.body["units"].items():
                if is_undo_run and not _took_back(intent, echoes.get(unit)):
                    continue
                before[unit] = (before[unit][0] if unit in before else old, new)
            said.setdefault(row.record_pk, {}).update(_carried(intent, echoes))
            if intent.operation == "create":
                created.add(row.record_pk)
    scope = Scope()
    for pk, record in sorted(records.by_pks(connection, units).items()):
        scope.written.append(Written(record, pk in created, False, units[pk], said[pk]))
    for intent in intents.values():
        if intent.operation == "delete" and intent.record_id is not None:
            gone = records.one(connection, intent.system, intent.kind, intent.record_id)
            if gone is not None:
                scope.written.append(Written(gone, False, True, {}, {}))
    scope.owners = sorted({each.row.client_id for each in scope.written if each.row.client_id})
    return scope


def entered_anew(connection: Connection, deleted: Sequence[SourceRecord]) -> dict[str, str]:
    """Key of a deleted record → the record of another client by now that is or may be the same person or company."""
    docs = {row.key: row.effective_doc() for row in deleted}
    keys = {key: match_keys(doc) for key, doc in docs.items()}
    holders = records.pks_by_key(connection, sorted({name for names in keys.values() for name in names}))
    others = records.by_pks(connection, {pk for pks in holders.values() for pk in pks})
    found: dict[str, str] = {}
    for row in deleted:
        near = {pk for name in keys[row.key] for pk in holders.get(name, ())}
        for other in (others[pk] for pk in sorted(near)):
            if other.gone_at is None and other.client_id not in (None, row.client_id) and row.key not in found:
                verdict = match(docs[row.key], other.effective_doc())
                if verdict is not None and verdict.grade != UNLIKELY:
                    found[row.key] = other.key
    return found


def _took_back(intent: Intent, echo: Echo | None) -> bool:
    """Whether the write of an undo carried its own word there, or gave the record back what it had said itself."""
    kind = f"{intent.system}/{intent.kind}/"
    return echo is None or is_undo(echo.origin) or echo.origin.startswith(kind)


def _carried(intent: Intent, echoes: Mapping[str, Echo]) -> dict[str, str | None]:
    """Unit → the card's value that the write carried."""
    return {unit: told_apart(unit, echoes[unit].said) if unit in echoes else None for unit in intent.request["units"]}


def unsettled(connection: Connection, run_id: str, whose: Sequence[str]) -> list[dict[str, Any]]:
    """Writes of the run of which nobody knows whether they arrived."""
    return [
        {
            "record": f"{each.system}/{each.kind}/{each.record_id or 'new'}",
            "client": each.client_id,
            "why": "nobody knows yet whether it was written; see `crm-bridge unknown list`, and undo again",
        }
        for each in journal.of_run(connection, run_id, whose)
        if each.state in LEAST_SURE
    ]


def beyond_records(
    connection: Connection, whose: Sequence[str], *, since: str, until: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the run did beside writing records: messages that left, and records that it linked to one of its clients."""
    messages = [
        {"message": row["message_id"], "client": row["client_id"], "why": f"a message by {row['channel']} was sent"}
        for row in notices.sent_between(connection, since, until)
    ]
    links = []
    for row in records.joined_between(connection, whose, since, until):
        key = f"{row['system']}/{row['kind']}/{row['record_id']}"
        command = f"crm-bridge client unmerge {row['client_id']} {key} --reason TEXT"
        links.append({"record": key, "client": row["client_id"], "rule": row["rule"], "command": command})
    return messages, links
