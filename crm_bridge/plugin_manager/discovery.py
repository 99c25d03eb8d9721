"""Plugins found by the entry points of group ``crm_bridge``, and those that the configuration names loaded.

Installed means available; named in the configuration means active. Only named ones are imported, so a broken package
that nobody uses breaks nothing, and starting up costs what is used.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

import pluggy

from crm_bridge import hookspecs
from crm_bridge.errors import ConfigMistake, Place
from crm_bridge.plugin_manager.activation import activate
from crm_bridge.plugin_manager.isolation import Limits
from crm_bridge.plugin_manager.plugins import Plugins

_Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class AvailablePlugin:
    """An installed plugin, imported or not.

    Attributes:
        target: what it resolves to, such as ``acme_vendor.plugin`` or ``acme_vendor.plugin:Plugin``.
        distribution: the package that brings it, with its version; empty when its metadata do not say.
    """

    name: str
    target: str
    distribution: str
    version: str


def all_entry_points() -> tuple[AvailablePlugin, ...]:
    """Every installed plugin by name, without importing any."""
    return tuple(_described(entry) for entry in _installed())


def load_plugins(
    active: Sequence[str],
    *,
    connectors: Mapping[str, str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    timeout_seconds: float = 5.0,
    place: Callable[[_Path], Place | None] | None = None,
    installed: Iterable[EntryPoint] | None = None,
) -> Plugins:
    """Import, configure and register the plugins that the configuration names.

    Args:
        active: ``[plugins].active``.
        connectors: ``connector = "…"`` of each system, by its name and in order; they are called before ``active``.
        settings: ``[plugins.settings."NAME"]`` by name.
        timeout_seconds: that one call of a hook may take.
        place: where a path stands in the configuration file, for messages.
        installed: entry points to choose from; those of this environment by default.

    Raises:
        ConfigMistake: a named plugin is missing, cannot be imported, refuses its settings, or implements a hook that
            does not exist.
    """
    options = settings or {}
    where = place or (lambda _path: None)
    found = _by_name(_installed() if installed is None else installed)
    wanted = _wanted(active, connectors=connectors or {})
    names = tuple(wanted)
    for name in options:
        if name not in names and name not in found:
            lost: _Path = ("plugins", "settings", name)
            raise ConfigMistake(
                f"these settings belong to no plugin: {name!r} is neither active nor installed"
                f"{_near(name, [*names, *found])}",
                place=where(lost),
                path=_dotted(lost),
            )
    manager = pluggy.PluginManager(hookspecs.ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    for name, path in wanted.items():
        entry = _only(name, found, path=path, place=where(path))
        loaded = _loaded(name, entry, place=where(path), path=_dotted(path))
        settings_path = ("plugins", "settings", name)
        activate(
            manager,
            name,
            loaded,
            options=options.get(name),
            place=where(settings_path if name in options else path),
            path=_dotted(settings_path),
        )
    connector_names = tuple((connectors or {}).values())
    return Plugins(manager, names, connector_names=connector_names, limits=Limits(seconds=timeout_seconds))


def _wanted(active: Sequence[str], *, connectors: Mapping[str, str]) -> dict[str, _Path]:
    """Every plugin that is to be loaded, in order, with the first place of the configuration that names it."""
    wanted: dict[str, _Path] = {}
    for system, name in connectors.items():
        wanted.setdefault(name, ("systems", system, "connector"))
    for index, name in enumerate(active):
        wanted.setdefault(name, ("plugins", "active", index))
    return wanted


def _installed() -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=hookspecs.ENTRY_POINT_GROUP), key=lambda entry: entry.name))


def _by_name(installed: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for entry in installed:
        found.setdefault(entry.name, []).append(entry)
    return found


def _only(name: str, found: Mapping[str, Sequence[EntryPoint]], *, path: _Path, place: Place | None) -> EntryPoint:
    entries = found.get(name, ())
    if len({entry.value for entry in entries}) > 1:
        owners = " and ".join(sorted(_described(entry).distribution or entry.value for entry in entries))
        raise ConfigMistake(
            f"the plugin {name!r} is brought by two packages, {owners}: uninstall one", place=place, path=_dotted(path)
        )
    if not entries:
        available = ", ".join(sorted(found)) or "none"
        raise ConfigMistake(
            f"no installed package brings the plugin {name!r}{_near(name, list(found))}: correct the name, or install "
            f"into this environment the package whose metadata declare the entry point {name!r} in the group "
            f"'{hookspecs.ENTRY_POINT_GROUP}'; available: {available}",
            place=place,
            path=_dotted(path),
        )
    return entries[0]


def _loaded(name: str, entry: EntryPoint, *, place: Place | None, path: str) -> object:
    owner = _described(entry)
    package = f"{owner.distribution} {owner.version}".strip() or entry.value
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        remedy = _remedy(entry, error.name or "")
        message = f"the plugin {name!r} of {package} needs the module {error.name!r}, which is not installed: {remedy}"
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a stranger's module does at import
        told = f"{type(error).__name__}: {error}"
        message = f"the plugin {name!r} of {package} cannot be imported: {told}; update or remove it"
    raise ConfigMistake(message, place=place, path=path)


def _remedy(entry: EntryPoint, module: str) -> str:
    """The extra of the plugin's own distribution that would bring ``module``, where its metadata tell."""
    distribution = entry.dist
    if distribution is None or module.partition(".")[0] == entry.module.partition(".")[0]:
        return "its package is damaged, install it again"
    wanted = _normal(module.partition(".")[0])
    for requirement in distribution.requires or ():
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        named = re.match(r"[A-Za-z0-9._-]+", requirement)
        if named and extra and _normal(named.group()) == wanted and extra.group(1) not in {"all", "test"}:
            return f'pip install "{distribution.metadata["Name"]}[{extra.group(1)}]"'
    return f"install the package that brings it (perhaps: pip install {module.partition('.')[0]})"


def _described(entry: EntryPoint) -> AvailablePlugin:
    distribution = entry.dist
    return AvailablePlugin(
        name=entry.name,
        target=entry.value,
        distribution=distribution.metadata["Name"] if distribution else "",
        version=distribution.version if distribution else "",
    )


def _near(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _dotted(path: _Path) -> str:
    return ".".join(f'"{part}"' if "." in str(part) else str(part) for part in path)
