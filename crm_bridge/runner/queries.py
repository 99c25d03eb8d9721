"""Looking: find clients, show a card, tell its history, say why a value stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
import phonenumbers
from sqlalchemy import Connection

from crm_bridge.errors import UserMistake
from crm_bridge.matching import fold_words, phone_key
from crm_bridge.runner.rulings import decided_by, is_ruling
from crm_bridge.store import clients, history, journal, notices, records
from crm_bridge.store.clients import StoredClient
from crm_bridge.store.history import HistoryRow
from crm_bridge.store.records import SourceRecord
from crm_bridge.sync.claims import ABSENT, Claim
from crm_bridge.sync.proposals import unit_of
from crm_bridge.sync.rules import PERSON, Survivorship
from crm_bridge.sync.slots import slot_of
from crm_bridge.sync.survivorship import survive
from crm_bridge.sync.units import head, split
from crm_bridge.sync.verdict import Verdict

FOUND_AT_MOST = 50
_WITH_ONE_KEY = 10_000  # clients that share a phone, an address or an identifier


def lookup(
    connection: Connection,
    *,
    phone: str | None,
    email: str | None,
    identifier: str | None,
    name: str | None,
    region: str,
    limit: int = FOUND_AT_MOST,
) -> list[dict[str, Any]]:
    """Clients that answer to all that is given, ``limit`` at most.

    Raises:
        UserMistake: a phone or identifier that cannot be read.
    """
    asked: list[list[StoredClient]] = []
    if phone:
        asked.append(_by_phone(connection, phone, region))
    if email:
        asked.append(clients.find(connection, [f"e:{email.strip().lower()}"], limit=_WITH_ONE_KEY))
    if identifier:
        system, separator, value = identifier.partition("=")
        if not separator:
            raise UserMistake("write an identifier as SYSTEM=VALUE, such as siebel.contact.row_id=1-4X7Q")
        asked.append(clients.find(connection, [f"id:{system}:{value}"], limit=_WITH_ONE_KEY))
    common = set.intersection(*({client.id for client in found} for found in asked)) if asked else set()
    found: Iterable[StoredClient] = [client for client in asked[0] if client.id in common] if asked else ()
    if name:
        found = _by_name(found if asked else clients.each(connection), name)
    chosen = list(islice(found, limit))
    rows = records.of_clients(connection, [client.id for client in chosen])
    return [_summary(client, rows[client.id]) for client in chosen]


def _by_phone(connection: Connection, phone: str, region: str) -> list[StoredClient]:
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        code = phonenumbers.country_code_for_region(region)
        wanted = f"write it as +{code}…, or in the national form of {region}"
        raise UserMistake(f"that is no phone number: {wanted}") from None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    found = clients.find(connection, [phone_key(e164)], limit=_WITH_ONE_KEY)  # whatever the country code
    return [client for client in found if _has_point(client.doc(), e164)] or found


def _has_point(doc: Mapping[str, Any], value: str) -> bool:
    return any(point["value"] == value for point in doc.get("contact_points", ()))


def _by_name(among: Iterable[StoredClient], name: str) -> Iterator[StoredClient]:
    """Every word of ``name`` begins a word of the client's name, in any script. Reads all cards: for people."""
    wanted = fold_words(name)
    for client in among:
        doc = client.doc()
        words = {word for text in _names(doc) for word in fold_words(text)}
        if wanted and all(any(word.startswith(each) for word in words) for each in wanted):
            yield client


def _names(doc: Mapping[str, Any]) -> list[str]:
    parts = ("family", "given", "patronymic", "text")
    return [
        str(each[part])
        for each in (doc.get("name") or {}, *doc.get("other_names", ()))
        for part in parts
        if part in each
    ]


def _summary(client: StoredClient, rows: Sequence[SourceRecord]) -> dict[str, Any]:
    doc = client.doc()
    name = doc.get("name") or {}
    text = name.get("text") or " ".join(name[part] for part in ("family", "given", "patronymic") if part in name)
    points = [point["value"] for point in doc.get("contact_points", ()) if point["type"] in ("phone", "email")]
    summary = {"id": client.id, "name": text, "birth_date": doc.get("birth_date"), "contact_points": points}
    if client.replaced_by:
        summary["replaced_by"] = client.replaced_by
    elif closed := _closed_at(rows):
        summary["closed_at"] = closed
    return summary


def required(connection: Connection, client_id: str) -> StoredClient:
    """The client. Raises :class:`UserMistake` when there is none of this id."""
    client = clients.get(connection, client_id)
    if client is None:
        raise UserMistake(f"there is no client {client_id}; find one with `crm-bridge client lookup`")
    return client


