"""The form of the value at a canonical path, taken from the model's own types: what a mapping's values are held to.

``kind`` names the form, so that a mapping can tell which of its transforms give it anyhow; ``misfits`` asks the model
itself, and costs what a validation costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias, get_origin

from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from crm_bridge.model.dates import Moment, check_partial_date
from crm_bridge.model.documents import ModelProblem, problems_of
from crm_bridge.model.formats import KEY_PATTERN, LINE_PATTERN, TEXT_PATTERN, CodeList, check_zone
from crm_bridge.model.paths import entry_of, places, variants

Kind: TypeAlias = Literal[
    "text",
    "line",
    "key",
    "code",
    "zone",
    "string",
    "partial_date",
    "day",
    "moment",
    "day_or_moment",
    "number",
    "whole",
    "object",
    "list",
    "any",
]
_BY_TYPES: Mapping[frozenset[Any], Kind] = {
    frozenset({date, datetime}): "day_or_moment",
    frozenset({datetime}): "moment",
    frozenset({date}): "day",
    frozenset({Decimal}): "number",
    frozenset({int}): "whole",
    frozenset({Any}): "any",
}
_BY_PATTERN: Mapping[str, Kind] = {TEXT_PATTERN: "text", LINE_PATTERN: "line", KEY_PATTERN: "key"}
_BY_CHECK: Mapping[Any, Kind] = {check_partial_date: "partial_date", check_zone: "zone"}


@dataclass(frozen=True)
class Form:
    """What a value has to be like. ``string``: text with a form of its own, such as a language."""

    kind: Kind
    annotation: Any

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation)

    def misfits(self, value: Any) -> tuple[ModelProblem, ...]:
        """What the model does not allow in ``value``, with paths from here on; empty when it is fine."""
        try:
            self._adapter.validate_python(value)
        except ValidationError as error:
            return problems_of(error)
        return ()


TEXT = Form("text", str)
MOMENT = Form("moment", Moment)


@lru_cache(maxsize=4096)
def form_at(path: str, *, entity: str) -> Form | None:
    """The form of the value at a path of ``entity``; ``None``: there is no such path."""
    place = next(places(path, entity), None)
    return Form(_kind(place), place) if place is not None else None


def _kind(place: Any) -> Kind:
    if entry_of(place) is not None:
        return "list"
    found = list(variants(place))
    types = frozenset(each for each, _ in found)
    marks = [mark for _, metadata in found for mark in _flat(metadata)]
    if any(isinstance(each, type) and issubclass(each, BaseModel) for each in types):
        return "object"
    if any(get_origin(each) is Literal for each in types) or any(isinstance(mark, CodeList) for mark in marks):
        return "code"
    if types in _BY_TYPES:
        return _BY_TYPES[types]
    for mark in marks:
        if isinstance(mark, AfterValidator):
            return _BY_CHECK.get(mark.func, "string")
        pattern = getattr(mark, "pattern", None)
        if pattern is not None:
            return _BY_PATTERN.get(pattern, "string")
    return "text" if types == {str} else "any"


def _flat(metadata: Iterable[Any]) -> Iterator[Any]:
    for mark in metadata:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)
