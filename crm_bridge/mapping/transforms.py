"""The closed set of named transforms: each a pair of functions, built once for each row.

A read function gets a raw value that is neither ``None`` nor ``""`` and gives the canonical value, ``None`` for "says
nothing", or raises :class:`BadValue`. A write function is the way back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from crm_bridge.mapping.dates import date_reader, date_writer, moment_reader, moment_writer
from crm_bridge.mapping.emails import read_email
from crm_bridge.mapping.names import join_name, split_name
from crm_bridge.mapping.phones import international, phone_reader
from crm_bridge.mapping.values import BadValue
from crm_bridge.model import known_zone
from crm_bridge.model.formats import KEY_PATTERN, PATTERN_WORDS

Read: TypeAlias = Callable[[Any], Any]
Write: TypeAlias = Callable[[Any], Any]
Pair: TypeAlias = tuple[Read, Write | None]


@dataclass(frozen=True, slots=True)
class Transform:
    """A named transform.

    Attributes:
        words: row words that it takes beside those of every row; True: must be given.
        build: makes the pair from the row's resolved words; ``trim`` is always among them.
    """

    summary: str
    example: str
    build: Callable[[Mapping[str, Any]], Pair]
    words: Mapping[str, bool]


# C0 without tab and line ends; halves of a surrogate pair, which no encoding can carry.
_KEY = re.compile(KEY_PATTERN.replace("$", r"\Z"))  # `$` would let a line break pass
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def printable(text: str) -> str:
    """``text``, if no control character is in it; tabs and line ends may be.

    Raises:
        BadValue: ``control_character``.
    """
    if not text.isprintable() and _CONTROL.search(text):
        raise BadValue("control_character", "an invisible control character: enter the value anew where it is held")
    return text


_ROUNDED = 2.0**63  # whole numbers in JSON are read as fractions from here on, and lose their last digits


def as_text(value: Any) -> str:
    """Text, or a whole number as text; anything else is ``bad_shape``."""
    if type(value) is str:
        return printable(value)
    if type(value) is int:
        return str(value)
    kind = {bool: "true or false", float: "a number with a fraction", list: "a list", dict: "an object"}.get(
        type(value), "this"
    )
    if type(value) is float and abs(value) >= _ROUNDED:
        kind = "a number too long to be read exactly (it has to come as text)"
    raise BadValue("bad_shape", f"text is expected here, not {kind}: correct the system, or the row's `as`")


def _texts(convert: Callable[[str], Any] | None, trim: bool) -> Read:
    """A read function over text: stripped, empty is nothing, then converted."""

    def read(value: Any) -> Any:
        if type(value) is not str or not value.isprintable():  # nearly all values are plain text
            value = as_text(value)
        if trim:
            value = value.strip()
        if not value or (not trim and value.isspace()):
            return None
        return convert(value) if convert is not None else value

    return read


def _text(options: Mapping[str, Any]) -> Pair:
    """Text; where the model knows all codes of a path (currencies, zones), only those."""
    allowed, is_zone = options.get("allowed"), options.get("is_zone", False)
    if allowed is None and not is_zone:
        return _texts(_key if options.get("is_key") else None, options["trim"]), _expect_text

    def convert(text: str) -> str:
        if not (known_zone(text) if allowed is None else text in allowed):
            raise BadValue(
                "unknown_code", "not one of the codes allowed here: correct it in its system, or give a value map"
            )
        return text

    return _texts(convert, options["trim"]), _expect_text


def _key(text: str) -> str:
    if not _KEY.search(text):
        raise BadValue(
            "unknown_code", f"give {PATTERN_WORDS[KEY_PATTERN]}: correct it in its system, or map its values"
        )
    return text


def _expect_text(value: Any) -> str:
    if type(value) is not str:
        raise BadValue("bad_shape", "the client's value is not text: use another transform")
    return value


def _int(options: Mapping[str, Any]) -> Pair:
    def convert(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise BadValue("bad_number", "not a whole number: correct it in the system that holds it")
        return int(text)

    def write(value: Any) -> str:
        if type(value) is not int:
            raise BadValue("bad_number", "the client's value is not a whole number")
        return str(value)

    return _texts(convert, options["trim"]), write


def _number(options: Mapping[str, Any]) -> Pair:
    point = options.get("decimal", ".")
    pattern = re.compile(r"[+-]?[0-9]{1,28}(?:" + re.escape(point) + r"[0-9]{1,12})?")

    def convert(text: str) -> str:
        if not pattern.fullmatch(text):
            raise BadValue(
                "bad_number", f"not a number with decimal sign {point!r}: correct it in the system that holds it"
            )
        return format(Decimal(text.replace(point, ".")), "f")

    texts = _texts(convert, options["trim"])
    native = re.compile(r"-?[0-9]{1,28}(?:\.[0-9]{1,12})?")

    def read(value: Any) -> Any:
        if type(value) is float:
            if not native.fullmatch(repr(value)):
                raise BadValue("bad_number", "a number that decimals cannot hold exactly: send it as text")
            return repr(value)
        return texts(value)

    def write(value: Any) -> str:
        if type(value) is not str or not native.fullmatch(value):
            raise BadValue("bad_number", "the client's value is not a number")
        return value.replace(".", point)

    return read, write


def _date(options: Mapping[str, Any]) -> Pair:
    given = options.get("format", "iso")
    return _texts(date_reader(given), options["trim"]), _after_text(date_writer(given))


def _datetime(options: Mapping[str, Any]) -> Pair:
    given = options.get("format", "iso")
    reader, writer = moment_reader(given, tz=options["tz"]), moment_writer(given, tz=options["tz"])
    return _texts(reader, options["trim"]), _after_text(writer)


def _after_text(write: Callable[[str], str]) -> Write:
    return lambda value: write(_expect_text(value))


def _flag(options: Mapping[str, Any]) -> Pair:
    on, off = options["on"], options["off"]

    def read(value: Any) -> bool:
        if type(value) is str and type(on) is str:
            value = value.strip()
        if value == on and type(value) is type(on):
            return True
        if value == off and type(value) is type(off):
            return False
        if value == "":
            return False
        if type(value) is not type(on):
            raise BadValue("bad_shape", f"a flag of {on!r} and {off!r} is expected here, not another type")
        raise BadValue("bad_flag", f"neither {on!r} nor {off!r}: correct it in the system, or the row's on and off")

    return read, lambda value: on if value else off


def code_texts(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A value map for values that come as text; YAML reads what looks like a number as one."""
    texts = {key: value for key, value in values.items() if type(key) is str}
    return texts | {str(key): value for key, value in values.items() if type(key) is int}