def show(connection: Connection, client_id: str) -> dict[str, Any]:
    """The card, the records that it is made of, and what lies beside it."""
    client = required(connection, client_id)
    rows = records.of_clients(connection, [client_id])[client_id]
    beside: dict[str, list[Any]] = {}
    for row in rows:
        if row.entity != "client":
            beside.setdefault(f"{row.entity}s", []).append(orjson.loads(row.doc))
    return {
        "client": client.doc(),
        **({"replaced_by": client.replaced_by} if client.replaced_by else {}),
        **({"closed_at": closed} if (closed := _closed_at(rows)) else {}),
        "records": [
            {"record": row.key, "version": row.version, "observed_at": row.observed_at}
            | ({"gone_at": row.gone_at} if row.gone_at else {})
            for row in rows
        ],
        **beside,
        "notices": [
            {name: row[name] for name in ("key", "state", "rule", "channel", "purpose", "updated_at")}
            for row in notices.of_clients(connection, clients.one_person(connection, client_id))
        ],
    }


def _closed_at(rows: Sequence[SourceRecord]) -> str | None:
    """When the last record of the client went; ``None`` while any system has one."""
    gone = [row.gone_at for row in rows if row.entity == "client" and row.system != PERSON]
    return max((at for at in gone if at is not None), default=None) if None not in gone else None


def tell_history(connection: Connection, client_id: str) -> list[dict[str, Any]]:
    """Every value that was ever observed, with source and time, oldest first; links, conflicts and writes too."""
    required(connection, client_id)
    rows = history.of_client(connection, client_id)
    told: list[tuple[int, dict[str, Any]]] = []
    for record in records.of_clients(connection, [client_id])[client_id]:
        if record.entity == "client":
            mine = [row for row in rows if row.record_pk == record.pk]
            told.extend((record.seq, line) for line in _first_words(record, mine))
    for row in rows:
        told.extend((row.seq, line) for line in _lines(row))
    for link in records.links_of(connection, client_id):
        key = f"{link['system']}/{link['kind']}/{link['record_id']}"
        told.append(
            (0, {"at": link["made_at"], "what": "linked", "source": key, "rule": link["rule"], "by": link["made_by"]})
        )
        if link["superseded_at"]:
            told.append((0, {"at": link["superseded_at"], "what": "unlinked", "source": key}))
    return [line for _, line in sorted(told, key=lambda pair: (pair[1]["at"], pair[0]))]


def _first_words(record: SourceRecord, rows: Sequence[HistoryRow]) -> list[dict[str, Any]]:
    """What the record said when it was first read: what it says now, with every later change taken back."""
    units = split(record.effective_doc())
    for row in reversed(rows):
        for unit, (old, _new) in row.body.get("units", {}).items():
            if old is None:
                units.pop(unit, None)
            else:
                units[unit] = old
    at = record.changed_at or record.observed_at
    return [
        {"at": at, "what": "observed", "source": record.key, "path": unit, "new": value}
        for unit, value in sorted(units.items())
    ]


def _lines(row: HistoryRow) -> list[dict[str, Any]]:
    body = row.body
    if row.type == "sync.conflict":
        told = _conflict(row)
        winner = told["winner"]
        return [
            {
                "at": row.at,
                "what": "conflict",
                "path": told["path"],
                "source": winner["source"],
                "new": winner["value"],
                "rule": told["rule"],
                "lost": told["lost"],
            }
        ]
    if row.type in ("record.changed", "record.written"):
        what = "observed" if row.type == "record.changed" else "written"
        return [
            {"at": row.at, "what": what, "source": body["record"], "path": unit, "old": old, "new": new}
            for unit, (old, new) in sorted(body["units"].items())
        ]
    if row.type == "client.changed":
        return [
            {
                "at": row.at,
                "what": "card",
                "source": body["origins"].get(unit),
                "path": unit,
                "old": old,
                "new": new,
            }
            for unit, (old, new) in sorted(body["units"].items())
        ]
    return [{"at": row.at, "what": row.type, "source": body.get("record") or body.get("by")}]


def _conflict(row: HistoryRow) -> dict[str, Any]:
    """What was told of a conflict: when it was decided, by which rule, who won, and who lost."""
    body = row.body
    return {
        "at": row.at,
        "path": body["path"],
        "rule": body["rule"],
        "winner": {"source": body["winner"], "value": body["value"]},
        "lost": [{"source": each["record"], "value": each["value"], "at": each["at"]} for each in body["losers"]],
    }


