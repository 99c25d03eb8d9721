"""Replaying dead letters: a record is read through the mapping again, a write is planned again. Twice equals once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_bridge.connector import Page
from crm_bridge.errors import UserMistake
from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.pull import take
from crm_bridge.store import journal, letters


def replay(run: RunContext, ids: Sequence[int]) -> dict[str, Any]:
    """Replay these letters.

    Returns:
        ``replayed``: ids that went through or are on their way; ``still``: ids that failed again, with the cause;
        ``not_replayable``: ids with what to do instead.

    Raises:
        UserMistake: no open letter has one of these ids.
    """
    with run.database.reading() as connection:
        found = {row["id"]: row for row in letters.get(connection, ids) if row["state"] == "open"}
    missing = [each for each in ids if each not in found]
    if missing:
        raise UserMistake(f"no open dead letter: {', '.join(map(str, missing))}; see `crm-bridge dead-letters list`")
    answer: dict[str, Any] = {"replayed": [], "still": {}, "not_replayable": {}}
    for letter_id, row in found.items():
        if row["stage"] == "map" and isinstance(row["raw"], Mapping):
            _read_again(run, letter_id, row, answer)
        elif row["stage"] == "write" and row["client_id"]:
            _write_again(run, letter_id, row, answer)
        else:
            answer["not_replayable"][letter_id] = row["hint"] or "mend it at its source, then discard this letter"
    return answer


def _read_again(run: RunContext, letter_id: int, row: Mapping[str, Any], answer: dict[str, Any]) -> None:
    system = run.systems.get(row["system"])
    kind = system.kinds.get(row["kind"]) if system else None
    if kind is None:
        answer["not_replayable"][letter_id] = f"{row['system']}/{row['kind']} is not configured any more"
        return
    record_id = kind.mapping.record_id(row["raw"])
    open_letters = {record_id or row["record_id"]}  # a mended mapping may find an id where there was none
    take(run, kind, Page([row["raw"]]), cursor=None, open_letters=open_letters)
    if not open_letters and record_id != row["record_id"]:
        with run.database.transaction() as connection:
            letters.close(connection, [letter_id], state="replayed", by="replay", reason="read again", at=run.now())
    if open_letters:
        answer["still"][letter_id] = row["message"]
    else:
        answer["replayed"].append(letter_id)


def _write_again(run: RunContext, letter_id: int, row: Mapping[str, Any], answer: dict[str, Any]) -> None:
    with run.database.transaction() as connection:
        journal.enqueue(connection, [(row["system"], row["client_id"])], at=run.now())
        letters.close(connection, [letter_id], state="replayed", by="replay", reason="planned again", at=run.now())
    answer["replayed"].append(letter_id)
