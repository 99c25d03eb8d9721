"""Whether a record is what it was: its bytes in one canonical form, and their digest."""

from __future__ import annotations

import math
from hashlib import blake2b
from typing import Any

import orjson

from crm_bridge.connector import RawRecord

# Dates and dataclasses would be written as text, and read back as something else than what the mapping saw.
_STRICT = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class NotJson(Exception):  # noqa: N818  # named for what it says, as all of our errors are
    """A record holds what JSON cannot carry. The message names no value."""


def canonical_bytes(record: RawRecord) -> bytes:
    """The record as JSON with sorted keys: equal records give equal bytes.

    Raises:
        NotJson: bytes, half a surrogate pair, NaN, an integer beyond 64 bits, an object of some class.
    """
    try:
        raw = orjson.dumps(record, option=_STRICT)
    except TypeError as error:
        raise NotJson(str(error)) from error
    # orjson writes NaN as null, and nothing else as what it is not. Most nulls are fields that the source left empty.
    nulls = raw.count(b"null")
    if nulls and nulls != _empty_fields(record) and _has_no_number(record):
        raise NotJson("a number is NaN or infinite")
    return raw


def _empty_fields(record: Any) -> int:
    """A connector may hand over what is no record at all, such as nothing."""
    return [*record.values()].count(None) if isinstance(record, dict) else 0


_WHOLE = frozenset({str, int, bool, type(None)})  # no number in them is NaN


def _has_no_number(value: Any) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return isinstance(value, float) and not math.isfinite(value)
    for each in value:  # noqa: SIM110  # every record with an empty field comes here, and a generator takes twice as long
        if type(each) not in _WHOLE and _has_no_number(each):
            return True
    return False


def can_be_stored(text: str) -> bool:
    """Half a surrogate pair is no character: it stands in no file and no table."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def safe_text(value: object) -> str:
    """``value`` for people, whatever it is: never raises, and can be stored."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # an object of somebody else's class
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return text.encode("utf-8", "backslashreplace").decode()


def name_of(raw: bytes) -> str:
    """Eight hex digits that tell this row from others, and are the same when it comes again."""
    return blake2b(raw, digest_size=4).hexdigest()


def digest_of(raw: bytes, *, fingerprint: str) -> bytes:
    """Sixteen bytes that change when the record does, or the mapping that read it."""
    return blake2b(raw, digest_size=16, key=fingerprint.encode()[:64]).digest()
