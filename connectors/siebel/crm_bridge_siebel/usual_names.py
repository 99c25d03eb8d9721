"""What Siebel's fields usually mean: tag without its spelling → canonical path and how it is read.

Taken from Oracle's Contact and Account objects and what sites make of them. A draft is a proposal: every row of it is
for an engineer to confirm, so a wrong guess costs a look, while a field left out would cost a search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One row of ``fields``: where it goes, and what stands beside ``src``. ``date`` rows follow the field's type."""

    path: str
    words: str = ""
    date: bool = False


FIELDS: Sequence[tuple[Sequence[str], Row]] = (
    (("lastname", "surname", "familyname"), Row("name.family", "required: true, max: 50")),
    (("firstname", "givenname"), Row("name.given", "max: 50")),
    (("middlename", "secondname", "patronymic"), Row("name.patronymic", "max: 50")),
    (("personaltitle", "mm", "mrms"), Row("name.prefix", "max: 15")),
    (("gender", "mf", "sex"), Row("gender", "as: code, values: gender, unknown: warn")),
    (("birthdate", "dateofbirth", "birthday"), Row("birth_date", date=True)),
    (("maritalstatus",), Row("marital_status", "as: code, values: marital, unknown: warn")),
    (("jobtitle",), Row("job_title", "max: 75")),
    (("status", "contactstatus"), Row("status", "as: code, values: status, unknown: warn")),
    (
        ("preferredlanguagecode", "preferredlanguage", "languagecode"),
        Row("preferences.languages.0", "as: code, values: language, unknown: warn"),
    ),
    (
        ("preferredcommunications", "preferredcommunication"),
        Row("preferences.channels.0", "as: code, values: channel, unknown: warn"),
    ),
)
ORGANISATION_FIELDS: Sequence[tuple[Sequence[str], Row]] = (
    (("name", "accountname", "organizationname"), Row("name.text", "required: true")),
    (("industry",), Row("industry")),
    (("status", "accountstatus"), Row("status", "as: code, values: status, unknown: warn")),
)
IDENTIFIERS: Sequence[tuple[Sequence[str], str]] = (
    (("id",), "dir: read, item: {system: siebel.%s.row_id, type: record}"),
    (("integrationid",), "item: {system: siebel.%s.integration_id, type: record}"),
    (("personuid",), "dir: read, item: {system: siebel.%s.person_uid, type: record}"),
)
PHONES: Sequence[tuple[Sequence[str], str]] = (
    (("cellularphone", "cellphone", "mobilephone"), "purpose: mobile, features: [voice, sms]"),
    (("homephone", "phonehome"), "purpose: home, features: [voice]"),
    (("workphone", "workphonenumber", "businessphone", "phone", "mainphonenumber"), "purpose: work, features: [voice]"),
    (("faxphone", "fax", "mainfaxnumber"), "features: [fax]"),
)
EXTENSIONS = ("workphoneextension", "phoneextension")
EMAILS = ("emailaddress", "emailaddr", "email", "primaryemailaddress", "mainemailaddress")
NICKNAMES = ("alias", "nickname")
REFUSALS: Mapping[str, str] = {
    "suppressallcalls": "voice",
    "donotcall": "voice",
    "suppressallemails": "email",
    "donotemail": "email",
    "suppressallmailings": "post",
    "donotmail": "post",
}
ROW_EMAILS = ("alternateemailaddress", "emailaddress", "email")
ROW_PHONES = ("alternatephone", "phonenumber", "phone")
ADDRESS_PARTS: Mapping[str, Sequence[str]] = {
    "lines.0": ("streetaddress", "street", "address", "addressline1"),
    "lines.1": ("streetaddress2", "street2", "addressline2"),
    "city": ("city",),
    "region": ("state", "province", "region"),
    "postal_code": ("postalcode", "zipcode", "zip"),
    "country": ("country",),
}
ADDRESS_PREFIXES = ("", "personal", "primarypersonal", "home", "primary", "mailing", "contact")

VALUE_MAPS: Mapping[str, str] = {
    "gender": "{M: male, F: female, U: unknown}",
    "marital": "{Single: single, Married: married, Divorced: divorced, Widowed: widowed}",
    "status": "{Active: active, Inactive: former, Prospect: prospect}",
    "language": "{UKR: uk, RUS: ru, ENU: en}",
    "channel": '{Phone: voice, "Cell Phone": sms, Email: email, Mail: post}',
    "country": "{Ukraine: UA, Poland: PL}",
}
