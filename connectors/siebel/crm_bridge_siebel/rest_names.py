"""Field names of REST for the tags of SOAP, so that one mapping serves both transports.

Siebel makes an XML tag from a field's name by leaving out blanks and signs: ``Cellular Phone #`` is ``CellularPhone``.
The way back is not unique, so it is taken from a row of the real thing; without one, words are split at capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm_bridge_siebel.shapes import CREATED, ROW_ID, UPDATED, VERSION, Component

OTHERWISE: Mapping[str, str] = MappingProxyType(
    {"Gender": "M/F", "PersonalTitle": "M/M", "Updated": "Updated", "CellularPhone": "Cellular Phone #"}
)
"""Tags that the usual integration objects do not make from the field's own name."""

_FIXED: Mapping[str, str] = MappingProxyType({ROW_ID: "Id", CREATED: "Created", UPDATED: "Updated", VERSION: "Mod Id"})
_SIGNS = re.compile(r"[^A-Za-z0-9]")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Both directions for one component.

    Attributes:
        name_of: REST's name by tag.
        guessed: tags whose names no row has confirmed.
        missing: tags that a row has shown to have no field here.
    """

    name_of: Mapping[str, str]
    guessed: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()

    def record(self, row: Mapping[str, object]) -> dict[str, str]:
        """One row by tags. What is not said stays absent; what is said to be nothing is an empty text."""
        return {tag: text_of(row[name]) for tag, name in self.name_of.items() if name in row}


def names_for(component: Component, *, given: Mapping[str, str], seen: Iterable[str] | None) -> FieldNames:
    """Names for the tags of ``component``.

    Args:
        given: by the site's settings; they win.
        seen: keys of a row, as REST gave it; ``None``: none was seen yet.
    """
    known = {tag_of(name): name for name in seen} if seen is not None else None
    own_key = f"{component.tag}{ROW_ID}"  # PersonalAddressId: the row id, by another name
    found: dict[str, str] = {}
    guessed: set[str] = set()
    missing: set[str] = set()
    for tag in component.fields:
        if tag in given:
            if given[tag]:
                found[tag] = given[tag]
            else:
                missing.add(tag)
        elif known is not None and tag in known:
            found[tag] = known[tag]
        elif tag in _FIXED or (tag == own_key and ROW_ID not in component.fields):
            found[tag] = _FIXED.get(tag, "Id")
        elif known is not None:
            name = OTHERWISE.get(tag)
            if name is not None and name in known.values():
                found[tag] = name
            else:
                missing.add(tag)
        else:
            found[tag] = OTHERWISE.get(tag, split(tag))
            guessed.add(tag)
    return FieldNames(found, frozenset(guessed), frozenset(missing))


def tag_of(name: str) -> str:
    """The tag that Siebel makes from a field's name."""
    return _SIGNS.sub("", name)


def split(tag: str) -> str:
    """A field's name as it probably is: ``LastName`` is ``Last Name``."""
    return " ".join(_WORDS.split(tag))


def text_of(value: object) -> str:
    """A value as SOAP would have it in a schema of strings.

    Raises:
        ValueError: it is no simple value.
    """
    match value:
        case None:
            return ""
        case bool():
            return "Y" if value else "N"
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            raise ValueError("no simple value")
