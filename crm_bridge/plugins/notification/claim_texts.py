"""The texts of claims messages, by event and language, with the fields that each of them has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from types import MappingProxyType
from typing import Any

# What a text of this event must say, and where the claim has it.
REQUIRED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "claim.registered": {"number": "number"},
        "claim.documents_requested": {"number": "number", "documents": "documents"},
        "claim.paid": {
            "number": "number",
            "order": "payout.order",
            "date": "payout.date",
            "amount": "payout.amount.amount",
            "currency": "payout.amount.currency",
        },
    }
)

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "claim.registered": {
            "uk": "Вашу справу зареєстровано за номером {number}.",
            "ru": "Ваше дело зарегистрировано под номером {number}.",
            "kk": "Сіздің ісіңіз {number} нөмірімен тіркелді.",
            "en": "Your claim is registered under number {number}.",
        },
        "claim.documents_requested": {
            "uk": "Справа {number}: просимо надати документи: {documents}.",
            "ru": "Дело {number}: просим предоставить документы: {documents}.",
            "kk": "{number} ісі: мына құжаттарды тапсыруыңызды сұраймыз: {documents}.",
            "en": "Claim {number}: please send us these documents: {documents}.",
        },
        "claim.paid": {
            "uk": "Справа {number}: виплату {amount} {currency} здійснено {date}, платіжне доручення № {order}.",
            "ru": "Дело {number}: выплата {amount} {currency} произведена {date}, платёжное поручение № {order}.",
            "kk": "{number} ісі: {amount} {currency} төлемі {date} күні жасалды, төлем тапсырмасы № {order}.",
            "en": "Claim {number}: {amount} {currency} was paid on {date}, payment order No. {order}.",
        },
    }
)


def check_texts(texts: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a text that would leave out what its event has to say, or ask for a field that there is none of.

    Raises:
        ValueError: naming event, language and field.
    """
    for event, by_language in texts.items():
        if event not in REQUIRED:
            raise ValueError(f"there is no event {event!r}: use one of {', '.join(REQUIRED)}")
        for language, text in by_language.items():
            named = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
            if named != set(REQUIRED[event]):
                wanted = ", ".join(f"{{{field}}}" for field in REQUIRED[event])
                raise ValueError(f"the text of {event} in {language!r} has to name exactly {wanted}")


def missing(event: str, claim: Mapping[str, Any]) -> Sequence[str]:
    """Paths in the claim that the text needs and that say nothing."""
    return [path for path in REQUIRED[event].values() if not _at(claim, path)]


def say(event: str, claim: Mapping[str, Any], text: str) -> str:
    """``text`` filled from the claim, in which nothing is missing."""
    said = {field: _at(claim, path) for field, path in REQUIRED[event].items()}
    if "documents" in said:
        said["documents"] = "; ".join(said["documents"])
    if "date" in said:
        said["date"] = ".".join(reversed(str(said["date"]).split("-")))
    if "amount" in said:
        said["amount"] = _grouped(str(said["amount"]))
    return text.format(**said)


def _at(claim: Mapping[str, Any], path: str) -> Any:
    found: Any = claim
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _grouped(amount: str) -> str:
    """``12500.00`` → ``12 500.00``, on the digits as they stand: money is never a float."""
    whole, point, cents = amount.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    groups = [digits[max(end - 3, 0) : end] for end in range(len(digits), 0, -3)]
    return sign + " ".join(reversed(groups)) + point + cents
