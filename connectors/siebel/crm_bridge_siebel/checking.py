"""What ``check`` finds in a kind: pure functions from what the WSDL names and what a record carries to words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from crm_bridge.api import Note
from crm_bridge_siebel.shapes import CAPTURING, INTEGRATION_ID, ROW_ID, UPDATED, VERSION, Component, ServiceShape
from crm_bridge_siebel.system_fields import HOW, hidden

_WITHOUT: Mapping[str, str] = {
    ROW_ID: f"records cannot be told apart: {HOW}; or name its tag in system_fields",
    UPDATED: f"changes cannot be found: {HOW}; or name its tag in system_fields",
    VERSION: f"stale writes cannot be noticed: {HOW}; or name its tag in system_fields",
    INTEGRATION_ID: "a create whose answer was lost cannot be found again",
}


def lacking_in_wsdl(kind: str, component: Component, *, write: bool) -> Iterator[str]:
    """Fields that the WSDL does not name, and what cannot be done without each."""
    for name, why in _WITHOUT.items():
        if name not in component.fields and (write or name != INTEGRATION_ID):
            yield f"{kind}: the WSDL has no {name}: {why}"


def lacking_in_records(kind: str, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """System fields that the WSDL names and Siebel does not output."""
    missing = [name for name in CAPTURING if any(not record.get(name) for record in records)]
    if missing:
        yield hidden(missing, kind=kind)


def unwatched(kind: str, children: Sequence[str] | None, component: Component) -> Iterator[Note]:
    """Containers whose rows may change unseen, unless somebody has decided on them."""
    if children is None and component.lists:
        tags = ", ".join(child.tag for child in component.lists)
        yield Note(
            f"{kind}: a change of child rows alone may leave their record's Updated as it is, and is then not seen: "
            f"name in children those that matter of {tags}; or say that none does by an empty list"
        )


def refused_rows(kind: str, shape: ServiceShape) -> Note:
    """Writes of child rows that would be refused, before one is."""
    return Note(
        f"{kind}: changes of child rows will be refused (would_delete): nobody says whether "
        f"{shape.operations['Execute']} deletes rows that a message does not name; where it does not, say "
        "keeps_rows = true"
    )


def unwritable(kind: str, shape: ServiceShape, *, creates: bool) -> Iterator[str]:
    """Writes that the bridge is to make and that the service has no operation for, each of which would be refused."""
    if "Execute" not in shape.methods:
        yield (
            f"{kind}: updates cannot be written: {shape.prefix} publishes neither Execute nor InsertOrUpdate; publish "
            "one, or name in operations what carries updates out, such as { Execute = '…Update' } (fields alone), or "
            "say write = false of the kind"
        )
    if creates and "Insert" not in shape.methods:
        yield (
            f"{kind}: records cannot be created: {shape.prefix} publishes no Insert; publish it, name in operations "
            "what inserts, or say create = false of the kind"
        )


def left_to_fill(kind: str, lacking: Sequence[tuple[str, str]], *, rpc: Collection[str]) -> Iterator[str]:
    """Arguments that have to be there and that nobody fills: (operation, argument).

    Args:
        rpc: operations of that style, whose WSDL calls every part required: that Siebel needs it is not certain.
    """
    for operation, tag in lacking:
        if operation in rpc:
            yield Note(
                f"{kind}: {operation} has a part {tag}, which the bridge does not know: if Siebel needs it, name it in "
                f"arguments, such as {{ {tag} = '…' }}"
            )
            continue
        yield (
            f"{kind}: {operation} requires the argument {tag}, which the bridge does not know: name it in arguments, "
            f"such as {{ {tag} = '…' }}"
        )


def unaskable(kind: str, shape: ServiceShape, *, proposed: Mapping[str, str]) -> str:
    """The service cannot be asked for single records."""
    operation, taken = shape.operations["QueryPage"], ", ".join(shape.arguments.get("QueryPage", ()))
    line = ", ".join(f"{purpose} = '{tag}'" for purpose, tag in proposed.items())
    how = (
        f"if it is meant, set query_arguments = {{ {line} }}"
        if line
        else f"name the argument that carries it in query_arguments (it takes {taken or 'none'}), or publish SearchSpec"
    )
    return (
        f"{kind}: {operation} takes no search specification that the bridge knows, so every look at a record reads all "
        f"pages: {how}"
    )


def takes_stale(kind: str) -> str:
    """Siebel would carry out a stale write."""
    return (
        f"{kind}: a stale ModId is not refused, so edits made meanwhile are overwritten: define ModId as "
        "Modification Key of the integration component"
    )


def not_probed(kind: str, *, possible: bool) -> Note:
    """Whether Siebel would carry out a stale write was not asked, and what to do about it."""
    how = "let probe_writes be, or be true, or make sure" if possible else "this service cannot be asked, so make sure"
    return Note(
        f"{kind}: whether a stale ModId is refused was not tried, since that takes a message that writes: {how} that "
        "ModId is Modification Key of the integration component"
    )