def why(
    connection: Connection, client_id: str, path: str, *, system: str | None, policy: Survivorship
) -> dict[str, Any]:
    """Why ``path`` of the card has its value: winner, source and rule, who lost, and what carried it to ``system``,
    or to every system.

    Raises:
        UserMistake: no such client, or nothing was ever said of this path.
    """
    client = required(connection, client_id)
    rows = [row for row in records.of_clients(connection, [client_id])[client_id] if row.entity == "client"]
    contributions = [row.contribution() for row in rows]
    card = survive(contributions, policy=policy, current=client.doc())
    unit = unit_of(path)[0]
    chosen = [verdict for name, verdict in sorted(card.verdicts.items()) if name == unit or head(name) == path]
    chosen = chosen or [verdict for name, verdict in sorted(card.verdicts.items()) if name.startswith(f"{path}.")]
    chosen = chosen or _selected(card.verdicts, path)
    if not chosen:
        known = sorted({head(name) for name in card.verdicts})
        raise UserMistake(f"nothing was ever said of {path!r}; known of this client: {', '.join(known)}")
    by_key = {row.key: row for row in rows}
    words = survive([each.alone() for each in contributions], policy=policy, current=client.doc()).verdicts
    values = [_verdict(_with_losers(each, words.get(each.unit)), by_key) for each in chosen]
    answer: dict[str, Any] = {"client": client_id, "path": path, "values": values}
    conflicts = _conflicts_of(connection, client_id, path, chosen)
    if conflicts:
        answer["conflicts"] = conflicts
    answer["carried"] = _carried(connection, client_id, {each.unit for each in chosen}, system)
    return answer


def _with_losers(verdict: Verdict, words: Verdict | None) -> Verdict:
    """``verdict`` with the words that it was carried over: the records that said them repeat the winner's by now.

    Args:
        words: the verdict on what the records say by themselves.
    """
    if words is None or words.value != verdict.value:
        return verdict
    return verdict._replace(reason=words.reason, losers=words.losers, superseded=words.superseded)


def _conflicts_of(connection: Connection, client_id: str, path: str, chosen: Sequence[Verdict]) -> list[dict[str, Any]]:
    """The conflicts that were ever decided on ``path``, oldest first."""
    units = {verdict.unit for verdict in chosen}
    paths = {slot_of(verdict.unit, verdict.value) for verdict in chosen if verdict.value is not ABSENT}
    return [
        _conflict(row)
        for row in history.of_client(connection, client_id)
        if row.type == "sync.conflict"
        if units & set(row.body["units"]) or row.body["path"] in paths or path == head(row.body["path"])
    ]


def _selected(verdicts: Mapping[str, Verdict], path: str) -> list[Verdict]:
    """The items that a selector of a mapping names by what they are: ``contact_points[phone/mobile].value``."""
    from crm_bridge.mapping.paths import IDENTITY  # late: a look-up does not wait for the mapping language

    named, _, selector = path.partition("[")
    wanted = selector.partition("]")[0].split("/")
    return [
        verdict
        for name, verdict in sorted(verdicts.items())
        if selector and head(name) == named and isinstance(verdict.value, Mapping)
        if wanted == [str(verdict.value.get(each)) for each in IDENTITY.get(named, ())][: len(wanted)]
    ]


def _verdict(verdict: Verdict, by_key: Mapping[str, SourceRecord]) -> dict[str, Any]:
    origin = by_key.get(verdict.origin)
    offers = [
        {"plugin": offer.plugin, "path": offer.path, "reason": offer.reason}
        for offer in (origin.offers() if origin else ())
        if unit_of(offer.path)[0] == verdict.unit
    ]
    return {
        "path": verdict.unit,
        "value": None if verdict.value is ABSENT else verdict.value,
        "source": verdict.origin,
        "at": verdict.at,
        "rule": f"decided by {decided_by(origin)}" if origin and is_ruling(origin) else verdict.reason,
        "carried_to": sorted(
            row.key for row in by_key.values() if _is_echo(row.marks, unit=verdict.unit, origin=verdict.origin)
        ),
        **({"enriched": offers} if offers else {}),
        "lost": [_claim(claim) for claim in verdict.losers],
        "superseded": [_claim(claim) for claim in verdict.superseded],
    }


def _is_echo(marks: bytes | None, *, unit: str, origin: str) -> bool:
    """Whether the record holds the unit because we carried it there."""
    mark = records.marks_from(marks).get(unit)
    return mark is not None and mark.echo == origin


def _claim(claim: Claim) -> dict[str, Any]:
    return {"source": claim.key, "value": None if claim.value is ABSENT else claim.value, "at": claim.at}


def _carried(connection: Connection, client_id: str, units: set[str], system: str | None) -> list[dict[str, Any]]:
    """The journaled writes that carried these units (into ``system``), newest first, with their receipts."""
    heads = {head(unit) for unit in units}
    return [
        {
            "intent": row["id"],
            "system": row["system"],
            "record": f"{row['system']}/{row['kind']}/{row['record_id']}" if row["record_id"] else None,
            "operation": row["operation"],
            "paths": sorted(units & set(row["request"]["units"])),
            "sent_at": row["created_at"],
            "settled_at": row["settled_at"],
            "state": row["state"],
            "receipt": row["outcome"],
            "fields": row["request"]["fields"],
            "changes": [
                {"path": path, "field": field, "old": old, "new": new}
                for path, field, old, new, _why in row["request"]["why"]
                if any(path == each or path.startswith((f"{each}.", f"{each}[", f"{each}+")) for each in heads)
            ],
        }
        for row in reversed(journal.of_client(connection, client_id))
        if system in (None, row["system"]) and units & set(row["request"]["units"])
    ]
