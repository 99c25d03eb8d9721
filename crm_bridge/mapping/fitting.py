"""Holding what columns read to the form that the model has at their path.

Most transforms give the form of their path by themselves, and their rows cost nothing more. The model is asked only
where a row's transform leaves the form open: a date read as plain text, a number without bounds, whatever a plugin's
transform gives, an item whose type a record decides. What does not fit is a problem of the field that it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from crm_bridge.mapping.document import Column, ListRow
from crm_bridge.mapping.paths import VALUE_KEY
from crm_bridge.mapping.transforms import Read, printable
from crm_bridge.mapping.values import BadValue
from crm_bridge.model import ModelProblem
from crm_bridge.model.dates import NO_SUCH_DAY, NO_SUCH_MOMENT
from crm_bridge.model.forms import Form, Kind, form_at

# An item → what the model does not allow in it.
Misfits: TypeAlias = Callable[[Any], tuple[ModelProblem, ...]]

_TEXTS: frozenset[Kind] = frozenset({"text", "line"})
_SINGLE: frozenset[Kind] = _TEXTS | {"key", "code", "zone", "string", "partial_date", "day", "moment", "day_or_moment"}
_SINGLE |= {"number", "any"}
# The forms that a transform can give.
_REACHES: Mapping[str, frozenset[Kind]] = {
    "text": _SINGLE,
    "int": frozenset({"number", "whole", "any"}),
    "number": _TEXTS | {"number", "any"},
    "date": _TEXTS | {"partial_date", "day", "day_or_moment", "any"},
    "datetime": _TEXTS | {"moment", "day_or_moment", "any"},
    "flag": frozenset({"any"}),
    "code": _SINGLE,
    "phone": _TEXTS | {"any"},
    "email": _TEXTS | {"any"},
    "split_name": frozenset({"object"}),
}
# Those that it gives whatever stands in the record; `any` is the item's to say.
_GIVES: Mapping[str, frozenset[Kind]] = {
    "text": _TEXTS | {"key", "code", "zone", "any"},
    "int": frozenset({"number", "any"}),
    "number": _TEXTS | {"number", "any"},
    "date": _TEXTS | {"partial_date", "any"},
    "datetime": _REACHES["datetime"],
    "flag": _REACHES["flag"] | {"code"},  # of a consent: it says whether there is one, and is put nowhere
    "code": _SINGLE,  # every value of the map was held to the form when the document was read
    "phone": _REACHES["phone"],
    "email": _REACHES["email"],
    "split_name": _REACHES["split_name"],
}
_REMEDY: Mapping[Kind, str] = {
    "partial_date": "date",
    "day": "date",
    "moment": "datetime",
    "day_or_moment": "datetime",
    "number": "number",
    "whole": "int",
}
_FACT_TRANSFORMS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "code", "email", "date", "datetime", "number"}),
    "code": frozenset({"text", "code", "email"}),
    "number": frozenset({"number", "int"}),
    "bool": frozenset({"flag"}),
    "partial_date": frozenset({"date"}),
}
_FACT_REMEDY = {"number": "as: number", "bool": "as: flag", "date": "as: date", "partial_date": "as: date"}
_POINT_REMEDY = {"phone": "as: phone", "email": "as: email"}
_ELSEWHERE = "correct it in the system that holds it"


def never_fits(transform: str, form: Form, *, order: tuple[str, ...] = ()) -> str | None:
    """What to do about a transform that can never give ``form``; ``None`` when it can.

    Args:
        order: the parts of a full name, of ``split_name``.
    """
    if transform == "address":
        return "an address is an item of `lists: contact_points`, with parts"
    if transform == "split_name" and (form.kind != "object" or form.misfits(dict.fromkeys(order, "x"))):
        return "split_name gives the parts of a person's name: it belongs to `name`"
    if form.kind in _REACHES[transform]:
        return None
    if form.kind == "object":
        return "the model has an object here: give a row for each of its fields"
    if form.kind == "list":
        return "the model has a list here: name the entry by its position, as in preferences.languages.0"
    remedy = f"give the row `as: {_REMEDY[form.kind]}`" if form.kind in _REMEDY else "use another transform"
    return f"what {transform} gives is never of the model's form here: {remedy}"


def held_to_form(read: Read, column: Column) -> Read:
    """``read``, with :class:`BadValue` raised for what the model does not allow at the column's path."""
    form = column.form
    if form is None:
        return read
    if column.call is not None:
        return _from_plugin(read, form, column.call)
    gives = _GIVES[column.transform]
    if column.transform == "date" and column.options.get("format", "iso") != "iso":
        gives = _REACHES["date"]
    if column.check is not None:
        gives &= _TEXTS | {"any"}
    is_exact = column.transform == "text" and form.kind in _TEXTS and not column.options["trim"]
    if form.kind in gives and not (form.kind == "line" and column.transform == "text") and not is_exact:
        return read
    wanted = _REMEDY.get(form.kind)
    remedy = f"give the row `as: {wanted}`, or {_ELSEWHERE}" if wanted and column.transform == "text" else _ELSEWHERE

    def held(value: Any) -> Any:
        found = read(value)
        if found is not None:
            _demand(form, found, remedy)
        return found

    def held_line(value: Any) -> Any:
        found = read(value)
        if type(found) is str and not found.isprintable():  # no line ends in any other
            _demand(form, found, remedy)
        return found

    def held_exactly(value: Any) -> Any:
        if type(value) is str and value.isprintable() and value and not value.isspace():
            return value  # an id, nearly always
        return held_line(value)

    if form.kind not in gives:
        return held
    return held_exactly if is_exact and column.check is None else held_line


