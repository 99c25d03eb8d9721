"""Plan files: every write of a plan, to be looked at, kept, and carried out as it stands.

The file holds personal data: nobody but its owner may read it. It holds no time and no id of a run, so that an equal
plan is an equal file; when it was made, its own time says.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from crm_bridge.errors import DataMistake, UserMistake
from crm_bridge.outbox.entries import PlanEntry, Subject

FORMAT = 1
_HEAD = {"bridge", "format", "schema", "sweep"}
_ENTRIES = TypeAdapter(list[PlanEntry])


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a plan file says. ``sweep``: all keys were compared for it, and have to be again."""

    bridge: str
    schema: str
    sweep: bool
    entries: Sequence[PlanEntry]


def write_plan(path: Path, *, bridge: str, schema: str, sweep: bool, entries: Iterable[PlanEntry]) -> None:
    """Write the file, whole or not at all, one write a line.

    Raises:
        UserMistake: it cannot be written there.
    """
    head = {"bridge": bridge, "format": FORMAT, "schema": schema, "sweep": sweep}
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(b'{"plan":' + orjson.dumps(head, option=orjson.OPT_SORT_KEYS) + b',"writes":[')
            separator = b"\n"
            for entry in entries:
                file.write(separator + entry.line())
                separator = b",\n"
            file.write(b"\n]}\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise UserMistake(f"{path}: cannot be written ({error.strerror}): give another path") from None


def read_plan(path: Path, *, bridge: str, schema: str, kinds: Mapping[str, Iterable[str]]) -> PlanFile:
    """The plan in a file, looked at closely: people may have edited it.

    Args:
        bridge, schema: of this installation.
        kinds: its systems, and their kinds that are written.

    Raises:
        DataMistake: it is no plan, or not one of this installation; the message names the place in it.
    """
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise DataMistake(f"{path}: cannot be read ({error.strerror}): give a file that `plan --out` wrote") from None
    except orjson.JSONDecodeError as error:
        raise DataMistake(f"{path}:{error.lineno}: is no JSON ({error.msg}): make the plan anew") from None
    head = _head(path, document)
    if head["format"] != FORMAT or head["schema"] != schema:
        raise DataMistake(f"{path}: plan: was made by another version of crm-bridge: make the plan anew")
    if head["bridge"] != bridge:
        raise DataMistake(f"{path}: plan.bridge: is a plan of {head['bridge']!r}, this is {bridge!r}")
    try:
        entries = _ENTRIES.validate_python(document["writes"])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(["writes", *(str(each) for each in first["loc"])])
        raise DataMistake(f"{path}: {place}: {first['msg']}; make the plan anew, or take whole writes out") from None
    _check(path, entries, kinds)
    return PlanFile(bridge, schema, head["sweep"], entries)


def _head(path: Path, document: Any) -> dict[str, Any]:
    head = document.get("plan") if isinstance(document, dict) else None
    if not isinstance(head, dict) or set(head) != _HEAD or set(document) != {"plan", "writes"}:
        raise DataMistake(f"{path}: plan: is no plan of crm-bridge: give a file that `plan --out` wrote")
    if not isinstance(head["sweep"], bool):
        raise DataMistake(f"{path}: plan.sweep: must be true or false")
    return head


def _check(path: Path, entries: Sequence[PlanEntry], kinds: Mapping[str, Iterable[str]]) -> None:
    """Mistakes that no single value shows."""
    seen: dict[Subject, int] = {}
    for number, entry in enumerate(entries):
        place = f"{path}: writes.{number}"
        if entry.system not in kinds:
            raise DataMistake(f"{place}.system: {entry.system!r} is not configured")
        if entry.kind not in kinds[entry.system]:
            raise DataMistake(f"{place}.kind: {entry.kind!r} of {entry.system} is not written")
        if entry.operation not in ("create", "update", "delete"):
            raise DataMistake(f"{place}.operation: is not one of create, update, delete")
        if (entry.record_id is None) != (entry.operation == "create"):
            raise DataMistake(f"{place}.record_id: a create has none, and every other write names one")
        first = seen.setdefault(entry.subject, number)
        if first != number:
            raise DataMistake(f"{place}: writes.{first} is about the same record: keep one")
