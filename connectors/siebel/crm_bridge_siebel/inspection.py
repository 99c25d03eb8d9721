"""What a WSDL offers, said for an engineer who sees it for the first time: pure functions from values to words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.dialects import Wanted, dialect_for, dialect_of, dialect_of_service, method_of, shape_of
from crm_bridge_siebel.dialects.arguments import proposed_arguments, unfilled
from crm_bridge_siebel.dialects.choice import dialect_name
from crm_bridge_siebel.dialects.recognition import DialectName, objects_of, proposed_operations, simple
from crm_bridge_siebel.messages import Operation, Service, plain
from crm_bridge_siebel.shapes import Component, ComponentList, ServiceShape, integration_object, paths_of

NEEDED: Mapping[str, str] = {
    "Id": "records cannot be told apart",
    "Updated": "changes cannot be found, every poll reads everything",
    "ModId": "a stale write cannot be noticed, and an edit within a second that was read may be missed",
    "Created": "not needed by the bridge; useful in reports",
    "ConflictId": "not needed by the bridge; Siebel's own merge logic uses it",
}
ESSENTIAL = ("Id", "Updated", "ModId")
# Other names under which sites publish them, without their escapes.
_ALSO: Mapping[str, Sequence[str]] = {
    "Id": ("rowid", "{component}id", "contactid", "recordid", "objectid"),
    "Updated": ("lastupdatesdq", "lastupdate", "lastupdated", "lastupdateddate", "updateddate", "modified"),
    "ModId": ("modificationnumber", "modid", "modificationid"),
    "Created": ("createddate", "creationdate"),
    "ConflictId": ("conflictid",),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """One service, looked at.

    Attributes:
        object: the integration object that it gives, or takes when it gives none; ``None``: it has none.
        proposed: method → an operation whose name suggests it, for the setting ``operations``.
        arguments: part of a query → the argument that may carry it, for the setting ``query_arguments``.
        required: (operation, argument) that has to be there and that the bridge does not fill.
        projects: a query gives what it asks for alone, so that the setting ``only`` means something.
        reads: why records can or cannot be read, in words.
    """

    service: Service
    object: ComponentList | None
    reads: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]
    proposed: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    required: tuple[tuple[str, str], ...] = ()
    projects: bool = False

    @property
    def dialect(self) -> str:
        """The dialect of the service in words."""
        return dialect_of_service(self.service).value


def inspected(service: Service, *, object_tag: str | None = None) -> Inspection:
    """``service`` looked at."""
    why, proposed = "", dict[str, str]()
    shape = None
    try:
        _, shape = shape_of([service], wanted=Wanted(object=object_tag), file="this service", system="inspect")
    except ConfigMistake as mistake:
        why = mistake.message.removeprefix("inspect: this service ")
        proposed = proposed_operations(service, frozenset())
        shape = _once_confirmed(service, Wanted(object=object_tag, operations=proposed))
    arguments: Mapping[str, str] = {}
    projects = shape is not None and dialect_name(service, shape) is DialectName.UI_DATA
    if shape is not None and not projects:
        arguments = proposed_arguments(shape)
        named = {tag: plain(purpose) for purpose, tag in arguments.items()}
        shape = replace(shape, named=named)
    if shape is None:
        tree = next((found for each in service.operations for found in objects_of(each)), None)
        reads: tuple[str, ...] = (why,)
    else:
        tree = shape.data
        reads = (*_to_confirm(proposed), *_by_arguments(arguments), *_reading(service, shape))
    return Inspection(
        service=service,
        object=tree,
        reads=reads,
        missing=missing_fields(tree) if tree else {},
        proposed=proposed or proposed_operations(service, shape.methods if shape else frozenset()),
        arguments=arguments,
        projects=projects,
        required=tuple(unfilled(service, shape, fixed={})) if shape is not None else (),
    )


def _once_confirmed(service: Service, wanted: Wanted) -> ServiceShape | None:
    """The shape that the service has when the operations that may be meant are meant."""
    if "QueryPage" not in wanted.operations:
        return None
    try:
        return shape_of([service], wanted=wanted, file="this service", system="inspect")[1]
    except ConfigMistake:
        return None


def _to_confirm(proposed: Mapping[str, str]) -> Iterator[str]:
    if proposed:
        yield (
            f"through {proposed['QueryPage']}, once you have confirmed that it answers queries: by `operations` in the "
            "settings of the kind, the line that --draft prints to be uncommented. Then:"
        )


def _by_arguments(arguments: Mapping[str, str]) -> Iterator[str]:
    if arguments:
        said = ", ".join(f"{tag} as {purpose}" for purpose, tag in arguments.items())
        yield f"with {said}, by `query_arguments` in the settings of the kind, as --draft prints it. Then:"


def missing_fields(tree: ComponentList) -> Mapping[str, tuple[str, ...]]:
    """System fields that are not in the top component, each with the tags that may be it under another name."""
    component = tree.component
    found: dict[str, tuple[str, ...]] = {}
    for name in NEEDED:
        if name not in component.fields:
            also = {each.format(component=plain(component.tag)) for each in _ALSO[name]}
            found[name] = tuple(tag for tag in component.fields if plain(tag) in also)
    return found


def as_json(inspection: Inspection) -> dict[str, Any]:
    """The same as JSON."""
    service = inspection.service
    return {
        "service": service.name,
        "port": service.port,
        "address": service.address,
        "soap": service.soap,
        "dialect": inspection.dialect,
        "operations": [
            {
                "name": operation.name,
                "method": method_of(operation),
                "dialect": dialect_of(operation).value,
                "style": operation.style,
                "soap_action": operation.action,
                "arguments": list(simple(operation.input)),
                "takes": _tag(integration_object(operation.input)),
                "gives": _tag(integration_object(operation.output)),
                "answers": list(simple(operation.output)),
            }
            for operation in service.operations
        ],
        "reads": list(inspection.reads),
        "proposed_operations": dict(inspection.proposed),
        "proposed_query_arguments": dict(inspection.arguments),
        "required_arguments": [{"operation": name, "argument": tag} for name, tag in inspection.required],
        "object": _tree(inspection.object) if inspection.object else None,
        "change_capture": {
            "ready": inspection.object is not None and not set(ESSENTIAL) & set(inspection.missing),
            "missing": [
                {"field": name, "without_it": NEEDED[name], "perhaps": list(also)}
                for name, also in inspection.missing.items()
            ],
        },
    }


def as_text(inspection: Inspection) -> str:
    """The same for reading."""
    service = inspection.service
    address = f"{service.address} (never called: the configured endpoint is)" if service.address else "none"
    lines = [
        f"service {service.name}, port {service.port}: {inspection.dialect}",
        f"  address: {address}",
        *(
            ["  SOAP 1.2 alone: the bridge sends SOAP 1.1, so publish that binding too"]
            if service.soap == "1.2"
            else []
        ),
        "  operations:",
    ]
    for operation in service.operations:
        lines.append(f"    {operation.name}  [{dialect_of(operation).value}, {operation.style}]")
        lines.append(f"      {_signature(operation)}")
    if inspection.proposed:
        lines.append("  operations that may be meant; confirm them, and name them in operations of the kind:")
        lines += [f"    {method} by {name}" for method, name in inspection.proposed.items()]
    if inspection.required:
        lines.append("  arguments that are required and that the bridge does not know; name them in `arguments`:")
        rpc = {each.name for each in inspection.service.operations if each.style == "rpc"}
        of_rpc = " (RPC style, where the WSDL calls every part required)"
        lines += [f"    {tag} of {name}{of_rpc if name in rpc else ''}" for name, tag in inspection.required]
    lines += ["  reading:", *(f"    {line}" for line in inspection.reads)]
    if inspection.object is None:
        return "\n".join([*lines, "  integration object: none"])
    lines += ["  change capture:", *(f"    {line}" for line in _capture(inspection))]
    lines += [f"  integration object {inspection.object.tag}:", *_lines(inspection.object.component, "    ")]
    return "\n".join(lines)


def _reading(service: Service, shape: Any) -> Iterator[str]:
    dialect = dialect_for(service, shape, names={})
    yield f"{shape.operations['QueryPage']} gives {shape.data.tag}/{shape.data.component.tag}"
    if dialect.sortable:
        yield "in pages, in windows by (Updated, Id): edits during the poll are not missed"
    elif dialect.paged:
        yield "in pages by offset, without an order: pages overlap by one row, and a set that moves is read again"
    else:
        yield "all in one answer: there are no pages"
    writes = [f"{method} by {name}" for method, name in shape.operations.items() if method != "QueryPage"]
    yield f"writing: {', '.join(writes) or 'no operation'}"
    if "Execute" not in shape.operations and "Update" in shape.operations:
        yield "no upsert: Update deletes child rows that a message does not repeat, so the bridge only inserts"


def _capture(inspection: Inspection) -> Iterator[str]:
    if not inspection.missing:
        yield "all system fields are there: Id, Created, Updated, ModId, ConflictId"
        return
    for name, also in inspection.missing.items():
        perhaps = f"; perhaps {', '.join(also)} is it: name it in system_fields" if also else ""
        yield f"{name} is missing: {NEEDED[name]}{perhaps}"
    if set(ESSENTIAL) & set(inspection.missing):
        yield "to have them: change their type from System to Data in the integration object, and publish it again"


def _signature(operation: Operation) -> str:
    taken = [*simple(operation.input), *_star(integration_object(operation.input))]
    given = [*simple(operation.output), *_star(integration_object(operation.output))]
    return f"({', '.join(taken)}) → ({', '.join(given)})"


def _star(tree: ComponentList | None) -> list[str]:
    return [f"{tree.tag}/{tree.component.tag}"] if tree else []


def _tag(tree: ComponentList | None) -> str | None:
    return tree.tag if tree else None


def _lines(component: Component, indent: str) -> Iterator[str]:
    yield f"{indent}{component.tag}: {len(component.fields)} fields, {len(component.lists)} lists"
    for name in component.fields:
        yield f"{indent}  {name}: {component.types.get(name, 'string')}"
    for many, directly in (("one at most", component.parts), ("any number", component.rows)):
        for part in directly:
            yield f"{indent}  {part.tag}, without a list around it: {many}"
            yield from _lines(part, indent + "    ")
    for child in component.lists:
        yield f"{indent}  {child.tag}"
        yield from _lines(child.component, indent + "    ")


def _tree(tree: ComponentList) -> dict[str, Any]:
    return {
        "container": tree.tag,
        "component": tree.component.tag,
        "namespace": tree.component.namespace,
        "fields": [{"name": name, "type": tree.component.types.get(name, "string")} for name in tree.component.fields],
        "lists": [_tree(child) for child in tree.component.lists],
        "components": [
            {"component": each.tag, "many": each in tree.component.rows, "fields": list(paths_of(each))}
            for each in (*tree.component.parts, *tree.component.rows)
        ],
    }
