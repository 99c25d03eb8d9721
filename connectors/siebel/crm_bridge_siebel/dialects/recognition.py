"""Which dialect an operation speaks, and which method it is: told by its types, with its name for the method alone."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum

from crm_bridge_siebel.messages import Node, Operation, Service, plain
from crm_bridge_siebel.shapes import ComponentList, integration_object

_METHOD = re.compile(
    r"(QueryByExample|QueryById|QueryByUserKey|QueryPage|Query|InsertOrUpdate|Insert|Update|Upsert"
    r"|Synchronize|Delete|Execute|Init)(?:_\d+)?$"
)
_TREES = frozenset({"Query", "Data", "Id"})
_OF_WORKFLOWS = frozenset({"errorcode", "errormessage", "objectid", "processinstanceid", "returncode"})


# What a site's own name of an operation says of what it does, best first; only proposed, never taken for granted.
_HINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Execute", ("upsert", "save", "merge", "createorupdate", "insertorupdate", "sync")),
    ("Insert", ("create", "insert", "add", "new", "register")),
    ("Update", ("update", "modify", "change", "edit")),
    ("Delete", ("delete", "remove")),
    ("QueryPage", ("query", "search", "find", "get", "read", "list", "retrieve")),
)


class DialectName(Enum):
    """The three dialects."""

    UI_DATA = "UI Data Adapter"
    ASI = "ASI"
    WORKFLOW = "workflow or custom service"


def dialect_of(operation: Operation) -> DialectName:
    """The dialect of one operation."""
    trees = objects_of(operation)
    if any(_paged_by_attributes(tree) or _last_part(tree.component.namespace) in _TREES for tree in trees):
        return DialectName.UI_DATA
    arguments = {plain(name) for name in (*simple(operation.input), *simple(operation.output))}
    if arguments & _OF_WORKFLOWS or operation.style == "rpc" or method_of(operation) is None:
        return DialectName.WORKFLOW
    return DialectName.ASI if trees or "primaryrowid" in arguments else DialectName.WORKFLOW


def dialect_of_service(service: Service) -> DialectName:
    """The dialect that most of its operations speak."""
    counted = Counter(dialect_of(operation) for operation in service.operations)
    return max(DialectName, key=lambda name: counted[name])


def method_of(operation: Operation) -> str | None:
    """``QueryPage``, ``Insert`` and so on, by the end of its name; ``None``: a name of the site's own."""
    found = _METHOD.search(operation.name)
    return found[1] if found else None


def proposed_operations(service: Service, known: frozenset[str]) -> dict[str, str]:
    """Operations of the site's own names that may carry out a method, for the setting ``operations``.

    Only those that take (a write) or give (a query) an integration object. ``known``: methods that were found already.
    """
    found: dict[str, str] = {}
    for operation in service.operations:
        if method_of(operation) is not None:
            continue
        name = plain(operation.name)
        method = next((method for method, hints in _HINTS if any(hint in name for hint in hints)), None)
        tree = operation.output if method == "QueryPage" else operation.input
        if method is not None and method not in known and integration_object(tree) is not None:
            found.setdefault(method, operation.name)
    return found


def objects_of(operation: Operation) -> tuple[ComponentList, ...]:
    """The integration objects that it takes and gives."""
    found = (integration_object(operation.input), integration_object(operation.output))
    return tuple(tree for tree in found if tree is not None)


def simple(message: Node) -> tuple[str, ...]:
    """The simple arguments of a message."""
    return tuple(child.tag for child in message.children if not child.children)


def _paged_by_attributes(tree: ComponentList) -> bool:
    return "pagesize" in tree.attributes


def _last_part(namespace: str) -> str:
    return namespace.rpartition("/")[2]
