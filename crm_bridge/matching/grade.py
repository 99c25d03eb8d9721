"""Whether two records are of one client: the rules, from the surest to the weakest.

Only ``certain`` links by itself; ``probable`` and ``possible`` are asked about. The danger is the household: relatives
share phone, address, surname and e-mail, a son may bear his father's name, and twins share the birth date too. So no
contact evidence outweighs a different given name, none counts as certain without a birth date that agrees in its year
at least, and given names that are merely alike never do. And what a household explains is nobody's question: such
pairs are ``unlikely``, judged to be two persons. They are counted and can be explained, and nobody is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from crm_bridge.matching.agree import AGREE, CLOSE, CONTRADICT, LIKE, SILENT, Agreement, compare
from crm_bridge.matching.traits import traits
from crm_bridge.matching.weight import weigh

CERTAIN = "certain"
PROBABLE = "probable"
POSSIBLE = "possible"
UNLIKELY = "unlikely"

# Father and son, or mother and daughter, of one name are further apart than this; a mistyped year seldom is.
GENERATION_YEARS = 14

_COMPARISONS = Agreement._fields[1:13]
_NOT_EXACT = ("tax_id", "family", "given", "patronymic", "birth_date")


class Verdict(NamedTuple):
    """How sure it is that two records are of one client.

    Attributes:
        grade: ``certain``, ``probable`` or ``possible``, after FHIR ``$match``; or ``unlikely``, judged two.
        rule: a short stable name, such as ``phone+name+birth_date``.
        evidence: the comparisons that agreed, then those that are alike or in part, marked with ``~``, then those that
            contradict, marked with ``!``. Never a value.
        weight: how much speaks for one client, in bits; orders the questions of one grade.
    """

    grade: str
    rule: str
    evidence: tuple[str, ...]
    weight: float = 0.0


def match(left: Mapping[str, Any], right: Mapping[str, Any]) -> Verdict | None:
    """Compare two canonical documents. To compare one with many, take its :func:`traits` once."""
    agreement = compare(traits(left), traits(right))
    return None if agreement is None else grade(agreement)


def grade(agreement: Agreement) -> Verdict | None:
    """What an agreement amounts to; ``None`` when it is not worth anybody's time."""
    found = _organisations(agreement) if agreement.kind == "organisation" else _persons(agreement)
    return None if found is None else Verdict(found[0], found[1], _evidence(agreement), weigh(agreement))


def _evidence(agreement: Agreement) -> tuple[str, ...]:
    levels = dict(zip(_COMPARISONS, agreement[1:13], strict=True))
    agreed = [name for name, level in levels.items() if level is AGREE and name not in ("generation", "gender")]
    nearly = [f"~{name}" for name in _NOT_EXACT if levels[name] in (LIKE, CLOSE)]
    against = [f"!{name}" for name, level in levels.items() if level is CONTRADICT]
    return (*agreed, *nearly, *against)


def _persons(a: Agreement) -> tuple[str, str] | None:
    by_identifier = _persons_by_identifier(a)
    if by_identifier is not None:
        return by_identifier
    if a.given is CONTRADICT:
        return _relatives(a)
    if a.given is AGREE and (_family(a) or (a.family is CLOSE and a.birth_date is AGREE and _contact(a))):
        return _namesakes(a)
    return _half_named(a)


def _persons_by_identifier(a: Agreement) -> tuple[str, str] | None:
    """A shared row is the same client. A shared number may be a relative's, so the name has to allow it."""
    if a.record_id is AGREE:
        if a.tax_id is CONTRADICT:
            return PROBABLE, "record_id, tax_id differs"
        if a.family is CONTRADICT and a.given is CONTRADICT and a.birth_date is CONTRADICT:
            return PROBABLE, "record_id, person differs"
        return CERTAIN, "record_id"
    for rule, level in (("tax_id", a.tax_id), ("personal_id", a.personal_id)):
        if level is AGREE:
            if a.tax_id is CONTRADICT:
                return PROBABLE, f"{rule}, tax_id differs"
            named = a.given is AGREE or (a.family is AGREE and a.given in (SILENT, CLOSE))
            if named and not _another_person(a) and a.birth_date is not CONTRADICT:
                return CERTAIN, f"{rule}+name"
            return PROBABLE, f"{rule}, name or birth_date differs"
    return None


def _family(a: Agreement) -> bool:
    """Whether the family names are the same, or alike."""
    return a.family is AGREE or a.family is LIKE


