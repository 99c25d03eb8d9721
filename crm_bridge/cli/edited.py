"""A record as somebody edits it: single values from the command line, a file, or the editor."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crm_bridge.errors import UserMistake


def with_values(record: Any, values: Sequence[str]) -> dict[str, Any]:
    """``record`` with each ``FIELD=VALUE``. Text stays text; where another type stands, the value is read as JSON.

    Raises:
        UserMistake: no field is named, or the value is not of the field's type.
    """
    edited = dict(_object(record))
    for each in values:
        name, separator, text = each.partition("=")
        if not name or not separator:
            raise UserMistake("write --set FIELD=VALUE, with the field as `dead-letters show` names it")
        present = edited.get(name)
        edited[name] = text if present is None or isinstance(present, str) else _json(text, of=name)
    return edited


def from_file(file: Path) -> dict[str, Any]:
    """The record in a JSON file; ``-``: standard input. Raises :class:`UserMistake`."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistake(f"{file} cannot be read: {type(error).__name__}") from error
    return dict(_object(_json(text, of=str(file))))


def from_editor(record: Any) -> dict[str, Any]:
    """What somebody leaves in ``$EDITOR``. Raises :class:`UserMistake` when nothing was saved."""
    if not sys.stdin.isatty():
        raise UserMistake("say what the record should have said: --set FIELD=VALUE, or --file record.json")
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    before = json.dumps(_object(record), ensure_ascii=False, indent=2)
    with TemporaryDirectory() as folder:  # nobody else may look into it
        file = Path(folder) / "record.json"
        file.write_text(before, encoding="utf-8")
        try:
            subprocess.run([*editor, str(file)], check=True)  # noqa: S603  # the user's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            raise UserMistake(f"{editor[0]} did not end well ({type(error).__name__}); nothing is changed") from error
        text = file.read_text(encoding="utf-8")
    if text == before:
        raise UserMistake("nothing was changed")
    return dict(_object(_json(text, of="what you saved")))


def _object(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, Mapping):
        raise UserMistake("there is no record to edit: it could not even be read as one; mend it at its source")
    return record


def _json(text: str, *, of: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserMistake(f"{of}: that is no JSON") from error
