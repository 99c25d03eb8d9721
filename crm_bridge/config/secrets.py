"""Secrets are named in the configuration, never written there: ``env:NAME`` or ``file:PATH``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from crm_bridge.connector import Secret
from crm_bridge.errors import ConfigMistake

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_reference(reference: object) -> str | None:
    """What is wrong with the form of a reference, and what to do; ``None`` when it is well formed."""
    if not isinstance(reference, str):
        return "must be a reference in quotes, 'env:NAME' or 'file:PATH'"
    scheme, separator, rest = reference.partition(":")
    if not separator or scheme not in ("env", "file"):
        return (
            "is not a reference to a secret: write 'env:NAME' or 'file:PATH', and put the secret itself "
            "in that environment variable or file"
        )
    if scheme == "env" and not _ENV_NAME.fullmatch(rest):
        return "'env:' wants the name of an environment variable behind it, such as 'env:SIEBEL_PASSWORD'"
    if scheme == "file" and not rest.strip():
        return "'file:' wants a path behind it, such as 'file:secrets/siebel'"
    return None


def resolve_secret(reference: str, *, base_dir: Path, environ: Mapping[str, str] | None = None) -> Secret:
    """The secret behind a reference. A file's closing line break does not belong to it.

    Args:
        base_dir: what relative ``file:`` paths are relative to.
        environ: the environment; ``None``: the process's own.

    Raises:
        ConfigMistake: malformed, not set, not there, or empty. The message never holds the secret.
    """
    complaint = check_reference(reference)
    if complaint:
        raise ConfigMistake(complaint)
    scheme, _, rest = reference.partition(":")
    value = _from_environment(rest, environ=environ) if scheme == "env" else _from_file(base_dir / rest)
    return Secret(value)


def secret_resolver(base_dir: Path, *, environ: Mapping[str, str] | None = None) -> Callable[[str], Secret]:
    """:func:`resolve_secret` with its surroundings bound: what ``ConnectorContext.secret`` wants."""

    def resolve(reference: str) -> Secret:
        return resolve_secret(reference, base_dir=base_dir, environ=environ)

    return resolve


def _from_environment(name: str, *, environ: Mapping[str, str] | None) -> str:
    value = (os.environ if environ is None else environ).get(name)
    if value is None:
        raise ConfigMistake(f"the environment variable {name} is not set: export it before starting")
    if not value.strip():
        raise ConfigMistake(f"the environment variable {name} is empty: give it the secret")
    return value


def _from_file(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except IsADirectoryError:
        raise ConfigMistake(f"{path} is a folder: name the file in it that holds the secret") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigMistake(f"the file {path} is not there: put the secret into it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigMistake(f"the file {path} cannot be read ({type(error).__name__}): check its rights") from None
    if not value.strip():
        raise ConfigMistake(f"the file {path} is empty: put the secret into it")
    return value
