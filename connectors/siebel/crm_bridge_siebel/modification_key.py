"""Whether Siebel refuses a stale ModId, found out without writing anything.

Siebel checks ModId only where the integration object has a Modification Key; otherwise the last write wins, without a
word. The probe is a message that can never succeed: its first record has a ModId that is surely stale and no field at
all, its second record has no key. With a Modification Key the first is refused as a conflict; without it the second is
refused for want of a key. One message is one transaction, so nothing of it ever takes effect; and if a site should
carry out the first part, that part changes no field.

That holds for Siebel's own ``Update`` and ``Execute``. What a workflow makes of such a message only its author knows,
so workflows are never asked; nor is a kind that the configuration does not have written, unless ``probe_writes`` says
so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_bridge_siebel.dialects import DialectName, dialect_of, method_of
from crm_bridge_siebel.faults import Fault, FaultClass
from crm_bridge_siebel.messages import Operation
from crm_bridge_siebel.shapes import ROW_ID, VERSION, ServiceShape

_FAR_AHEAD = 1_000_000


def probing_method(shape: ServiceShape, operations: Mapping[str, Operation]) -> str | None:
    """The method to probe with; ``None``: this service cannot be probed. An update never inserts."""
    if VERSION not in shape.data.component.fields or not shape.methods & {"Execute", "Insert"}:
        return None
    return next(
        (each for each in ("Update", "Execute") if each in shape.several and _is_siebels_own(operations[each], each)),
        None,
    )


def _is_siebels_own(operation: Operation, method: str) -> bool:
    return dialect_of(operation) is not DialectName.WORKFLOW and method_of(operation) == method


def probe(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The two records of the probe; ``record``: one that exists."""
    version = record.get(VERSION, "")
    stale = str((int(version) if version.isdigit() else 0) + _FAR_AHEAD)
    return [{ROW_ID: record[ROW_ID], VERSION: stale, "operation": "update"}, {"operation": "update"}]


def lacks_key(met: Fault | None) -> bool:
    """Whether the answer shows that a stale ModId is taken; ``None``: it was no fault. Other faults tell nothing."""
    return met is None or met.kind is FaultClass.NO_KEY
