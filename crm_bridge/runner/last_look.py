"""Before messages go out, whoever can say consent is asked once more: polling may not have seen yet what was withdrawn.

Policy decides from the card at the moment of dispatch; this makes the card say what holds at that moment. The records
of the clients who are to be written to are read again by id, in every system whose mapping reads consents. Where one
of them cannot be asked, the message waits: a message late is mended, one against a withdrawn consent is not.
"""

from __future__ import annotations

from collections import defaultdict

from crm_bridge.outbox.pauses import stopped_by
from crm_bridge.run_context.context import RunContext
from crm_bridge.run_context.isolation import STOPS_ITS_SYSTEM
from crm_bridge.run_context.systems import Kind
from crm_bridge.runner.pull import reread
from crm_bridge.store import clients, notices, records

AT_ONCE = 200


def look_again(run: RunContext) -> dict[str, str]:
    """Read again what may decide about the notices that are due.

    Returns:
        Client → system that could not be asked about it: its notices wait for the next run.
    """
    asked: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)  # (system, kind) → record → client
    with run.database.reading() as connection:
        due = {row["client_id"] for row in notices.in_state(connection, "planned", now=run.now())}
        standing = {client.id for each in due if (client := clients.standing(connection, each)) is not None}
        for client_id, rows in records.of_clients(connection, standing).items():
            for row in rows:
                system = run.systems.get(row.system)
                kind = system.kinds.get(row.kind) if system is not None else None
                if kind is not None and _can_say(kind) and row.gone_at is None:
                    asked[row.system, row.kind][row.record_id] = client_id
    unasked: dict[str, str] = {}
    for (name, kind_name), owners in asked.items():
        unasked |= dict.fromkeys(_read(run, name, kind_name, owners), name)
    return unasked


def _can_say(kind: Kind) -> bool:
    """Not a partner of files: he repeats what he said before, until he takes up what we wrote."""
    return kind.read and kind.reads("consents") and kind.capabilities.reads_back


def _read(run: RunContext, name: str, kind: str, owners: dict[str, str]) -> set[str]:
    """Read these records again. Returns the clients whose records could not be read."""
    system, ids = run.systems[name], sorted(owners)
    for start in range(0, len(ids), AT_ONCE):
        if name not in run.report.stopped:
            try:
                reread(run, system, system.kinds[kind], ids[start : start + AT_ONCE])
                continue
            except STOPS_ITS_SYSTEM as error:
                stopped_by(run, name, error)
        return {owners[record] for record in ids[start:]}
    return set()
