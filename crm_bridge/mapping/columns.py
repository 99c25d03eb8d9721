"""One column of a system, bound: a function that takes its canonical value off a record, and one that writes it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from crm_bridge.errors import ConfigMistake
from crm_bridge.mapping.document import Column
from crm_bridge.mapping.fitting import held_to_form
from crm_bridge.mapping.transforms import TRANSFORMS, Pair, Read, Write, code_texts
from crm_bridge.mapping.values import BadValue, TransformType

Transforms = Mapping[str, TransformType]


class BoundColumn:
    """A compiled :class:`Column`. ``pull`` and ``push`` raise :class:`BadValue` and nothing else.

    ``pull(record)`` gives the canonical value or ``None``; ``push(value)`` the raw value. A phone's value is a pair.

    Attributes:
        read: the canonical value of a raw one that is neither ``None`` nor ``""``.
        plain: up to how many characters a text is taken as it is, but for spaces around it; 0: never.
        known: where the values that there may be are listed: their type, and raw → canonical.
    """

    __slots__ = (
        *("column", "known", "label", "name", "plain", "pull", "push", "read", "readable"),
        *("severity", "steps", "writable"),
    )

    def __init__(self, column: Column, transforms: Transforms) -> None:
        read, write = _pair(column, transforms)
        if column.check is not None:
            read = _checked(read, column.check)
        read = held_to_form(read, column)
        if column.max is not None:
            read, write = _limited(read, write, column.max)
        self.column = column
        self.name = column.field_name
        self.label = column.label
        self.steps = column.steps
        self.severity = column.severity
        self.readable = column.direction != "write"
        self.writable = column.direction != "read" and write is not None
        self.read: Read = read
        self.plain = _plain_text(column)
        self.known = _known_values(column)
        self.pull: Callable[[Any], Any] = _puller(column.src, read, plain=self.plain)
        self.push: Write = write if write is not None else _no_way_back

    def raw(self, record: Any) -> Any:
        """The field as it stands in the record; ``None`` when it is not there."""
        return raw_at(record, self.column.src)


def raw_at(record: Any, src: tuple[str, ...]) -> Any:
    """What stands at ``src``, or ``None``."""
    for name in src:
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return record


def _pair(column: Column, transforms: Transforms) -> Pair:
    if column.call is None:
        return TRANSFORMS[column.transform].build(column.options)
    plugin = transforms.get(column.call)
    if plugin is None:
        known = ", ".join(sorted(transforms)) or "no active plugin offers one"
        message = f"unknown transform {column.call} ({known}): activate its plugin, or correct the name"
        raise ConfigMistake(message, place=column.place, path=column.label)
    if plugin.write is None and column.direction != "read":
        message = f"{column.call} has no way back: say `dir: read`"
        raise ConfigMistake(message, place=column.place, path=column.label)
    arguments = column.options["args"]
    return _guarded(plugin.read, arguments, column.call), (
        _guarded(plugin.write, arguments, column.call) if plugin.write is not None else None
    )


def _guarded(function: Callable[[Any, Mapping[str, Any]], Any], arguments: Mapping[str, Any], name: str) -> Read:
    """A plugin's function, whose every failure costs one value and no more."""

    def call(value: Any) -> Any:
        try:
            return function(value, arguments)
        except BadValue:
            raise
        except Exception as error:
            message = f"the plugin's transform {name} raised {type(error).__name__}: tell its maker"
            raise BadValue("plugin_failed", message) from error

    return call


def _checked(read: Read, name: str) -> Read:
    """``read``, then the stdnum module ``name``: its checksum, and its compact form as the value."""
    module = importlib.import_module(name)  # the parser let only stdnum's own modules through
    words = f"its check digit or form is wrong ({name}): correct it in the system that holds it"

    @lru_cache(maxsize=16_384)
    def validate(text: str) -> str:
        try:
            return str(module.validate(text))
        except Exception as error:  # stdnum raises ValidationError, and others on input nobody thought of
            raise BadValue("bad_check", words) from error

    def checked(value: Any) -> Any:
        found = read(value)
        return validate(found) if isinstance(found, str) else found

    return checked


def _limited(read: Read, write: Write | None, limit: int) -> tuple[Read, Write | None]:
    """Both directions refuse text of more than ``limit`` characters."""
    message = f"longer than {limit} characters: shorten it where it was entered; it is never cut"

    def limited_read(value: Any) -> Any:
        if type(value) is str and len(value) > limit and len(value.strip()) > limit:
            raise BadValue("too_long", message)
        return read(value)

    if write is None:
        return limited_read, None

    def limited_write(value: Any) -> Any:
        raw = write(value)
        if isinstance(raw, str) and len(raw) > limit:
            raise BadValue("too_long", message)
        return raw

    return limited_read, limited_write


def _known_values(column: Column) -> tuple[type, Mapping[Any, Any]] | None:
    """See :class:`BoundColumn`. A value that is not among them may still be read, or have its own words."""
    if column.call is not None or column.check is not None or column.max is not None:
        return None
    if column.transform == "code":
        return str, code_texts(column.options["values"])
    on, off = column.options.get("on"), column.options.get("off")
    return (type(on), {on: True, off: False}) if column.transform == "flag" and type(on) in (bool, str) else None


def _plain_text(column: Column) -> int:
    """See :class:`BoundColumn`."""
    options = column.options
    special = column.transform != "text" or column.call is not None or column.check is not None
    if special or not options["trim"] or (column.form is not None and column.form.kind not in ("text", "line", "any")):
        return 0
    return column.max if column.max is not None else sys.maxsize


def _puller(src: tuple[str, ...], read: Read, *, plain: int) -> Callable[[Any], Any]:
    """A function that takes the value at ``src`` off a record.

    Most columns are plain text one or two names deep: these are read without a further call, for a third of the time.
    """
    if len(src) == 1:
        name = src[0]
        if plain:

            def pull_text(record: Any) -> Any:
                value = record.get(name)
                if value is None:
                    return None
                return (
                    (value.strip() or None)
                    if type(value) is str and len(value) <= plain and value.isprintable()
                    else read(value)
                )

            return pull_text

        def pull(record: Any) -> Any:
            value = record.get(name)
            if value is None or value == "":
                return None
            return read(value)

        return pull

    def pull_nested(record: Any) -> Any:
        value = record
        for name in src:
            if type(value) is not dict:
                if value == "":
                    return None
                raise BadValue(
                    "bad_shape", f"an object is expected around {name}: correct the system, or the row's src"
                )
            value = value.get(name)
            if value is None:
                return None
        return None if value == "" else read(value)

    if len(src) != 2:
        return pull_nested
    outer, inner = src

    def pull_pair(record: Any) -> Any:
        around = record.get(outer)
        if type(around) is not dict:
            return None if around is None else pull_nested(record)  # which says what is wrong
        value = around.get(inner)
        if value is None or value == "":
            return None
        return (
            (value.strip() or None)
            if type(value) is str and len(value) <= plain and value.isprintable()
            else read(value)
        )

    return pull_pair


def _no_way_back(_: Any) -> Any:
    raise BadValue("not_expressible", "this row has no way back")