def _code(options: Mapping[str, Any]) -> Pair:
    values: Mapping[Any, Any] = options["values"]
    back: Mapping[Any, Any] = options["write_values"]
    texts = code_texts(values)
    flags = {key: value for key, value in values.items() if type(key) is bool}

    def read(value: Any) -> Any:
        if type(value) is str:
            found = texts.get(value)
            if found is not None:
                return found
            value = printable(value).strip()
            if not value:
                return None
        elif type(value) is bool and flags:
            if value in flags:
                return flags[value]
            raise BadValue(
                "unknown_code", "this value is not in the value map: add it there, or correct it in its system"
            )
        found = texts.get(as_text(value))
        if found is None:
            raise BadValue(
                "unknown_code", "this value is not in the value map: add it there, or correct it in its system"
            )
        return found

    def write(value: Any) -> Any:
        try:
            return back[value]
        except (KeyError, TypeError):
            raise BadValue("unknown_code", "the system has no word for this code: add it to the value map") from None

    return read, write


def _phone(options: Mapping[str, Any]) -> Pair:
    """Reads to (E.164, extension); rows keep the first and put the second beside it. Writes the same pair."""
    reader = phone_reader(options["region"])
    digits = options.get("format", "e164") == "digits"

    def convert(text: str) -> tuple[str, str | None]:
        return reader(international(text) if text.isdigit() else text)

    def write(value: Any) -> str:
        number, extension = value if isinstance(value, tuple) else (value, None)
        text = _expect_text(number)
        if digits:
            return text.removeprefix("+")
        return f"{text} ext {extension}" if extension else text

    return _texts(convert if digits else reader, options["trim"]), write


