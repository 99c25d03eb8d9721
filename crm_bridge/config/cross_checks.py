"""Mistakes that no single value shows: names that nothing bears, files that are not there, secrets not set.

These look at the raw document, so that they are found even where its shape is wrong: all mistakes come at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

from crm_bridge.config.documents import find_document
from crm_bridge.config.mistakes import did_you_mean
from crm_bridge.config.positions import PathTuple
from crm_bridge.config.secrets import check_reference, resolve_secret
from crm_bridge.config.survivorship import complain_of_path
from crm_bridge.errors import ConfigMistake

Complaint: TypeAlias = tuple[PathTuple, str]

_MISSPELT = "unknown key: did you mean '{}'?"
MISSPELT_CONNECTOR = _MISSPELT.format("connector")


def cross_check(document: Mapping[str, Any], *, base_dir: Path, check_secrets: bool) -> Iterator[Complaint]:
    """Every complaint about how parts of ``document`` fit each other and the files around it."""
    systems = _table(document.get("systems"))
    yield from _records(systems, base_dir=base_dir)
    yield from _survivorship(_table(document.get("survivorship")), systems=tuple(systems))
    yield from _outbox(_table(document.get("outbox")), systems=tuple(systems))
    yield from _plugins(_table(document.get("plugins")))
    yield from _references(document, path=(), base_dir=base_dir, check_secrets=check_secrets)


def _records(systems: Mapping[str, Any], *, base_dir: Path) -> Iterator[Complaint]:
    for name, system in systems.items():
        yield from _near_misses(_table(system), path=("systems", name))
        for kind, record in _table(_table(system).get("records")).items():
            path: PathTuple = ("systems", name, "records", kind)
            settings = _table(record)
            reference = settings.get("mapping")
            if isinstance(reference, str) and reference:
                try:
                    find_document(reference, base_dir=base_dir)
                except ConfigMistake as mistake:
                    yield (*path, "mapping"), mistake.message
            if settings.get("create") is True and settings.get("write") is False:
                yield (*path, "create"), "cannot be true where write = false: allow writing, or do not create"
            if settings.get("read") is False and settings.get("write") is False:
                yield path, "is neither read nor written: allow one of them, or remove this table"


def _near_misses(system: Mapping[str, Any], *, path: PathTuple) -> Iterator[Complaint]:
    """Keys that were meant to be ours and would be taken for the connector's."""
    for ours in ("connector", "records"):
        near = get_close_matches(ours, system, n=1, cutoff=0.8)
        if ours not in system and near:
            yield (*path, near[0]), _MISSPELT.format(ours)


def _survivorship(survivorship: Mapping[str, Any], *, systems: Sequence[str]) -> Iterator[Complaint]:
    yield from _order(survivorship.get("order"), path=("survivorship", "order"), systems=systems)
    for name, rule in _table(survivorship.get("paths")).items():
        path: PathTuple = ("survivorship", "paths", name)
        complaint = complain_of_path(name)
        if complaint:
            yield path, complaint
        if isinstance(rule, list):
            yield from _order(rule, path=path, systems=systems)
        else:
            yield from _order(_table(rule).get("order"), path=(*path, "order"), systems=systems)


def _order(order: object, *, path: PathTuple, systems: Sequence[str]) -> Iterator[Complaint]:
    if not isinstance(order, list):
        return
    for index, name in enumerate(order):
        if not isinstance(name, str):
            continue
        if name not in systems:
            hint = did_you_mean(name, known=systems) or "there is none yet: add [systems.NAME]"
            yield (*path, index), f"{name!r} is no system of this file: {hint}"
        elif name in order[:index]:
            yield (*path, index), f"{name!r} stands here twice: keep one"


def _outbox(outbox: Mapping[str, Any], *, systems: Sequence[str]) -> Iterator[Complaint]:
    for name in _table(outbox.get("systems")):
        if name not in systems:
            hint = did_you_mean(name, known=systems) or "there is none yet: add [systems.NAME]"
            yield ("outbox", "systems", name), f"{name!r} is no system of this file: {hint}"


def _plugins(plugins: Mapping[str, Any]) -> Iterator[Complaint]:
    active = plugins.get("active")
    names = [name for name in active if isinstance(name, str)] if isinstance(active, list) else []
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("plugins", "active", index), f"{name!r} stands here twice: keep one"
    for name in _table(plugins.get("settings")):
        near = get_close_matches(name, names, n=1, cutoff=0.8)
        if name not in names and near:
            yield ("plugins", "settings", name), f"no plugin of this name is active: did you mean {near[0]!r}?"


def _references(value: Any, *, path: PathTuple, base_dir: Path, check_secrets: bool) -> Iterator[Complaint]:
    """Keys that end in ``_ref`` hold references to secrets, wherever they stand."""
    if isinstance(value, dict):
        for key, below in value.items():
            here = (*path, key)
            if key.endswith("_ref"):
                complaint = _reference(below, base_dir=base_dir, check_secrets=check_secrets)
                if complaint:
                    yield here, complaint
            else:
                yield from _references(below, path=here, base_dir=base_dir, check_secrets=check_secrets)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _references(below, path=(*path, index), base_dir=base_dir, check_secrets=check_secrets)


def _reference(value: object, *, base_dir: Path, check_secrets: bool) -> str | None:
    complaint = check_reference(value)
    if complaint or not check_secrets:
        return complaint
    try:
        resolve_secret(str(value), base_dir=base_dir)
    except ConfigMistake as mistake:
        return mistake.message
    return None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
