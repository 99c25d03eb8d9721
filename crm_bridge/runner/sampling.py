"""A system's own records, as its connector gives them: to be looked at, not kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from crm_bridge.connector import RawRecord, RecordSource
from crm_bridge.errors import UserMistake
from crm_bridge.run_context.isolation import pages_of
from crm_bridge.run_context.systems import System


def sample(system: System, *, kind: str | None, limit: int) -> Sequence[RawRecord]:
    """The first records of ``kind``, at most ``limit``; of the only kind where ``None`` is said.

    Raises:
        UserMistake: there is no such kind, or it is open which.
        BridgeError: what the connector raises when it is read.
    """
    source = system.connector
    if not isinstance(source, RecordSource):
        raise UserMistake(f"{system.name} cannot be read")
    if kind is None and len(system.kinds) == 1:
        [kind] = system.kinds
    if kind is None or kind not in system.kinds:
        raise UserMistake(f"{system.name}: which records? --kind is one of {', '.join(system.kinds) or 'none'}")
    return list(islice((record for page in pages_of(source, kind, None) for record in page.records), limit))
