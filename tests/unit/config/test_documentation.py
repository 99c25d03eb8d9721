"""docs/reference/configuration.md names every key, in its table, with the words of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel

from crm_bridge.config import Settings

PAGE = Path(__file__).resolve().parents[3] / "docs/reference/configuration.md"
BELOW = {"systems": "NAME", "records": "KIND", "paths": '"PATH"'}
SECTION = re.compile(r"^## `\[(?P<table>[^\n]+)\]`\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(?P<key>\w+)` \| (?P<default>[^|]+) \| (?P<words>[^|]+) \|$", re.MULTILINE)


def _model_in(annotation):
    """The model that an annotation holds, and whether it is reached through a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    origin = get_origin(annotation)
    through = isinstance(origin, type) and issubclass(origin, Mapping)
    for argument in get_args(annotation):
        if found := _model_in(argument):
            return found[0], through or found[1]
    return None


def _keys(model, table=""):
    """(table, key) → description, of ``model`` and all below it."""
    keys = {}
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        path = f"{table}.{name}" if table else name
        below = _model_in(field.annotation)
        if table:
            keys[table, name] = " ".join((field.description or "").replace("``", "`").split())
        if below:
            keys |= _keys(below[0], f"{path}.{BELOW[name]}" if below[1] else path)
    return keys


def _documented():
    text = PAGE.read_text(encoding="utf-8")
    return {
        (section["table"], row["key"]): row["words"].strip()
        for section in SECTION.finditer(text)
        for row in ROW.finditer(section["body"])
    }


def test_every_key_is_documented_in_its_table():
    """Neither a forgotten one nor one that went."""
    assert _keys(Settings).keys() == _documented().keys()


def test_the_page_says_what_the_model_says():
    """One wording, in two places that cannot drift apart."""
    assert _keys(Settings) == _documented()


def test_every_key_says_what_it_is():
    """A description is the reference documentation."""
    assert [] == [key for key, words in _keys(Settings).items() if not words]
