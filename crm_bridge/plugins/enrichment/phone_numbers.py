"""What a numbering plan says for certain about one E.164 number. Metadata: phonenumbers (Google's libphonenumber)."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

# phonenumbers keeps the tz database's older spelling.
RENAMED_ZONES = {"Europe/Kiev": "Europe/Kyiv"}
RUSSIA_AND_KAZAKHSTAN = 7


def uses_of(number: str) -> tuple[str, ...]:
    """``features`` of the number, empty where its type does not settle them."""
    match _number_type(number):
        case PhoneNumberType.MOBILE:
            return ("voice", "sms")
        case PhoneNumberType.FIXED_LINE:
            return ("voice",)
        case _:
            return ()


def purpose_of(number: str) -> str | None:
    """``mobile`` or ``None``: whether a fixed line stands at home or at work, no plan tells."""
    return "mobile" if _number_type(number) == PhoneNumberType.MOBILE else None


@lru_cache(maxsize=20_000)
def time_zone_of(number: str) -> str | None:
    """The number's only time zone.

    Never one for +7: its eleven zones are given by area code, which people keep when they move.
    """
    parsed = _parsed(number)
    if parsed is None or parsed.country_code == RUSSIA_AND_KAZAKHSTAN:
        return None
    zones = [zone for zone in time_zones_for_number(parsed) if zone != "Etc/Unknown"]
    return RENAMED_ZONES.get(zones[0], zones[0]) if len(zones) == 1 else None


@lru_cache(maxsize=20_000)
def _number_type(number: str) -> int | None:
    parsed = _parsed(number)
    return phonenumbers.number_type(parsed) if parsed is not None else None


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
