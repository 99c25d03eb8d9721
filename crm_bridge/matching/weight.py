"""How much speaks for one client, as one number that puts the questions of a grade in order.

Each comparison adds bits, as Fellegi and Sunter (1969) add them: the logarithm to base 2 of how much commoner the
outcome is among records of one client than among records of two. The table is set by hand for retail clients, with
households in mind: a phone weighs less than its rarity says, since families share it. The weight puts questions in
order, and tells which of several certain clients a record joins; it makes nothing certain and drops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from crm_bridge.matching.agree import AGREE, CLOSE, CONTRADICT, LIKE, Agreement, Level

_BITS: Mapping[str, Mapping[Level, float]] = {
    "record_id": {AGREE: 20},
    "personal_id": {AGREE: 16},
    "tax_id": {AGREE: 16, CLOSE: 2, CONTRADICT: -8},
    "phone": {AGREE: 8, CLOSE: -0.5},
    "email": {AGREE: 8, CLOSE: -0.5},
    "postal_code": {AGREE: 4, CLOSE: -1},
    "family": {AGREE: 7, LIKE: 5, CLOSE: 1, CONTRADICT: -3},
    "given": {AGREE: 5, LIKE: 2, CLOSE: 1, CONTRADICT: -6},
    "patronymic": {AGREE: 4, CLOSE: 1, CONTRADICT: -5},
    "generation": {AGREE: 1, CONTRADICT: -8},
    "birth_date": {AGREE: 11, CLOSE: 5, CONTRADICT: -6},
    "gender": {AGREE: 0.5, CONTRADICT: -5},
}


def weigh(agreement: Agreement) -> float:
    """The sum of the bits of all comparisons; what is silent adds nothing."""
    return float(sum(bits.get(getattr(agreement, name), 0.0) for name, bits in _BITS.items()))
