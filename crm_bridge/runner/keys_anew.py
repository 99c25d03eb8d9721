"""Making the stored match keys anew when the rules that make them have changed: else nobody known before is found.

The store says by which rules its keys were made. Where these are not the present ones, or not said, all keys go, and
are made again from the stored records, a batch in a transaction; a run that is killed goes on where it was. No run
reads anything before that is over.
"""

from __future__ import annotations

import orjson

from crm_bridge.matching import KEYS_VERSION, match_keys
from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.reading import telling_keys
from crm_bridge.store import history, letters, records
from crm_bridge.sync.rules import PERSON

AT_ONCE = 500
_MADE, _MAKING = "keys by rules ", "keys on their way to rules "


def keys_anew(run: RunContext, *, rules: str = KEYS_VERSION) -> None:
    """See that the stored keys are those of ``rules``."""
    made, making = f"{_MADE}{rules}", f"{_MAKING}{rules}"
    with run.database.reading() as connection:
        said = set(history.consumers_of(connection, _MADE))
        if said == {made}:
            return
        begun = set(history.consumers_of(connection, _MAKING))
        last = records.last_pk(connection)
    if begun != {making}:
        with run.database.transaction() as connection:
            history.forget_consumers(connection, sorted(said | begun))
            records.drop_all_keys(connection)
            history.handled(connection, making, 0)
    if last:
        _records(run, making)
        _letters(run)
        run.report.notes.append("the rules by which clients are found have changed: all match keys were made anew")
    with run.database.transaction() as connection:
        history.forget_consumers(connection, [making])
        history.handled(connection, made, last)


def _records(run: RunContext, making: str) -> None:
    stage = "match keys"
    run.progress.start(stage, None)
    with run.database.reading() as connection:
        after = history.handled_by(connection, making)
    while True:
        with run.database.reading() as connection:
            rows = records.page_of_clients(connection, after=after, limit=AT_ONCE)
        if not rows:
            break
        after = rows[-1].pk
        keys = [(name, row.pk) for row in rows if row.system != PERSON for name in match_keys(row.effective_doc())]
        with run.database.transaction() as connection:
            records.drop_keys(connection, keys)  # some were made in between, by a command that is no run
            records.put_keys(run.database, connection, keys)
            history.handled(connection, making, after)
        run.progress.advance(stage, len(rows))
    run.progress.done(stage)


def _letters(run: RunContext) -> None:
    """Those of records that were put aside; done twice, they are the same."""
    after = 0
    while True:
        with run.database.reading() as connection:
            page = letters.with_keys(connection, after=after, limit=AT_ONCE)
        if not page:
            return
        after = page[-1][0]
        told: dict[int, tuple[str, ...]] = {}
        for letter_id, system, kind, raw in page:
            known = run.systems[system].kinds.get(kind) if system in run.systems else None
            told[letter_id] = telling_keys(known.mapping.read(orjson.loads(raw)).doc) if known and raw else ()
        with run.database.transaction() as connection:
            letters.set_keys(connection, told)
