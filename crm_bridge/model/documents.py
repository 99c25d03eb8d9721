"""Between documents (plain JSON data) and the model: validate on the way in, drop what is empty on the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from crm_bridge.errors import RejectRecord
from crm_bridge.model.client import Client, Organisation, Person
from crm_bridge.model.events import Claim, Interaction, Purchase
from crm_bridge.model.formats import PATTERN_WORDS
from crm_bridge.model.paths import fields_at
from crm_bridge.model.value import Misfit

_Event = TypeVar("_Event", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ModelProblem:
    """One thing that the model does not allow.

    Attributes:
        path: where, such as ``contact_points.0.value``; empty for the document itself.
        message: what is wrong and what is allowed, without the value.
        code: ``unknown_key``, ``missing``, ``unknown_code`` or ``bad_value``.
        value: the offending value; for the dead letter alone.
    """

    path: str
    message: str
    code: str
    value: Any = field(repr=False)


class InvalidClient(RejectRecord):
    """A document that is no valid client, claim, interaction or purchase.

    ``path``, ``value`` and ``code`` are those of the first problem; ``problems`` holds them all.
    """

    def __init__(self, problems: tuple[ModelProblem, ...]) -> None:
        first = problems[0]
        message = "; ".join(f"{each.path or 'document'}: {each.message}" for each in problems[:5])
        if len(problems) > 5:
            message += f"; and {len(problems) - 5} more"
        super().__init__(
            message,
            path=first.path,
            value=first.value,
            code=first.code,
            hint="correct the record in its system, or the mapping that reads it",
        )
        self.problems = problems


_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_CLIENT: TypeAdapter[Person | Organisation] = TypeAdapter(Client)


def validate_client(doc: Mapping[str, Any]) -> Person | Organisation:
    """The client that a document describes; ``kind`` says whether a person or an organisation.

    Raises:
        InvalidClient: naming every path and what is allowed there.
    """
    try:
        return _CLIENT.validate_python(doc)
    except ValidationError as error:
        _refuse(error, str(doc.get("kind", "person")) if isinstance(doc, Mapping) else "person")


def validate_claim(doc: Mapping[str, Any]) -> Claim:
    """The claim that a document describes. Raises :class:`InvalidClient`."""
    return _validate(Claim, doc, "claim")


def validate_interaction(doc: Mapping[str, Any]) -> Interaction:
    """The interaction that a document describes. Raises :class:`InvalidClient`."""
    return _validate(Interaction, doc, "interaction")


def validate_purchase(doc: Mapping[str, Any]) -> Purchase:
    """The purchase that a document describes. Raises :class:`InvalidClient`."""
    return _validate(Purchase, doc, "purchase")


def dump_client(client: Person | Organisation) -> dict[str, Any]:
    """The document of a client: JSON-able, without what is empty. ``validate_client`` takes it back unchanged."""
    return _dump(client)


def dump_claim(claim: Claim) -> dict[str, Any]:
    """The document of a claim, without what is empty."""
    return _dump(claim)


def _dump(value: BaseModel) -> dict[str, Any]:
    return {
        key: kept
        for key, each in value.model_dump(mode="json", exclude_none=True).items()
        if (kept := _kept(each)) is not None
    }


def _kept(value: Any) -> Any:
    """``value`` without its empty parts; ``None`` when nothing is left."""
    if isinstance(value, dict):
        return {key: kept for key, each in value.items() if (kept := _kept(each)) is not None} or None
    if isinstance(value, list):
        return [kept for each in value if (kept := _kept(each)) is not None] or None
    return value


def _validate(model: type[_Event], doc: Mapping[str, Any], entity: str) -> _Event:
    try:
        return model.model_validate(doc)
    except ValidationError as error:
        _refuse(error, entity)


def _refuse(error: ValidationError, entity: str) -> NoReturn:
    raise InvalidClient(problems_of(error, entity=entity)) from None  # pydantic's own text would drag the input along


def problems_of(error: ValidationError, *, entity: str = "") -> tuple[ModelProblem, ...]:
    """What pydantic found, in our words. ``entity``: of the document; empty for a value within one."""
    return tuple(_problem(each, entity) for each in error.errors(include_url=False))


def _problem(detail: Any, entity: str) -> ModelProblem:
    where = [str(part) for part in detail["loc"]]
    if where and where[0] == entity and entity in ("person", "organisation"):  # the union's tag is no key of ours
        where = where[1:]
    kind, context, value = str(detail["type"]), detail.get("ctx", {}), detail.get("input")
    misfit = context.get("error")
    if isinstance(misfit, Misfit):  # found on the whole value: name the field
        where, value = [*where, misfit.field], value.get(misfit.field) if isinstance(value, Mapping) else None
    elif kind.startswith("union_tag"):
        where, value = ["kind"], value.get("kind") if isinstance(value, Mapping) else value
    path = ".".join(where)
    code, message = "bad_value", str(detail["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        allowed = fields_at(".".join(where[:-1]), entity=entity) if entity else ()
        known = f"; known here: {', '.join(sorted(allowed))}" if allowed else ""
        code, message = "unknown_key", f"no such key{known}"
    elif kind in ("missing", "union_tag_not_found"):
        code, message = "missing", "required" if kind == "missing" else "required: person or organisation"
    elif kind == "union_tag_invalid":
        code, message = "unknown_code", "not one of 'person' or 'organisation'"
    elif kind == "literal_error":
        code, message = "unknown_code", f"not one of {context['expected']}"
    elif kind == "greater_than_equal":
        message = f"give {context['ge']} or more"
    elif kind == "less_than_equal":
        message = f"give {context['le']} or less"
    elif kind in _EXPECTED:
        message = f"give {_EXPECTED[kind]}"
    elif message.startswith("Input should be "):
        message = f"give {message.removeprefix('Input should be ')}"
    elif kind == "string_pattern_mismatch":
        message = f"give {PATTERN_WORDS[context['pattern']]}"
    return ModelProblem(path, message, code, value)
