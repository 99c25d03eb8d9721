"""The rule of each path, as the site configures it, and whose word is preferred by it.

The defaults are the table "Survivorship defaults" of the documentation (``docs/reference/survivorship.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_bridge.sync.claims import Claim
from crm_bridge.sync.units import head

PERSON = "person"  # the system of what people decide here: trusted before all others


@dataclass(frozen=True, slots=True)
class Rule:
    """How one path is decided.

    Attributes:
        kind: ``precedence`` (trust, then completeness, then newest) · ``newest`` · ``union`` (every item stands) ·
            ``manual`` (a person decides; until then the card keeps what it has).
        order: systems, most trusted first, where the path has its own order.
    """

    kind: str = "precedence"
    order: tuple[str, ...] = ()


DEFAULT_RULES: Mapping[str, Rule] = {
    "name": Rule("precedence"),
    "contact_points": Rule("union"),
    "identifiers": Rule("union"),
    "relationships": Rule("union"),
    "other_names": Rule("union"),
    "facts": Rule("newest"),
    "segments": Rule("newest"),
    "scores": Rule("newest"),
    "preferences": Rule("newest"),
}


@dataclass(frozen=True, slots=True)
class Survivorship:
    """The site's configuration: ``order`` of trust over systems, and rules for single paths."""

    order: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def rule(self, unit: str) -> Rule:
        """The most specific rule: the site's for the path, the site's for its head, then the default."""
        path = head(unit)
        for name in (path, path.split(".")[0]):
            if name in self.rules:
                return self.rules[name]
        for name in (path, path.split(".")[0]):
            if name in DEFAULT_RULES:
                return DEFAULT_RULES[name]
        return Rule()

    def rank(self, system: str, rule: Rule) -> int:
        """0 is the most trusted; systems that nobody ranked stand together behind the ranked ones."""
        if system == PERSON:
            return -1
        order = rule.order or self.order
        return order.index(system) if system in order else len(order)


def preference(claim: Claim, rule: Rule, policy: Survivorship) -> tuple[Any, ...]:
    newest = _Descending(claim.at), -claim.seq
    says_nothing = claim.value == "unknown"  # a code for not knowing stands behind every knowledge
    if rule.kind == "newest":
        return (says_nothing, *newest, policy.rank(claim.system, rule), claim.key)
    return (
        says_nothing,
        policy.rank(claim.system, rule),
        -completeness(claim.value),
        *newest,
        claim.key,
    )


class _Descending:
    """Sorts texts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: _Descending) -> bool:
        return self.text > other.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.text == other.text

    __hash__ = None  # type: ignore[assignment]  # a sort key is never a dictionary key


def completeness(value: Any) -> int:
    return sum(completeness(part) for part in value.values()) if isinstance(value, Mapping) else 1
