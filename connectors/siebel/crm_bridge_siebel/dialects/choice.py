"""What is to be called in a WSDL: found by the types where there is one answer, named by the settings where not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crm_bridge.api import ConfigMistake
from crm_bridge_siebel.dialects.asi import SiebelAdapter
from crm_bridge_siebel.dialects.recognition import DialectName, dialect_of, method_of, simple
from crm_bridge_siebel.dialects.seam import Dialect
from crm_bridge_siebel.dialects.ui_data import UiDataAdapter
from crm_bridge_siebel.messages import Operation, Service, plain
from crm_bridge_siebel.shapes import Component, ComponentList, ServiceShape, integration_object, narrowed, renamed

METHODS = ("QueryPage", "Insert", "Update", "Delete", "Execute")
# What carries a method out, best first. Update and Synchronize delete child rows, so they never stand for Execute.
_CARRIED_OUT: Mapping[str, Sequence[str]] = {
    "QueryPage": ("QueryPage", "QueryByExample", "Query", "QueryById"),
    "Insert": ("Insert", "InsertOrUpdate", "Upsert"),
    "Update": ("Update",),
    "Delete": ("Delete",),
    "Execute": ("Execute", "InsertOrUpdate", "Upsert"),
}
_LOOKS = re.compile(r"search|quer|sort|page", re.IGNORECASE)
_NO_OBJECT = ComponentList(tag="", component=Component(tag="", namespace="", fields=()))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say of a kind; everything may be left to the types.

    Attributes:
        service: a service or port of the file.
        object: tag of the integration object's container or component.
        only: fields and lists that queries ask for, beside the system fields; empty: all.
        operations: method, such as ``QueryPage`` → the name of the operation that carries it out.
        system_fields: the WSDL's tags of system fields that have other names there.
        arguments: what carries a part of a query, such as ``SearchSpec`` → the argument of the query's operation.
        keeps_rows: the site vouches that Execute deletes no child rows that a message does not name.
    """

    service: str | None = None
    object: str | None = None
    only: frozenset[str] = frozenset()
    operations: Mapping[str, str] = field(default_factory=dict)
    system_fields: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    keeps_rows: bool = False


def shape_of(services: Sequence[Service], *, wanted: Wanted, file: str, system: str) -> tuple[Service, ServiceShape]:
    """The service that is wanted, and its shape.

    Raises:
        ConfigMistake: there is none, or several, or it cannot be read from.
    """
    fitting = [service for service in services if wanted.service in (None, service.name, service.port)]
    if not fitting:
        names = ", ".join(dict.fromkeys(service.name for service in services))
        raise ConfigMistake(f"{system}: {file} has no service {wanted.service}; it has {names}", path="service")
    found = [(service, shape) for service in fitting if (shape := _shape(service, wanted)) is not None]
    if not found:
        raise ConfigMistake(_nothing_to_ask(fitting, wanted, file=file, system=system), path="wsdl")
    if len({shape.prefix for _, shape in found}) > 1:
        names = ", ".join(dict.fromkeys(service.name for service, _ in found))
        raise ConfigMistake(f"{system}: {file} has several services that can be asked: {names}; name one as `service`")
    service, shape = found[0]
    shape = replace(shape, named=_named(shape, wanted, file=file, system=system))
    if not shape.query.component.tag or dialect_name(service, shape) is not DialectName.UI_DATA:
        return service, shape
    if "pagesize" not in shape.query.attributes:
        raise ConfigMistake(
            f"{system}: {file} is of the UI Data Adapter dialect, and its query takes no pagesize: "
            "without it every query would be one without limits",
            path="wsdl",
        )
    return service, shape


def dialect_name(service: Service, shape: ServiceShape) -> DialectName:
    """The dialect of the operation that answers queries."""
    return dialect_of(next(each for each in service.operations if each.name == shape.operations["QueryPage"]))


def dialect_for(service: Service, shape: ServiceShape, *, names: Mapping[str, str]) -> Dialect:
    """The dialect that ``service`` is to be spoken to in.

    Args:
        names: names of integration component fields, by tag, where they differ (only used in search specifications).
    """
    match dialect_name(service, shape):
        case DialectName.UI_DATA:
            return UiDataAdapter(shape)
        case DialectName.ASI | DialectName.WORKFLOW:
            return SiebelAdapter(shape, names=names)


