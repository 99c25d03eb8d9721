"""Inline tests of a mapping document, checked: a path that the model does not have tests nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crm_bridge.errors import Place
from crm_bridge.mapping.document import InlineTest
from crm_bridge.mapping.yaml_nodes import Node
from crm_bridge.model import fields_at, known_path

Report = Callable[[Place, str, str], None]
_TABLES = ("given", "expect", "change", "write_back")
_SELECTOR = re.compile(r"\[[^\]]*\]|\+")


def parse_test(test: Node, table: Mapping[str, Node], *, path: str, entity: str, report: Report) -> InlineTest | None:
    """One test. Mistakes go to ``report(place, path, message)``."""
    if "name" not in table or "given" not in table:
        report(test.place, path, "a test needs `name` and `given`")
        return None
    if not {"expect", "write_back", "quarantine"} & set(table):
        report(test.place, path, "a test needs `expect`, `write_back` or `quarantine`")
    wrong = [
        word
        for word in _TABLES
        if word in table and not isinstance(table[word].value, dict) and (word, table[word].value) != ("given", None)
    ]
    for word in wrong:
        report(table[word].place, f"{path}.{word}", "a table is expected")
    if wrong:
        return None
    if "expect" in table:
        for place, where, message in _unknown_fields(table["expect"], "", entity):
            report(place, f"{path}.expect.{where}", message)
    if "change" in table:
        for place, where, message in _unknown_changes(table["change"], entity):
            report(place, f"{path}.change.{where}", message)
    stopped = table["quarantine"].plain if "quarantine" in table else None
    return InlineTest(
        name=str(table["name"].value),
        given=table["given"].plain,
        place=test.place,
        expect=table["expect"].plain if "expect" in table else None,
        change={str(key): value for key, value in table["change"].plain.items()} if "change" in table else {},
        write_back=table["write_back"].plain if "write_back" in table else None,
        quarantine=None if stopped is None else tuple(map(str, stopped if isinstance(stopped, list) else [stopped])),
    )


def _unknown_changes(node: Node, entity: str) -> Iterator[tuple[Place, str, str]]:
    for key, value in node.value.items():
        path = str(key)
        if not known_path(path, entity=entity):
            yield node.place_of(key), path, "the model has no such path: see docs/reference/model.md"
            continue
        for place, where, message in _unknown_fields(value, _SELECTOR.sub("", path), entity):
            yield place, f"{path}.{where}", message


def _unknown_fields(node: Node, path: str, entity: str) -> Iterator[tuple[Place, str, str]]:
    """Keys of a value at ``path`` of the document that the model does not know there."""
    if isinstance(node.value, list):
        for entry in node.value:
            yield from _unknown_fields(entry, path, entity)
    if not isinstance(node.value, dict):
        return
    allowed = fields_at(path, entity=entity)
    if not allowed:  # anything may stand here, such as the value of a fact
        return
    inner: dict[Any, Node] = node.value
    for key, value in inner.items():
        below = f"{path}.{key}".lstrip(".")
        if key not in allowed:
            yield node.place_of(key), below, f"the model has no such path: use one of {', '.join(sorted(allowed))}"
        else:
            yield from _unknown_fields(value, below, entity)
