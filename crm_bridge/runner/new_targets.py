"""A kind that is written, or created in, since now: all clients are carried there once, not only those that change.

Without it, who switches ``write`` or ``create`` on after a time of reading would have the differences of that time for
good. What there is to write is planned like anything else, and the guard looks at it.
"""

from __future__ import annotations

from collections.abc import Collection

from crm_bridge.run_context.context import RunContext
from crm_bridge.runner.cards import to_carry
from crm_bridge.store import clients, history, outbox, records
from crm_bridge.sync.deletions import lives

AT_ONCE = 500
_CARRIES = "carries to "
_WRITES, _CREATES = 1, 2


def carry_to_new_targets(run: RunContext) -> None:
    """Make due what kinds need that the configuration did not let the bridge write, or create in, before."""
    wanted = {
        f"{_CARRIES}{system.name}/{kind.name}": (system.name, _CREATES if kind.create else _WRITES)
        for system in run.systems.values()
        for kind in system.targets()
    }
    with run.database.reading() as connection:
        known = {name: history.handled_by(connection, name) for name in history.consumers_of(connection, _CARRIES)}
    if known == {name: how for name, (_, how) in wanted.items()}:
        return
    newly = {system for name, (system, how) in wanted.items() if how > known.get(name, 0)}
    if newly:
        _carry_all(run, newly)
    with run.database.transaction() as connection:
        history.forget_consumers(connection, sorted(known.keys() - wanted.keys()))
        for name, (_, how) in wanted.items():
            history.handled(connection, name, how)


def _carry_all(run: RunContext, systems: Collection[str]) -> None:
    """Killed in between, it begins anew: what is due already stays one row."""
    after = ""
    while True:
        with run.database.reading() as connection:
            ids = clients.ids_behind(connection, after, limit=AT_ONCE)
            rows = records.of_clients(connection, ids)
        if not ids:
            return
        after = ids[-1]
        due: set[tuple[str, str]] = set()
        for client_id, mine in rows.items():
            group = [row.contribution() for row in mine if row.entity == "client"]
            if lives(group):
                kind = str(group[0].doc.get("kind", "person"))
                due.update(each for each in to_carry(client_id, group, kind, run.systems) if each[0] in systems)
        with run.database.transaction() as connection:
            outbox.enqueue(connection, sorted(due), at=run.now())
