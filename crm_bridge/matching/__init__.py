"""Finding records of one client: index keys, comparison, and the grade that it amounts to. Pure and fast."""

from crm_bridge.matching.agree import Agreement, Level, compare
from crm_bridge.matching.explain import explain
from crm_bridge.matching.fold import FOLD_VERSION, fold, fold_words
from crm_bridge.matching.given_names import given_names
from crm_bridge.matching.grade import CERTAIN, POSSIBLE, PROBABLE, UNLIKELY, Verdict, grade, match
from crm_bridge.matching.keys import KEYS_VERSION, match_keys, phone_key
from crm_bridge.matching.traits import Traits, traits

__all__ = [
    "CERTAIN",
    "FOLD_VERSION",
    "KEYS_VERSION",
    "POSSIBLE",
    "PROBABLE",
    "UNLIKELY",
    "Agreement",
    "Level",
    "Traits",
    "Verdict",
    "compare",
    "explain",
    "fold",
    "fold_words",
    "given_names",
    "grade",
    "match",
    "match_keys",
    "phone_key",
    "traits",
]