def _shape(service: Service, wanted: Wanted) -> ServiceShape | None:
    operations = _operations(service, wanted)
    query = operations.get("QueryPage")
    given = integration_object(query.output) if query is not None else None
    if query is None or given is None:
        return None
    asked = integration_object(query.input)
    writer = next((operations[method] for method in ("Execute", "Insert", "Update") if method in operations), None)
    answered = integration_object(writer.output) if writer is not None else None
    return ServiceShape(
        prefix=_prefix(query),
        methods=frozenset(operations),
        query=narrowed(renamed(asked, wanted.system_fields), only=wanted.only) if asked is not None else _NO_OBJECT,
        data=renamed(given, wanted.system_fields),
        ids=renamed(answered or given, wanted.system_fields) if writer is not None else None,
        operations={method: operation.name for method, operation in operations.items()},
        arguments={method: simple(operation.input) for method, operation in operations.items()},
        several=frozenset(method for method, operation in operations.items() if _takes_several(operation)),
        keeps_rows=wanted.keeps_rows,
    )


def _operations(service: Service, wanted: Wanted) -> dict[str, Operation]:
    named = {operation.name: operation for operation in service.operations}
    fitting = [operation for operation in service.operations if _about(operation, wanted.object)]
    found: dict[str, Operation] = {}
    for method, ways in _CARRIED_OUT.items():
        if method in wanted.operations:
            if wanted.operations[method] in named:
                found[method] = named[wanted.operations[method]]
            continue
        candidates = [each for way in ways for each in fitting if method_of(each) == way]
        if method == "QueryPage":
            # Only what gives records can be read; a site's own operation is taken when it is the only one that does, or
            # the only one that is asked for them and given none.
            giving = [each for each in fitting if integration_object(each.output) is not None]
            candidates = [each for each in candidates if each in giving]
            asking = giving if len(giving) == 1 else [each for each in giving if _only_asks(each)]
            if not candidates and len(asking) == 1 and method_of(asking[0]) is None:
                candidates = asking
        if candidates:
            found[method] = candidates[0]
    return found


def _only_asks(operation: Operation) -> bool:
    """Whether it takes no record, and an argument that says it looks for some: one that deletes may give them too."""
    return integration_object(operation.input) is None and any(_LOOKS.search(tag) for tag in simple(operation.input))


def _named(shape: ServiceShape, wanted: Wanted, *, file: str, system: str) -> dict[str, str]:
    taken = {plain(tag): tag for tag in shape.arguments["QueryPage"]}
    for purpose, name in wanted.arguments.items():
        if plain(name) not in taken:
            raise ConfigMistake(
                f"{system}: {file}: query_arguments: {shape.operations['QueryPage']} takes no argument {name} for "
                f"{purpose}; it takes {', '.join(taken.values()) or 'none'}",
                path="query_arguments",
            )
    return {taken[plain(name)]: plain(purpose) for purpose, name in wanted.arguments.items()}


def _takes_several(operation: Operation) -> bool:
    tree = integration_object(operation.input)
    return tree is not None and any(
        node.tag == tree.tag and len(node.children) == 1 and node.children[0].many for node in operation.input.walk()
    )


def _about(operation: Operation, wanted: str | None) -> bool:
    if wanted is None:
        return True
    trees = (integration_object(operation.input), integration_object(operation.output))
    return any(tree is not None and wanted in (tree.tag, tree.component.tag) for tree in trees)


def _prefix(operation: Operation) -> str:
    method = method_of(operation)
    return operation.name.rpartition(method)[0] if method else operation.name


def _nothing_to_ask(services: Sequence[Service], wanted: Wanted, *, file: str, system: str) -> str:
    if wanted.operations or wanted.object:
        return (
            f"{system}: {file} has no operation that gives the records wanted by `object` and `operations`; it has "
            + ", ".join(operation.name for service in services for operation in service.operations)
        )
    return f"{system}: {file} has no QueryPage operation, nor another that gives records; publish one"
