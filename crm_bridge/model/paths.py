"""Canonical paths: which exist, and which codes are allowed there. The mapping compiler asks when it reads a document.

A path goes through the model by field names. An entry of a list is named by position (``preferences.languages.0``), by
selector (``contact_points[phone/mobile].value``), as one to be appended (``contact_points+``), or left unnamed
(``relationships.to.name``: of whichever entry).
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from crm_bridge.model.client import Organisation, Person
from crm_bridge.model.events import Claim, Interaction, Purchase
from crm_bridge.model.formats import KEY_PATTERN, CodeList

ENTITIES: Mapping[str, type[BaseModel]] = {
    "person": Person,
    "organisation": Organisation,
    "claim": Claim,
    "interaction": Interaction,
    "purchase": Purchase,
}
_STEP = re.compile(r"(?P<name>[a-z_]+)(?P<entry>\[[^\]]+\]|\+)?|(?P<position>\d+)")


@lru_cache(maxsize=4096)
def known_path(path: str, *, entity: str | None = None) -> bool:
    """Whether the model has a place of that name; in ``entity``, or (``None``) in any of :data:`ENTITIES`."""
    return any(True for _ in places(path, entity))


@lru_cache(maxsize=4096)
def codes(path: str, *, entity: str | None = None) -> frozenset[str] | None:
    """The values allowed at a path, from an enumeration of the model or a published list.

    Returns:
        ``None`` where any value of the right form is allowed, and for a path that does not exist.
    """
    found: set[str] = set()
    for place in places(path, entity):
        for annotation, metadata in variants(place):
            if get_origin(annotation) is Literal:
                found.update(str(each) for each in get_args(annotation))
            for mark in metadata:
                if isinstance(mark, CodeList):
                    found.update(mark.codes)
    return frozenset(found) or None


@lru_cache(maxsize=4096)
def is_key(path: str, *, entity: str | None = None) -> bool:
    """Whether the value at a path is a key (:data:`crm_bridge.model.formats.Key`), such as ``claims``."""
    marks = [mark for place in places(path, entity) for _, metadata in variants(place) for mark in metadata]
    flat = [each for mark in marks for each in (mark.metadata if isinstance(mark, FieldInfo) else (mark,))]
    return any(getattr(each, "pattern", None) == KEY_PATTERN for each in flat)


def fields_at(path: str, *, entity: str) -> frozenset[str]:
    """The field names that the model knows at a path (``""``: the document itself); empty where it has no fields."""
    where = places(path, entity) if path else iter((ENTITIES.get(entity, Person),))
    return frozenset(
        name
        for place in where
        for annotation, _ in variants(place)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        for name in annotation.model_fields
    )


@lru_cache(maxsize=4096)
def required_at(path: str, *, entity: str) -> frozenset[str]:
    """The fields that a value at a path (``""``: the document itself) cannot be without."""
    where = places(path, entity) if path else iter((ENTITIES.get(entity, Person),))
    return frozenset(
        name
        for place in where
        for annotation, _ in variants(place)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        for name, field in annotation.model_fields.items()
        if field.is_required()
    )


def places(path: str, entity: str | None) -> Iterator[Any]:
    """The annotation at ``path``, once for each entity that has it."""
    steps = _steps(path)
    if steps is None:
        return
    for model in (ENTITIES[entity],) if entity else ENTITIES.values():
        place: Any = model
        for name, is_entry in steps:
            place = _step(place, name, is_entry)
            if place is None:
                break
        else:
            yield place


def _steps(path: str) -> list[tuple[str | None, bool]] | None:
    """(field name, or ``None`` for a position; whether an entry of a list is named), or ``None``: no path at all."""
    steps: list[tuple[str | None, bool]] = []
    at = 0
    while True:
        match = _STEP.match(path, at)
        if match is None:
            return None
        steps.append((match["name"], match["entry"] is not None or match["position"] is not None))
        at = match.end()
        if at == len(path):
            return steps
        if path[at] != ".":
            return None
        at += 1


def _step(place: Any, name: str | None, is_entry: bool) -> Any:
    if name is None:
        return entry_of(place)
    for annotation, _ in variants(place):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(name)
            if field is not None:
                whole = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
                return entry_of(whole) if is_entry else whole
    return None


def entry_of(place: Any) -> Any:
    """The type of a list's entries, or ``None`` when the place is no list."""
    annotation = get_args(place)[0] if get_origin(place) is Annotated else place
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def variants(place: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The bare types at a place with their metadata: without Annotated, None, unions and lists around them."""
    if get_origin(place) is Annotated:
        inner, *metadata = get_args(place)
        for annotation, own in variants(inner):
            yield annotation, (*own, *metadata)
    elif get_origin(place) in (Union, types.UnionType):
        for each in get_args(place):
            if each is not type(None):
                yield from variants(each)
    elif get_origin(place) is tuple:
        yield from variants(get_args(place)[0])
    else:
        yield place, ()
