"""How what is wrong with a configuration is told: file, line, path, and what to do; all of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from crm_bridge.config.positions import PathTuple
from crm_bridge.errors import ConfigMistake, Place

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WANTED = {
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "list_type": 'must be a list, such as ["a", "b"]',
    "frozen_set_type": 'must be a list, such as ["a", "b"]',
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "missing": "is missing: add it",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


class ConfigMistakes(ConfigMistake):
    """All mistakes of one file, in the order of their lines. Its text has one a line."""

    def __init__(self, mistakes: Sequence[ConfigMistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=_line))
        first = self.mistakes[0]
        super().__init__(first.message, place=first.place, path=first.path)

    def __str__(self) -> str:
        return "\n".join(str(mistake) for mistake in self.mistakes)


def path_text(path: PathTuple) -> str:
    """``plugins.settings."notification.claims_sms".retries``: a path as TOML spells it; list places from 0."""
    parts = []
    for part in path:
        if isinstance(part, int):
            parts.append(str(part))
        else:
            parts.append(part if _BARE.fullmatch(part) else f'"{part}"')
    return ".".join(parts)


def did_you_mean(word: str, *, known: Iterable[str]) -> str:
    """The hint behind an unknown word: the nearest known one, then all of them; empty when there is none."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known here: {', '.join(names)}" if names else ""


def from_validation(
    error: ValidationError,
    *,
    place: Callable[[PathTuple], Place],
    model: type[BaseModel],
    prefix: PathTuple = (),
    to_path: Callable[[PathTuple], PathTuple] = lambda path: path,
) -> tuple[ConfigMistake, ...]:
    """pydantic's complaints as ours.

    Args:
        place: where a path stands in the file.
        model: the model that was validated, for what is known where a key is not.
        prefix: where the validated value stands in the file.
        to_path: from the model's path to the file's, where they differ.
    """
    mistakes: dict[PathTuple, ConfigMistake] = {}
    for detail in error.errors(include_url=False):
        path = (*prefix, *to_path(tuple(part for part in detail["loc"] if part != "[key]")))
        if path not in mistakes:
            mistakes[path] = ConfigMistake(_what_to_do(detail, model=model), place=place(path), path=path_text(path))
    return tuple(mistakes.values())


def _what_to_do(detail: ErrorDetails, *, model: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys_at(model, detail["loc"][:-1])
        return f"unknown key: {did_you_mean(str(detail['loc'][-1]), known=known) or 'remove it'}"
    if kind in _WANTED:
        return _WANTED[kind].format(**context)
    if kind in ("literal_error", "enum"):
        return f"must be one of {context.get('expected')}"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    message = detail["msg"]
    return message[:1].lower() + message[1:]


def _keys_at(model: type[BaseModel], loc: Sequence[str | int]) -> frozenset[str]:
    """The keys that are known at ``loc``, following models, and mappings of models, down from ``model``."""
    here: Any = model
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        else:
            here = _last_argument(here)
    while not (isinstance(here, type) and issubclass(here, BaseModel)):
        here = _last_argument(here)
        if here is None:
            return frozenset()
    return frozenset(here.model_fields)


def _last_argument(annotation: Any) -> Any:
    arguments = [one for one in getattr(annotation, "__args__", ()) if one is not type(None) and one is not Ellipsis]
    return arguments[-1] if arguments else None


def _line(mistake: ConfigMistake) -> int:
    return (mistake.place.line or 0) if mistake.place else 0