def _another_person(a: Agreement) -> bool:
    """Whether something speaks for a relative or a namesake: another given name, father or generation."""
    return a.given is CONTRADICT or a.patronymic is CONTRADICT or a.generation is CONTRADICT


def _contact(a: Agreement) -> str:
    """The strongest contact evidence, or an empty string."""
    if a.phone is AGREE:
        return "phone"
    if a.email is AGREE:
        return "email"
    return "postal_code" if a.postal_code is AGREE else ""


def _namesakes(a: Agreement) -> tuple[str, str] | None:
    """The given name is the same, the family name too or alike; contact and birth date together bear one slip in it."""
    contact = _contact(a)
    doubtful = a.tax_id is CONTRADICT or _another_person(a)
    reached = contact in ("phone", "email")
    if a.birth_date is AGREE:
        if contact and not doubtful and a.family is not AGREE and not a.family_slip:
            return PROBABLE, f"{contact}+given+birth_date, family name alike"
        if not contact:
            return (POSSIBLE if doubtful else PROBABLE), "name+birth_date"
        return (PROBABLE if doubtful else CERTAIN), f"{contact}+name+birth_date"
    if a.birth_date is CONTRADICT or doubtful:
        return _generations(a, contact) if reached else None
    if reached:
        if a.birth_year and (a.family is AGREE or a.family_slip):
            return CERTAIN, f"{contact}+name+birth_year"
        return PROBABLE, f"{contact}+name"
    if contact or a.birth_date is CLOSE or a.patronymic is AGREE:
        return POSSIBLE, f"{contact}+name" if contact else "name"
    return None


def _generations(a: Agreement, contact: str) -> tuple[str, str]:
    """One name and one phone, and something contradicts: father and son, or one person with a slip in the record."""
    if a.generation is CONTRADICT or a.patronymic is CONTRADICT:
        return UNLIKELY, "namesakes, another father"
    if a.gender is CONTRADICT:
        return UNLIKELY, "namesakes, another gender"
    if a.birth_date is CONTRADICT and a.years_apart > GENERATION_YEARS:
        return UNLIKELY, "namesakes, a generation apart"
    return POSSIBLE, f"{contact}+name, another birth_date or tax_id"


def _relatives(a: Agreement) -> tuple[str, str] | None:
    """Another given name: a relative, when a household explains what they share. Of one family name and birth date
    without one, they may be twins, or one person who goes by two names."""
    contact = _contact(a)
    if _family(a) and a.birth_date is AGREE:
        twins = a.known_names and contact
        apart = twins or a.gender is CONTRADICT or a.patronymic is CONTRADICT or a.tax_id is CONTRADICT
        return (UNLIKELY, "relative") if apart else (POSSIBLE, "family+birth_date, another given name")
    return (UNLIKELY, "relative") if contact in ("phone", "email") else None


def _half_named(a: Agreement) -> tuple[str, str] | None:
    """A name is missing, abbreviated or changed (married), or nearly alike."""
    contact = _contact(a)
    if a.birth_date is CONTRADICT:
        return None
    if contact in ("phone", "email"):
        one_name = _family(a) or a.given is AGREE
        if a.birth_date is AGREE and one_name and a.tax_id is not CONTRADICT and not _another_person(a):
            return PROBABLE, f"{contact}+one_name+birth_date"
        if a.family is CONTRADICT and a.birth_date is SILENT and a.patronymic is not AGREE:
            return UNLIKELY, "another family name"
        return POSSIBLE, contact
    if a.birth_date is AGREE and (_family(a) or a.given is AGREE) and a.family is not CONTRADICT:
        return POSSIBLE, "one_name+birth_date"
    if a.birth_date is AGREE and contact and a.given is AGREE:
        return POSSIBLE, "postal_code+given+birth_date"
    return None


def _organisations(a: Agreement) -> tuple[str, str] | None:
    if a.record_id is AGREE:
        return (PROBABLE, "record_id, tax_id differs") if a.tax_id is CONTRADICT else (CERTAIN, "record_id")
    if a.tax_id is AGREE or a.personal_id is AGREE:
        rule = "tax_id" if a.tax_id is AGREE else "personal_id"
        sure = _family(a) and a.tax_id is not CONTRADICT
        return (CERTAIN, f"{rule}+name") if sure else (PROBABLE, rule)
    if _family(a) and a.tax_id is not CONTRADICT:
        contact = _contact(a)
        return (PROBABLE, f"{contact}+name") if contact else (POSSIBLE, "name")
    return None
