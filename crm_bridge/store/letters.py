"""Dead letters: records and writes that cannot proceed, with stage, cause and context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from crm_bridge.store.database import among
from crm_bridge.store.schema import dead_letters, letter_keys


@dataclass(frozen=True, slots=True)
class Letter:
    """One cause that stopped one record. ``value`` and ``raw`` may be personal: shown to people, never logged.

    ``keys``: match keys of what could be read of a record that no client has yet.
    """

    stage: str
    system: str
    kind: str
    record_id: str
    code: str
    message: str
    path: str = ""
    hint: str | None = None
    value: Any = None
    raw: bytes | None = None
    client_id: str | None = None
    keys: Sequence[str] = ()


def put(connection: Connection, letters: Iterable[Letter], *, at: str, run_id: str) -> int:
    """Keep the letters. The same cause of the same record stays one letter with a count, also where its write was put
    back by a replay and failed again. Returns how many are new, or open again."""
    new = 0
    table = dead_letters
    for letter in letters:
        same = (
            table.c.system == letter.system,
            table.c.kind == letter.kind,
            table.c.record_id == letter.record_id,
            table.c.stage == letter.stage,
            table.c.code == letter.code,
            table.c.path == letter.path,
        )
        value = orjson.dumps(letter.value, default=str) if letter.value is not None else None
        known = connection.execute(select(table.c.id).where(table.c.state == "open", *same)).scalar()
        if known is None and letter.stage == "write":
            tried = select(func.max(table.c.id)).where(table.c.state == "replayed", *same)
            known = connection.execute(tried).scalar()
            new += known is not None
        if known is None:
            new += 1
            made = connection.execute(
                insert(table).values(
                    state="open",
                    stage=letter.stage,
                    system=letter.system,
                    kind=letter.kind,
                    record_id=letter.record_id,
                    code=letter.code,
                    path=letter.path,
                    message=letter.message,
                    hint=letter.hint,
                    value=value,
                    raw=letter.raw,
                    client_id=letter.client_id,
                    run_id=run_id,
                    first_at=at,
                    last_at=at,
                    count=1,
                )
            ).inserted_primary_key
            known = int(made[0]) if made else 0
        else:
            connection.execute(
                update(table)
                .where(table.c.id == known)
                .values(
                    state="open",
                    closed_by=None,
                    closed_reason=None,
                    last_at=at,
                    count=table.c.count + 1,
                    run_id=run_id,
                    value=value,
                    raw=letter.raw,
                    message=letter.message,
                )
            )
            connection.execute(delete(letter_keys).where(letter_keys.c.letter_id == known))
        if letter.keys:
            named = [{"key": key, "letter_id": known} for key in dict.fromkeys(letter.keys)]
            connection.execute(insert(letter_keys), named)
    return new


def open_records(connection: Connection, system: str, kind: str, record_ids: Sequence[str]) -> set[str]:
    """Those of the records that have an open letter. Usually none of the kind has one, which a single look tells."""
    table = dead_letters
    open_ones = (table.c.state == "open", table.c.system == system, table.c.kind == kind)
    if not record_ids or connection.execute(select(table.c.id).where(*open_ones).limit(1)).first() is None:
        return set()
    rows = connection.execute(
        select(table.c.record_id).where(*open_ones, among(table.c.record_id, record_ids)).distinct()
    )
    return set(rows.scalars())


def have_keys(connection: Connection) -> bool:
    """Whether any record that was put aside can be told by anything. Usually not, and nobody has to be looked up."""
    return connection.execute(select(letter_keys.c.key).limit(1)).first() is not None


def sharing(connection: Connection, system: str, keys: Sequence[str]) -> list[tuple[str, int]]:
    """(key, letter) of each open letter of a record of ``system``, without a client, that has one of these keys."""
    named = connection.execute(
        select(letter_keys.c.key, letter_keys.c.letter_id).where(among(letter_keys.c.key, keys))
    ).all()
    if not named:
        return []
    table = dead_letters
    # Two steps, as SQLite would join from the side of all open letters.
    still_open = set(
        connection.execute(
            select(table.c.id).where(
                among(table.c.id, [letter for _, letter in named]), table.c.state == "open", table.c.system == system
            )
        ).scalars()
    )
    return [(key, letter) for key, letter in named if letter in still_open]


def with_keys(connection: Connection, *, after: int, limit: int) -> list[tuple[int, str, str, bytes | None]]:
    """(id, system, kind, raw) of the letters behind ``after`` that have keys, by number."""
    table = dead_letters
    rows = connection.execute(
        select(table.c.id, table.c.system, table.c.kind, table.c.raw)
        .where(table.c.id > after, table.c.id.in_(select(letter_keys.c.letter_id)))
        .order_by(table.c.id)
        .limit(limit)
    )
    return [(row.id, row.system, row.kind, row.raw) for row in rows]


def set_keys(connection: Connection, keys: Mapping[int, Sequence[str]]) -> None:
    """These letters are found by these keys and no others."""
    connection.execute(delete(letter_keys).where(among(letter_keys.c.letter_id, list(keys))))
    named = [{"key": key, "letter_id": letter} for letter, mine in keys.items() for key in dict.fromkeys(mine)]
    if named:
        connection.execute(insert(letter_keys), named)


def close(connection: Connection, ids: Sequence[int], *, state: str, by: str, reason: str, at: str) -> int:
    """Close letters: ``resolved`` (the record went through), ``replayed``, ``discarded``. Returns how many."""
    result = connection.execute(
        update(dead_letters)
        .where(among(dead_letters.c.id, ids), dead_letters.c.state == "open")
        .values(state=state, closed_by=by, closed_reason=reason, last_at=at)
    )
    return int(result.rowcount)


def supersede_writes(connection: Connection, system: str, client_ids: Sequence[str], *, at: str) -> None:
    """What the system lacked of these clients it has, or needs no more: the letters about their writes are resolved."""
    if client_ids:
        table = dead_letters
        ids = connection.execute(
            select(table.c.id, table.c.system, table.c.stage).where(
                among(table.c.client_id, client_ids), table.c.state == "open"
            )
        ).all()
        done = [row.id for row in ids if (row.system, row.stage) == (system, "write")]
        if done:
            close(connection, done, state="resolved", by="sync", reason="a later change took its place", at=at)


def close_records(
    connection: Connection,
    system: str,
    kind: str,
    record_ids: Sequence[str],
    *,
    stages: Sequence[str],
    at: str,
    but: str | None = None,
) -> None:
    """The records went through: their letters of ``stages`` are resolved, but for those of the code ``but``."""
    if record_ids:
        connection.execute(
            update(dead_letters)
            .where(
                dead_letters.c.state == "open",
                dead_letters.c.system == system,
                dead_letters.c.kind == kind,
                dead_letters.c.stage.in_(stages),
                among(dead_letters.c.record_id, record_ids),
                dead_letters.c.code != (but or ""),
            )
            .values(state="resolved", closed_by="sync", closed_reason="the record went through", last_at=at)
        )


def close_code(connection: Connection, system: str, kind: str, record_id: str, *, code: str, at: str) -> None:
    """What this code says of the record is not true any more."""
    connection.execute(
        update(dead_letters)
        .where(
            dead_letters.c.state == "open",
            dead_letters.c.system == system,
            dead_letters.c.kind == kind,
            dead_letters.c.record_id == record_id,
            dead_letters.c.code == code,
        )
        .values(state="resolved", closed_by="sync", closed_reason="it holds no more", last_at=at)
    )


def close_replaced(
    connection: Connection, system: str, kind: str, client_ids: Sequence[str], *, code: str, at: str
) -> None:
    """The clients have a new record there: what this code says of writes to an older one is of no use to anybody."""
    table = dead_letters
    about = (among(table.c.client_id, client_ids), table.c.system == system, table.c.kind == kind)
    connection.execute(
        update(table)
        .where(*about, table.c.state == "open", table.c.stage == "write", table.c.code == code)
        .values(state="resolved", closed_by="sync", closed_reason="the client has a new record there", last_at=at)
    )


def close_outdated(
    connection: Connection, system: str, kind: str, record_ids: Sequence[str], *, stages: Sequence[str], at: str
) -> None:
    """These records were put aside at ``at`` in a later version: what was said of an earlier one is not true any
    more, and replaying it would bring that version back."""
    if record_ids:
        connection.execute(
            update(dead_letters)
            .where(
                dead_letters.c.state == "open",
                dead_letters.c.system == system,
                dead_letters.c.kind == kind,
                dead_letters.c.stage.in_(stages),
                among(dead_letters.c.record_id, record_ids),
                dead_letters.c.last_at < at,
            )
            .values(state="resolved", closed_by="sync", closed_reason="a later version has another cause", last_at=at)
        )


def get(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    rows = connection.execute(select(dead_letters).where(among(dead_letters.c.id, ids)).order_by(dead_letters.c.id))
    return [_plain(row._mapping) for row in rows]


def count_open(connection: Connection) -> int:
    return int(
        connection.execute(
            select(func.count()).select_from(dead_letters).where(dead_letters.c.state == "open")
        ).scalar_one()
    )


def count_opened(connection: Connection, *, after: str, before: str) -> int:
    """Letters that stand open and were opened between these moments."""
    table = dead_letters
    between = (table.c.state == "open", table.c.first_at > after, table.c.first_at < before)
    return int(connection.execute(select(func.count()).select_from(table).where(*between)).scalar_one())


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of the table with its contents readable."""
    told = dict(row)
    told["value"] = orjson.loads(told["value"]) if told["value"] is not None else None
    told["raw"] = orjson.loads(told["raw"]) if told["raw"] is not None else None
    return told


def id_to_ask_for(letter: Mapping[str, Any]) -> str | None:
    """The id of the record that could not be read and that a letter is about; ``None``: it knows a place in a file."""
    named = letter["stage"] == "read" and letter["code"] != "not_json"
    return None if not named or letter["message"].startswith(f"{letter['record_id']}: ") else letter["record_id"]
