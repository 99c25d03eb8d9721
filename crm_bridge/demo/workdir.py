"""The demo's working directory: claimed without hurting what is not the demo's, and a working project afterwards.

It holds ``crm-bridge.toml``, ``mappings/`` (copies, to be changed), ``secrets/``, ``simulators/`` (the state of the
four systems) and the store ``bridge.db``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from crm_bridge.errors import ConfigMistake, UserMistake

MARKER = ".crm-bridge-demo"
CONFIG = "crm-bridge.toml"
SECRETS = "secrets"
SIMULATORS = "simulators"
_OWN_FOLDERS = ("mappings", SECRETS, SIMULATORS, "logs")
_OWN_FILES = (MARKER, CONFIG)
_STORE = "bridge.db*"
_MAPPINGS = "crm_bridge_mappings"
_MARKER_TEXT = "Made by `crm-bridge demo`. While this file is here, the next demo may replace what the last one made.\n"


def claim_directory(directory: Path, *, force: bool = False) -> None:
    """Make ``directory`` an empty one of ours.

    What an earlier demo made is removed, nothing else. ``force`` does so without the demo's marker file too.

    Raises:
        UserMistake: it is a file, holds files that are not the demo's, or cannot be written.
    """
    if directory.exists() and not directory.is_dir():
        raise UserMistake(f"{directory} is a file; name a directory with --dir")
    try:
        if directory.is_dir() and any(directory.iterdir()):
            if not (directory / MARKER).is_file() and not force:
                raise UserMistake(
                    f"{directory} is not empty and was not made by the demo; name another directory with --dir, "
                    "or replace the demo's files in it with --force"
                )
            _remove_own(directory)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / MARKER).write_text(_MARKER_TEXT, encoding="utf-8")
    except OSError as error:
        raise UserMistake(f"{directory} cannot be made ready ({error.strerror}); name another with --dir") from error


def write_secret(directory: Path, name: str, value: str) -> str:
    """Keep a secret in a file that only its owner reads. Returns the reference to write into the configuration."""
    folder = directory / SECRETS
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / name
    file.touch(mode=0o600)
    file.write_text(value, encoding="utf-8")
    return f"file:{SECRETS}/{name}"


def copy_mappings(directory: Path) -> tuple[str, ...]:
    """Copy the bundled mapping documents to ``mappings/``. Returns their paths, relative to ``directory``, sorted."""
    return tuple(sorted(_copied(resources.files(_MAPPINGS), directory / "mappings", "mappings")))


def config_text(
    *,
    systems: Mapping[str, Mapping[str, Any]],
    records: Mapping[str, Mapping[str, Mapping[str, Any]]],
    plugins: Mapping[str, Mapping[str, Any]],
    web: Mapping[str, Any],
    guard: Mapping[str, Any],
    policy: Mapping[str, Any],
) -> str:
    """``crm-bridge.toml``: the settings that the simulators gave, by system, and what the bridge makes of them.

    Args:
        systems: connector settings by system name; a system is named like its connector. Order is trust, highest first.
        records: settings of each kind of record, by system.
        plugins: active plugins in order, with their settings.
    """
    out = [
        "# Made by `crm-bridge demo`. It works against the demo's simulators: `crm-bridge simulate all`.",
        _table("bridge", {"name": "demo", "store": "sqlite:///bridge.db", "region": "UA"}),
    ]
    for system, settings in systems.items():
        out.append(_table(f"systems.{system}", {"connector": system} | dict(settings)))
        out += [_table(f"systems.{system}.records.{kind}", keys) for kind, keys in records.get(system, {}).items()]
    out.append("# Whose word counts where systems differ, highest trust first.")
    out.append(_table("survivorship", {"order": list(systems)}))
    out.append(_table("plugins", {"active": list(plugins)}))
    out += [_table(f"plugins.settings.{json.dumps(name)}", keys) for name, keys in plugins.items() if keys]
    out.append("# The first run fills gaps everywhere; a later one that changes more than this share had better stop.")
    out.append(_table("guard", guard))
    out.append("# Messages about a client's own claim may go at any hour: a demo may be run at night.")
    out.append(_table("policy", policy))
    out.append(_table("web", web))
    return "\n".join(out)


def toml_value(value: object) -> str:
    """A value as TOML.

    Raises:
        ConfigMistake: of a type that TOML has no notation for.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(toml_value(item) for item in value)}]"
        case Mapping():
            return f"{{ {', '.join(f'{json.dumps(str(key))} = {toml_value(item)}' for key, item in value.items())} }}"
        case _:
            raise ConfigMistake(f"a setting of type {type(value).__name__} cannot be written into {CONFIG}")


def relative_references(settings: Mapping[str, Any], *, directory: Path) -> dict[str, Any]:
    """``settings`` with paths inside ``directory`` made relative to it, so that the directory can be moved."""
    root = f"{directory.resolve()}/"
    return {
        key: value.replace(root, "") if isinstance(value, str) and not value.startswith("http") else value
        for key, value in ((key, str(value) if isinstance(value, Path) else value) for key, value in settings.items())
        if value is not None
    }


def _table(name: str, keys: Mapping[str, Any]) -> str:
    lines = [f"{key} = {toml_value(value)}" for key, value in keys.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _copied(source: Traversable, folder: Path, shown: str) -> list[str]:
    paths: list[str] = []
    for entry in source.iterdir():
        if entry.is_dir() and not entry.name.startswith("__"):
            paths += _copied(entry, folder / entry.name, f"{shown}/{entry.name}")
        elif entry.name.endswith(".yaml"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / entry.name).write_bytes(entry.read_bytes())
            paths.append(f"{shown}/{entry.name}")
    return paths


def _remove_own(directory: Path) -> None:
    for name in _OWN_FOLDERS:
        if (directory / name).is_dir():
            shutil.rmtree(directory / name)
    for file in [*(directory / name for name in _OWN_FILES), *directory.glob(_STORE)]:
        file.unlink(missing_ok=True)
