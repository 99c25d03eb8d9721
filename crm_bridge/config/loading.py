"""From the file ``crm-bridge.toml`` to :class:`~crm_bridge.config.Settings`, or to all its mistakes at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from crm_bridge.config.cross_checks import MISSPELT_CONNECTOR, cross_check
from crm_bridge.config.mistakes import ConfigMistakes, from_validation, path_text
from crm_bridge.config.positions import PathTuple, find_positions
from crm_bridge.config.settings import Settings, nearest_place
from crm_bridge.errors import ConfigMistake, Place

_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def load_settings(path: Path | str, *, check_secrets: bool = True) -> Settings:
    """Read and validate a configuration.

    Args:
        path: the file; messages name it as given.
        check_secrets: whether referenced secrets must be set now; ``False`` for commands that reach no system.

    Raises:
        ConfigMistakes: all that is wrong, each with file and line. A :class:`ConfigMistake` too.
    """
    path = Path(path)
    text = _read(path)
    document = _parse(text, file=str(path))
    positions = find_positions(text)

    def place(at: PathTuple) -> Place:
        return nearest_place(at, file=str(path), positions=positions)

    complaints = cross_check(document, base_dir=path.parent, check_secrets=check_secrets)
    mistakes = {at: ConfigMistake(what, place=place(at), path=path_text(at)) for at, what in complaints}
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(_with_full_order(document))
    except ValidationError as error:
        shown = {mistake.path for mistake in mistakes.values()}
        shown |= {
            path_text((*at[:-1], "connector")) for at, one in mistakes.items() if one.message == MISSPELT_CONNECTOR
        }
        found = from_validation(error, place=place, model=Settings)
        mistakes.update({("", index): one for index, one in enumerate(found) if one.path not in shown})
    if settings is None or mistakes:
        raise ConfigMistakes(list(mistakes.values()))
    return settings.read_from(path, positions=positions)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        message = "there is no such file: give it with --config, or make one with `crm-bridge init`"
    except IsADirectoryError:
        message = "is a folder: give the file in it"
    except UnicodeDecodeError:
        message = "is not UTF-8: save it in that encoding"
    except OSError as error:
        message = f"cannot be read ({type(error).__name__}): check its rights"
    raise ConfigMistakes([ConfigMistake(message, place=Place(str(path)))])


def _parse(text: str, *, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_PLACE.search(str(error))
        message = _TOML_PLACE.sub("", str(error))
        if match and match.group(1):
            place = Place(file, line=int(match.group(1)), column=int(match.group(2)))
        else:
            place = Place(file, line=max(1, len(text.splitlines())))
        mistake = ConfigMistake(f"not TOML: {message[:1].lower()}{message[1:]}: correct this line", place=place)
        raise ConfigMistakes([mistake]) from None
    except RecursionError:
        raise ConfigMistake("nested too deeply to be read: no setting has so many levels", place=Place(file)) from None


def _with_full_order(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Systems that the order of trust does not name come last, as they stand in the file."""
    systems, survivorship = document.get("systems", {}), document.get("survivorship", {})
    if not isinstance(systems, dict) or not isinstance(survivorship, dict):
        return document
    order = survivorship.get("order", [])
    if not isinstance(order, list):
        return document
    return {**document, "survivorship": {**survivorship, "order": [*order, *(s for s in systems if s not in order)]}}
