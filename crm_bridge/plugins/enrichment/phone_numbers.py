"""What a numbering plan says for certain about one E.164 number. Metadata: phonenumbers (Google's libphonenumber)."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.tzdata import TIMEZONE_DATA

# phonenumbers keeps the tz database's older spelling.
RENAMED_ZONES = {"Europe/Kiev": "Europe/Kyiv"}


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


def time_zone_of(number: str) -> str | None:
    """The time zone of the number's country, where it has only one.

    Never one by area code, which people keep when they move; and so none for +7, of eleven zones and two countries.
    The metadata name one zone for all places that keep the same time: the hour is right, the city may be a neighbour's.
    """
    for length in (1, 2, 3):  # no calling code is the beginning of another
        code = number[1 : 1 + length]
        if code.isdigit() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            zones = TIMEZONE_DATA.get(code, ())
            return RENAMED_ZONES.get(zones[0], zones[0]) if len(zones) == 1 else None
    return None


@lru_cache(maxsize=20_000)
def _number_type(number: str) -> int | None:
    parsed = _parsed(number)
    return phonenumbers.number_type(parsed) if parsed is not None else None


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
