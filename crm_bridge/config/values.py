"""The kinds of value that settings are made of, strict where TOML already tells the type."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, Strict

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_DURATION_WANTED = "must be a time such as '30s', '5m', '6h' or '3d'"
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
NO_ADDRESS = "is no address that can be called: a host, and a port from 1 to 65535 behind a colon"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class FrozenSettings(BaseModel):
    """Base of all settings: frozen, and an unknown key is a mistake."""

    model_config = {"frozen": True, "extra": "forbid"}


def _duration(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match is None:
            raise ValueError(_DURATION_WANTED)
        return timedelta(seconds=float(match.group(1)) * _UNIT_SECONDS[match.group(2)])
    if isinstance(value, timedelta):
        return value
    raise ValueError(_DURATION_WANTED)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _region(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{value!r} is no region: use an ISO 3166 code of two capital letters, such as 'UA'")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no name here: small Latin letters, digits and _, a letter first")
    return value


def is_no_address(value: str) -> bool:
    """Whether an HTTP URL has no host, or a port that there is not. Other text is not judged."""
    if not value.startswith(("http://", "https://")):
        return False
    try:
        parts = urlsplit(value)
        return not parts.hostname or parts.port == 0
    except ValueError:
        return True


Text = Annotated[str, Strict(), Field(min_length=1)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]
Several = Annotated[int, Strict(), Field(ge=1)]
Number = Annotated[float, Strict()]
Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Region = Annotated[Text, AfterValidator(_region)]
Name = Annotated[str, Strict(), AfterValidator(_name)]
