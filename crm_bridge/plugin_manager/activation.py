"""One loaded plugin made ready: its settings validated, its hooks registered, its mistakes told at start.

A plugin is a module with ``@hookimpl`` functions, or a class ``Plugin`` (in a module, or named by the entry point) with
``@hookimpl`` methods. The class may declare ``Settings``, a frozen pydantic model: then it is built with its settings.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import pluggy
from pydantic import BaseModel, ValidationError

from crm_bridge.errors import ConfigMistake, Place


class _TakesNoSettings(Exception):  # noqa: N818  # never leaves this module
    """Settings are given for a plugin that has none."""


def activate(
    manager: pluggy.PluginManager,
    name: str,
    loaded: object,
    *,
    options: Mapping[str, Any] | None,
    place: Place | None,
    path: str,
) -> None:
    """Register ``loaded`` under ``name``.

    Args:
        loaded: what the entry point resolved to.
        options: the settings given for it; ``None``: none were.
        path: of the settings, for messages.

    Raises:
        ConfigMistake: settings that do not fit, or hooks that do not exist.
    """
    try:
        plugin = _built(manager, loaded, options=options)
        manager.register(plugin, name=name)
        manager.check_pending()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        raise ConfigMistake(first["msg"], place=place, path=f"{path}.{at}" if at else path) from None
    except _TakesNoSettings:
        section = f'[plugins.settings."{name}"]'
        raise ConfigMistake(
            f"the plugin {name!r} takes no settings: remove {section}", place=place, path=path
        ) from None
    except pluggy.PluginValidationError as error:
        raise ConfigMistake(f"the plugin {name!r} does not fit this version: {_told(error)}", place=place) from None
    calls = manager.get_hookcallers(plugin) or []
    if not calls:
        raise ConfigMistake(f"the plugin {name!r} implements no hook: is @hookimpl missing?", place=place)
    for call in calls:
        for impl in call.get_hookimpls():
            if impl.plugin_name == name and (impl.wrapper or impl.hookwrapper):
                raise ConfigMistake(
                    f"the plugin {name!r} wraps {call.name}: plugins are called one by one, so wrappers never run",
                    place=place,
                )


def _built(manager: pluggy.PluginManager, loaded: object, *, options: Mapping[str, Any] | None) -> object:
    kind = loaded if inspect.isclass(loaded) else getattr(loaded, "Plugin", None)
    if not inspect.isclass(kind):
        if options is not None:
            raise _TakesNoSettings
        return loaded
    if loaded is not kind and any(manager.parse_hookimpl_opts(loaded, member) for member in dir(loaded)):
        raise pluggy.PluginValidationError(loaded, "its module has hooks beside the class Plugin, move them into it")
    settings = getattr(kind, "Settings", None)
    if settings is None:
        if options is not None:
            raise _TakesNoSettings
        return _started(kind, loaded)
    if not (inspect.isclass(settings) and issubclass(settings, BaseModel) and settings.model_config.get("frozen")):
        raise pluggy.PluginValidationError(loaded, "its Settings has to be a frozen pydantic model")
    return _started(kind, loaded, settings.model_validate(dict(options or {})))


def _started(kind: type[Any], loaded: object, *arguments: object) -> object:
    try:
        return kind(*arguments)
    except Exception as error:  # a stranger's constructor may raise anything
        raise pluggy.PluginValidationError(loaded, f"it cannot start: {type(error).__name__}: {error}") from error


def _told(error: pluggy.PluginValidationError) -> str:
    """Pluggy's message on one line."""
    return " ".join(str(error).split())
