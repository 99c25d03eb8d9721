"""What each of the four systems knows of a sample person, and how it spells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random

from crm_bridge.demo.people import SAMPLE_DAY, SamplePerson
from crm_bridge.demo.shapes import Portrait
from crm_bridge.demo.spelling import dashed, latin, national, with_slip


def in_siebel(person: SamplePerson, rng: Random) -> Portrait:
    """Formal, in Cyrillic, mostly whole."""
    return Portrait(
        family=person.family,
        given=person.given,
        patronymic=person.patronymic or None,
        gender=person.gender,
        birth_date=person.birth_date.isoformat() if _says(person, rng, 0.95) else None,
        mobile=person.mobile if rng.random() < 0.7 else dashed(person.mobile),
        home=person.home,
        work=person.work,
        work_ext=person.work_ext,
        email=person.email if _says(person, rng, 0.8) and person.role != "long_email" else None,
        street=person.street if rng.random() < 0.8 else None,
        city=person.city.name,
        postal_code=person.postal_code,
        language=person.language,
        job_title=person.job_title if rng.random() < 0.6 else None,
        tax_id=person.tax_id if _says(person, rng, 0.8) else None,
        dish=person.dish or None,
        children=[(child.name, child.birth_date) for child in person.children],
        consent=_consent(person) if _says(person, rng, 0.7) else None,
    )


def in_callcenter(person: SamplePerson, rng: Random) -> Portrait:
    """Heard on the phone: sometimes in Latin letters, sometimes with a slip."""
    family, given, patronymic = person.family, person.given, person.patronymic
    if _errs(person, rng, 0.12):
        family, given, patronymic = (latin(part, language=person.language) for part in (family, given, patronymic))
    if _errs(person, rng, 0.08):
        family = with_slip(family, rng=rng)
    return Portrait(
        family=family,
        given=given,
        patronymic=patronymic or None if _says(person, rng, 0.75) else None,
        gender=person.gender if rng.random() < 0.9 else "unknown",
        birth_date=person.birth_date.isoformat() if _says(person, rng, 0.85) else None,
        mobile=dashed(person.mobile) if rng.random() < 0.5 else person.mobile,
        home=person.home if rng.random() < 0.4 else None,
        email=_LONG_MAILBOX if person.role == "long_email" else person.email if rng.random() < 0.6 else None,
        city=person.city.name if rng.random() < 0.4 else None,
        language=person.language if person.language != "kk" else None,
        consent=_consent(person) if rng.random() < 0.2 else None,
        dish=person.dish or None if rng.random() < 0.5 else None,
    )


def in_sms(person: SamplePerson, rng: Random) -> Portrait:
    """A number with a name, often without birth date or patronymic."""
    family, given = person.family, person.given
    if _errs(person, rng, 0.25):
        family, given = (latin(part, language=person.language) for part in (family, given))
    return Portrait(
        family=family,
        given=given,
        patronymic=person.patronymic or None if rng.random() < 0.4 else None,
        birth_date=person.birth_date.isoformat() if _says(person, rng, 0.6) else None,
        mobile=person.mobile,
        email=person.email if rng.random() < 0.5 else None,
        language=person.language,
        postal_code=person.postal_code if rng.random() < 0.3 else None,
        consent=_consent(person) if _says(person, rng, 0.9) else None,
    )


def at_agency(person: SamplePerson, rng: Random) -> Portrait:
    """A form on paper: often in capitals, numbers as they are said at home."""
    family, given, patronymic = person.family, person.given, person.patronymic
    if _errs(person, rng, 0.4):
        family, given, patronymic = family.upper(), given.upper(), patronymic.upper()
    return Portrait(
        family=family,
        given=given,
        patronymic=patronymic or None,
        gender=person.gender,
        birth_date=person.birth_date.isoformat() if _says(person, rng, 0.95) else None,
        mobile=national(person.mobile),
        email=person.email if rng.random() < 0.4 else None,
        street=person.street if rng.random() < 0.8 else None,
        city=person.city.name,
        postal_code=person.postal_code,
        tax_id=person.tax_id if _says(person, rng, 0.7) else None,
        children=[(child.name, child.birth_date) for child in person.children],
        form_day=SAMPLE_DAY - timedelta(days=rng.randint(0, 120)) if person.children else None,
        consent=_consent(person) if rng.random() < 0.8 else None,
        dish=person.dish or None,
    )


PORTRAITS: Mapping[str, Callable[[SamplePerson, Random], Portrait]] = {
    "siebel": in_siebel,
    "callcenter": in_callcenter,
    "sms_gateway": in_sms,
    "vendor_files": at_agency,
}
_LONG_MAILBOX = "a.mailbox.with.a.name.that.is.longer.than.siebel.takes@example.org"


def _says(person: SamplePerson, rng: Random, chance: float) -> bool:
    """Whether a system knows a detail; of those who are kept for a scene it knows all."""
    return rng.random() < chance or bool(person.role)


def _errs(person: SamplePerson, rng: Random, chance: float) -> bool:
    return rng.random() < chance and not person.role


def _consent(person: SamplePerson) -> tuple[bool, datetime] | None:
    return (person.consent.granted, person.consent.at) if person.consent else None