def _demand(form: Form, value: Any, remedy: str) -> None:
    problems = form.misfits(value)
    if problems:
        said = problems[0].message
        if said in (NO_SUCH_DAY, NO_SUCH_MOMENT):  # written as it should be: no transform would read it either
            remedy = _ELSEWHERE
        raise BadValue("bad_value", f"not of the model's form ({said}): {remedy}")


def _from_plugin(read: Read, form: Form, name: str) -> Read:
    remedy = f"tell the maker of the plugin's transform {name}, or {_ELSEWHERE}"

    def held(value: Any) -> Any:
        found = read(value)
        if found is None or found == "":
            return None
        _demand_plain(found, remedy)
        _demand(form, found, remedy)
        return found

    return held


def _demand_plain(value: Any, remedy: str) -> None:
    """JSON data and nothing else: the model would take more, and no store or system could hold it."""
    if type(value) is str:
        printable(value)
    elif type(value) is dict:
        for key, inner in value.items():
            _demand_plain(key if type(key) is str else None, remedy)
            _demand_plain(inner, remedy)
    elif type(value) is list:
        for inner in value:
            _demand_plain(inner, remedy)
    elif type(value) not in (int, bool):
        raise BadValue("bad_value", f"a {type(value).__name__} is no text, whole number, list or object: {remedy}")


def misfits_of(row: ListRow, *, entity: str) -> Misfits | None:
    """What asks the model about an item of ``row`` as a whole, once its fields fit; ``None``: there is no need to.

    The model holds some fields to others: a phone's value to E.164, a fact's to its type, a score to its scale.
    """
    form = form_at(f"{row.head}.0", entity=entity)
    if row.plain or row.direction == "write" or form is None or _is_fixed(row):
        return None
    if row.head != "relationships":
        return form.misfits

    def of_relationship(item: Any) -> tuple[ModelProblem, ...]:
        to = item.get("to")
        return () if type(to) is dict and ("name" in to or "client_id" in to) else form.misfits(item)

    return of_relationship


def _is_fixed(row: ListRow) -> bool:
    """Whether the fields of the row's items fit each other whatever stands in the record."""
    own = [row.column] if row.column is not None and not row.parts else []
    columns = {each.path: each for each in (*own, *row.parts, *row.more) if each.direction != "write"}
    filled = {*row.item, *(str(each.steps[0]) for each in columns.values())}
    is_phone = bool(own) and _transform(own[0]) == "phone"
    if is_phone and (row.head != "contact_points" or row.item.get("type") != "phone"):
        return False  # its extension goes beside it
    value = columns.get(VALUE_KEY.get(row.head, ""))
    transform = _transform(value) if value is not None else None
    match row.head:
        case "contact_points":
            kind = row.item.get("type")
            stray = {"phone": {"address", "service"}, "email": {"address", "service", "ext", "features"}}
            stray |= {"postal": {"ext", "features", "service"}, "messenger": {"address", "ext", "features"}}
            return (
                kind in stray
                and not filled & stray[kind]
                and (kind not in _POINT_REMEDY or transform == kind)
                and (kind != "messenger" or "service" in row.item)
            )
        case "facts":
            kind = row.item.get("type")
            if kind == "date" and value is not None:
                return transform == "date" and value.options.get("format", "iso") != "iso"
            return transform in _FACT_TRANSFORMS.get(str(kind), ())
        case "scores":
            return "scale" not in filled
        case "relationships":
            return any(
                path in columns and (columns[path] in own or columns[path].required)
                for path in ("to.name", "to.client_id")
            )
    return True


def _transform(column: Column) -> str | None:
    """The transform of a column; ``None`` where a plugin's stands in its place."""
    return column.transform if column.call is None else None


def remedy_of(row: ListRow, path: str) -> str:
    """What to do about an item whose value at ``path`` does not fit the rest of it."""
    kind = str(row.item.get("type"))
    value = next((each for each in (row.column, *row.parts) if each is not None and each.path == path), None)
    wanted = {"contact_points": _POINT_REMEDY, "facts": _FACT_REMEDY}.get(row.head, {}).get(kind)
    if path != "value" or wanted is None or value is None or value.call is not None:
        return _ELSEWHERE
    if wanted == f"as: {value.transform}":
        return _ELSEWHERE
    return f"give the row `{wanted}`, or {_ELSEWHERE}"
