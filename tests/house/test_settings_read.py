"""Every setting that can be written is read: one that nothing reads is a promise that nobody keeps."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from crm_bridge.config import Settings

# Names that a section goes by where it is read, beside its own.
READ_AS = {
    "Settings": {"settings"},
    "RecordSettings": {"records"},
    "SystemSettings": {"system", "configured"},
    "PolicySettings": {"settings", "policy"},
    "QuietHours": {"configured"},
    "PathRule": {"each"},
    "OutboxOfSystem": {"own"},
}
# Read by the configuration itself, and why that is enough.
READ_WITHIN = {
    "SurvivorshipSettings.order": "becomes Survivorship.order, by which the pure side decides",
    "SurvivorshipSettings.paths": "becomes Survivorship.rules",
    "PathRule.order": "becomes Rule.order",
    "PathRule.rule": "becomes Rule.rule",
    "WebSettings.listen": "is taken apart into host and port",
    "Caps.days_7": "is one of the windows that the decision asks for",
    "Caps.days_30": "as above",
    "Caps.days_90": "as above",
}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _fields(model: type[BaseModel], *, called: frozenset[str]) -> Mapping[str, tuple[str, frozenset[str]]]:
    """``Model.field`` → the field and the names under which its section goes, of a model and all below it."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for name, field in model.model_fields.items():
        if field.exclude:
            continue  # not a key of the file
        found[f"{model.__name__}.{name}"] = (name, called | READ_AS.get(model.__name__, set()))
        for below in _models(field.annotation):
            found |= _fields(below, called=frozenset({name}))
    return found


def _names(owner: ast.expr) -> list[str]:
    """What the owner of an attribute is called; each side of an ``or`` counts."""
    match owner:
        case ast.Attribute():
            return [owner.attr]
        case ast.Name():
            return [owner.id]
        case ast.BoolOp():
            return [name for value in owner.values for name in _names(value)]
    return []


@pytest.fixture(scope="module")
def read(shipped_files) -> set[tuple[str, str]]:
    """(owner, attribute) of every ``owner.attribute`` and ``….owner.attribute`` outside the configuration."""
    pairs = set()
    for file in shipped_files:
        if file.name.startswith("crm_bridge/config/") or file.name == "crm_bridge/policy/settings.py":
            continue
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Attribute):
                pairs |= {(name, node.attr) for name in _names(node.value)}
    return pairs


def test_every_setting_is_read_outside_the_configuration(read):
    """Or its reason stands above."""
    unread = [
        path
        for path, (field, owners) in _fields(Settings, called=frozenset()).items()
        if path not in READ_WITHIN and not any((owner, field) in read for owner in owners)
    ]

    assert [] == unread


def test_every_exception_is_a_setting():
    """A setting that went takes its exception along."""
    assert set() == READ_WITHIN.keys() - _fields(Settings, called=frozenset()).keys()
