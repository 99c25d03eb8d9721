"""A connector's own settings, judged by its model and told with the configuration's lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from crm_bridge.config.mistakes import ConfigMistakes, did_you_mean, from_validation, path_text
from crm_bridge.config.positions import PathTuple
from crm_bridge.config.settings import Settings, SystemSettings
from crm_bridge.config.values import NO_ADDRESS, is_no_address
from crm_bridge.connector import ConnectorSettings, ConnectorType
from crm_bridge.errors import ConfigMistake, Place


def validate_options(
    connector_type: ConnectorType, *, system: SystemSettings, place: Callable[[PathTuple], Place]
) -> ConnectorSettings:
    """The connector's settings for one system.

    Args:
        place: ``Settings.place`` of the configuration that ``system`` came from.

    Raises:
        ConfigMistakes: all that the connector's model complains of, each with file and line.
    """
    wrong = [key for key, value in system.options.items() if isinstance(value, str) and is_no_address(value)]
    if wrong:
        paths: list[PathTuple] = [("systems", system.name, key) for key in wrong]
        raise ConfigMistakes([ConfigMistake(NO_ADDRESS, place=place(path), path=path_text(path)) for path in paths])
    try:
        return connector_type.settings.model_validate(dict(system.options))
    except ValidationError as error:
        prefix = ("systems", system.name)
        found = from_validation(error, place=place, model=connector_type.settings, prefix=prefix)
        raise ConfigMistakes(found) from None


def check_kinds(kinds: Sequence[str], *, system: SystemSettings, place: Callable[[PathTuple], Place]) -> None:
    """Refuse records in the configuration of kinds that the system does not hold.

    Raises:
        ConfigMistakes: each unknown kind, with file and line.
    """
    mistakes = []
    for kind in system.records:
        if kind not in kinds:
            path = ("systems", system.name, "records", kind)
            message = f"{system.connector} holds no such records: {did_you_mean(kind, known=kinds)}"
            mistakes.append(ConfigMistake(message, place=place(path), path=path_text(path)))
    if mistakes:
        raise ConfigMistakes(mistakes)


def endpoints_of(settings: Settings) -> Mapping[str, str | None]:
    """Where each configured system is."""
    return {name: endpoint_of(each.options, base_dir=settings.base_dir) for name, each in settings.systems.items()}


def endpoint_of(options: Mapping[str, Any], *, base_dir: Path) -> str | None:
    """Where a system is, for people: host and port of the first URL among its connector's settings, else the first
    that names a file or folder; ``None`` where none does. Never what a URL says of user and password."""
    texts = {key: value for key, value in options.items() if isinstance(value, str) and not key.endswith("_ref")}
    for value in texts.values():
        scheme, separator, _ = value.partition("://")
        if separator and scheme.isalnum():
            return urlsplit(value).netloc.rpartition("@")[2] or None
    return next((value for value in texts.values() if "\0" not in value and (base_dir / value).exists()), None)
