"""A verdict in a sentence that a stranger can read. Names of what was compared, never values."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.matching.grade import CERTAIN, POSSIBLE, PROBABLE, UNLIKELY

_JUDGED = {
    CERTAIN: "One client",
    PROBABLE: "Probably one client",
    POSSIBLE: "Possibly one client",
    UNLIKELY: "Judged two persons",
}
_WORDS = {
    "record_id": "the row's number",
    "personal_id": "a personal number",
    "tax_id": "the tax number",
    "phone": "a phone",
    "email": "an e-mail",
    "postal_code": "the postal code",
    "family": "the family name",
    "given": "the given name",
    "patronymic": "the patronymic",
    "generation": "junior or senior",
    "birth_date": "the birth date",
    "gender": "the gender",
}
_BECAUSE = {
    "relative": "relatives and colleagues share phones, addresses and family names",
    "another family name": "colleagues and households share phones",
    "namesakes, another father": "father and son often share name and phone",
    "namesakes, a generation apart": "father and son often share name and phone",
    "namesakes, another gender": "a household shares its phone",
    "phone+name": "a birth date is missing or doubtful, and father and son may share all this",
    "email+name": "a birth date is missing or doubtful, and father and son may share all this",
    "name+birth_date": "namesakes may be born on one day, and no phone, e-mail or address is in common",
    "family+birth_date, another given name": "they may be twins, or one person who goes by two names",
    "unmerge": "a person took them apart",
}


def explain(grade: str, rule: str, evidence: Sequence[str]) -> str:
    """The verdict in words: what it is, what agrees, what is alike, what differs, and what makes it doubtful."""
    agree = [_WORDS.get(each, each) for each in evidence if each[0] not in "~!"]
    alike = [_WORDS.get(each[1:], each[1:]) for each in evidence if each[0] == "~"]
    differ = [_WORDS.get(each[1:], each[1:]) for each in evidence if each[0] == "!"]
    told = [
        f"{_list(words)} {one if len(words) == 1 else many}"
        for words, one, many in (
            (agree, "agrees", "agree"),
            (alike, "is alike or partly known", "are alike or partly known"),
            (differ, "differs", "differ"),
        )
        if words
    ]
    sentence = f"{_JUDGED.get(grade, grade)}: {'; '.join(told)}" if told else _JUDGED.get(grade, grade)
    because = _BECAUSE.get(rule)
    return f"{sentence}. {because[0].upper()}{because[1:]}." if because else f"{sentence}."


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