def _email(_: Mapping[str, Any]) -> Pair:
    return _texts(read_email, True), _expect_text


def _address(_: Mapping[str, Any]) -> Pair:
    raise AssertionError("an address is read by its parts")


def _split_name(options: Mapping[str, Any]) -> Pair:
    order = tuple(options["order"])

    @lru_cache(maxsize=4_096)
    def convert(text: str) -> tuple[tuple[str, str], ...]:
        return tuple(split_name(text, order=order).items())

    read = _texts(convert, True)

    def write(value: Any) -> str:
        if not isinstance(value, dict):
            raise BadValue("bad_shape", "the client's name is not a name")
        return join_name(value, order=order)

    return lambda value: dict(read(value) or ()), write


TRANSFORMS: Mapping[str, Transform] = {
    "text": Transform("Text as it is, trimmed. The default.", "job_title: {src: JobTitle, max: 75}", _text, {}),
    "int": Transform("A whole number.", "to.age.years: {src: years, as: int}", _int, {}),
    "number": Transform(
        "An exact decimal number, kept as text; `decimal` names the decimal sign.",
        'payout.amount.amount: {src: Amount, as: number, decimal: ","}',
        _number,
        {"decimal": False},
    ),
    "date": Transform(
        "A date by its format; without one ISO, where parts may be missing. A time of day behind it is cut.",
        'birth_date: {src: BirthDate, as: date, format: "%m/%d/%Y"}',
        _date,
        {"format": False},
    ),
    "datetime": Transform(
        "A moment by its format, converted to UTC from the row's zone; without a format ISO 8601.",
        'captured_at: {src: CapturedDate, as: datetime, format: "%m/%d/%Y %H:%M:%S", tz: UTC}',
        _datetime,
        {"format": False, "tz": False},
    ),
    "flag": Transform(
        "Two values. In `consents` the on value makes the item, the off value says nothing; elsewhere true and false.",
        "{src: SuppressAllCalls, as: flag, on: Y, off: N, item: {purpose: any, channel: voice, status: denied}}",
        _flag,
        {"on": True, "off": True},
    ),
    "code": Transform(
        "A value map, named under `values:`, both ways; `write_values` is the way back where several codes mean one.",
        "gender: {src: Gender, as: code, values: gender, unknown: quarantine}",
        _code,
        {"values": True, "write_values": False, "unknown": False},
    ),
    "phone": Transform(
        "A phone number to E.164, national forms by `region`; an extension goes to `ext`. `format: digits`: no plus.",
        "{src: CellularPhone, as: phone, item: {type: phone, purpose: mobile}}",
        _phone,
        {"region": False, "format": False},
    ),
    "email": Transform(
        "An e-mail address in lower case.", "{src: EmailAddress, as: email, max: 50, item: {type: email}}", _email, {}
    ),
    "address": Transform(
        "A postal address from its `parts`; a changed address is written as a whole, parts it lacks are emptied.",
        "{as: address, item: {type: postal, purpose: home}, parts: {lines.0: Street, city: City}}",
        _address,
        {},
    ),
    "split_name": Transform(
        "A full name in one field, by `order`. More words than parts stay whole in `text`: a split would be a guess.",
        "name: {src: FullName, as: split_name, order: family given patronymic}",
        _split_name,
        {"order": True},
    ),
}
