"""The raw record of each system, from what it knows of a person: field names, date formats, ways to say nothing.

These are the systems' own shapes, as their simulators hold them and the mapping documents read them. Ids, versions and
timestamps are the systems' own to give and are left out, except the agency's contract number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from crm_bridge.demo.spelling import digits

Raw: TypeAlias = dict[str, Any]

KINDS: Mapping[str, str] = {
    "siebel": "contact",
    "callcenter": "client",
    "sms_gateway": "subscriber",
    "vendor_files": "client",
}
"""The four systems, by connector name, with the kind of record that a client is there."""

AGENCY_COLUMNS = (
    "№ договору", "ПІБ", "ІПН", "Телефон", "E-mail", "Дата народження", "Стать", "Місто", "Індекс", "Адреса", "Діти",
    "Дата анкети", "Згода SMS", "Дата згоди", "Улюблена страва",
)  # fmt: skip
_KYIV = ZoneInfo("Europe/Kyiv")


@dataclass(frozen=True, slots=True)
class Portrait:
    """What one system knows of a person, in that system's spelling. ``None``: nothing.

    Attributes:
        gender: ``female`` or ``male``; another word goes into the record as it is.
        birth_date: ISO; text that is no ISO date goes into the record as it is.
        mobile, home, work: as the system writes them.
        consent: yes or no to SMS about claims, and when (UTC).
        contract: the agency's number; only the agency needs it.
        form_day: when the agency's form was filled in; ages of children are counted on it.
    """

    family: str | None = None
    given: str | None = None
    patronymic: str | None = None
    gender: str | None = None
    birth_date: str | None = None
    mobile: str | None = None
    home: str | None = None
    work: str | None = None
    work_ext: str | None = None
    email: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    language: str | None = None
    job_title: str | None = None
    tax_id: str | None = None
    dish: str | None = None
    children: Sequence[tuple[str, date]] = ()
    consent: tuple[bool, datetime] | None = None
    contract: str | None = None
    form_day: date | None = None


def siebel_contact(known: Portrait) -> Raw:
    """A Siebel contact: what is not known is an absent element."""
    flat = {
        "LastName": known.family,
        "FirstName": known.given,
        "MiddleName": known.patronymic,
        "Gender": _code(known.gender, {"female": "F", "male": "M"}),
        "BirthDate": _date(known.birth_date, "{month}/{day}/{year}"),
        "JobTitle": known.job_title,
        "Status": "Active",
        "PreferredLanguageCode": _code(known.language, {"uk": "UKR", "ru": "RUS", "en": "ENU"}, keep_others=False),
        "TaxId": known.tax_id,
        "CellularPhone": known.mobile,
        "HomePhone": known.home,
        "WorkPhone": known.work,
        "WorkPhoneExtension": known.work_ext,
        "EmailAddress": known.email,
        "FavoriteDish": known.dish,
    }
    raw: Raw = {tag: value for tag, value in flat.items() if value}
    address = {
        "PersonalStreetAddress": known.street,
        "PersonalCity": known.city,
        "PersonalPostalCode": known.postal_code,
        "PersonalCountry": "Ukraine" if known.street else None,
    }
    if any(address.values()):
        raw["ListOfPersonalAddress"] = {"PersonalAddress": [{tag: value for tag, value in address.items() if value}]}
    if known.children:
        rows = [{"FirstName": name, "BirthDate": f"{born:%m/%d/%Y}"} for name, born in known.children]
        raw["ListOfChild"] = {"Child": rows}
    if known.consent:
        granted, at = known.consent
        row = {
            "Purpose": "Claims",
            "Channel": "Cell Phone",
            "Status": "Granted" if granted else "Denied",
            "CapturedDate": f"{at.astimezone(UTC):%m/%d/%Y %H:%M:%S}",
        }
        raw["ListOfConsent"] = {"Consent": [row]}
    return raw


def callcenter_client(known: Portrait) -> Raw:
    """A client of the call centre: every field is there, ``None`` where nothing is known."""
    address = {"street": known.street, "city": known.city, "postal_code": known.postal_code}
    consents = []
    if known.consent:
        granted, at = known.consent
        status = "granted" if granted else "denied"
        consents.append({"purpose": "claims", "channel": "sms", "status": status, "captured_at": _instant(at)})
    return {
        "last_name": known.family,
        "first_name": known.given,
        "middle_name": known.patronymic,
        "gender": known.gender,
        "birth_date": known.birth_date,
        "mobile_phone": known.mobile,
        "home_phone": known.home,
        "email": known.email,
        "language": known.language,
        "job_title": known.job_title,
        "do_not_call": False,
        "address": (address | {"country": "UA" if known.street else None}) if any(address.values()) else None,
        "external_id": None,
        "consents": consents,
        "facts": {"favourite_dish": known.dish} if known.dish else {},
    }


def sms_subscriber(known: Portrait) -> Raw:
    """A subscriber of the SMS gateway: empty text where nothing is known."""
    granted, at = known.consent or (None, None)
    return {
        "msisdn": digits(known.mobile or ""),
        "first_name": known.given or "",
        "last_name": known.family or "",
        "middle_name": known.patronymic or "",
        "birth_date": _date(known.birth_date, "{day}.{month}.{year}") or "",
        "email": known.email or "",
        "language": _code(known.language, {"uk": "UA", "ru": "RU", "en": "EN", "kk": "KZ"}, keep_others=False) or "",
        "claims_sms": {True: "yes", False: "no", None: ""}[granted],
        "consent_at": f"{at.astimezone(_KYIV):%Y-%m-%d %H:%M:%S}" if at else "",
        "external_id": "",
        "postal_code": known.postal_code or "",
    }


def agency_row(known: Portrait) -> Raw:
    """A row of the agency's file: every column is there, empty where nothing is known."""
    granted, at = known.consent or (None, None)
    form_day = known.form_day
    children = [f"{name} {_age(born, on=form_day)}" if form_day else name for name, born in known.children]
    values = (
        known.contract,
        " ".join(part for part in (known.family, known.given, known.patronymic) if part),
        known.tax_id,
        known.mobile,
        known.email,
        _date(known.birth_date, "{day}.{month}.{year}"),
        _code(known.gender, {"female": "ж", "male": "ч"}),
        known.city,
        known.postal_code,
        known.street,
        "; ".join(children),
        f"{form_day:%d.%m.%Y}" if form_day else "",
        {True: "так", False: "ні", None: ""}[granted],
        f"{at.astimezone(_KYIV):%d.%m.%Y}" if at else "",
        known.dish,
    )
    return {column: value or "" for column, value in zip(AGENCY_COLUMNS, values, strict=True)}


SHAPES: Mapping[str, Callable[[Portrait], Raw]] = {
    "siebel": siebel_contact,
    "callcenter": callcenter_client,
    "sms_gateway": sms_subscriber,
    "vendor_files": agency_row,
}


def _date(iso: str | None, pattern: str) -> str | None:
    """An ISO date by ``pattern``; what is no ISO date as it is, for the bridge to find."""
    parts = (iso or "").split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not "".join(parts).isdigit():
        return iso
    year, month, day = parts
    return pattern.format(year=year, month=month, day=day)


def _code(value: str | None, codes: Mapping[str, str], *, keep_others: bool = True) -> str | None:
    """The system's code for ``value``; one that it has no code for goes in as it is, for the bridge to find."""
    if value is None:
        return None
    return codes.get(value, value if keep_others else None)


def _age(born: date, *, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
