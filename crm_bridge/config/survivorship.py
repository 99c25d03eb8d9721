"""Whose word counts, as the configuration says it; :mod:`crm_bridge.sync.survivorship` decides by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from crm_bridge.config.mistakes import did_you_mean
from crm_bridge.config.values import FrozenSettings, Name
from crm_bridge.sync.rules import Rule, Survivorship

DECIDED_PATHS = frozenset(
    {
        "name",
        "other_names",
        "gender",
        "birth_date",
        "deceased_on",
        "marital_status",
        "job_title",
        "industry",
        "preferences",
        "preferences.languages",
        "preferences.time_zone",
        "preferences.channels",
        "preferences.quiet_hours",
        "contact_points",
        "identifiers",
        "relationships",
        "facts",
        "holdings",
        "segments",
        "scores",
    }
)
_FIXED = {
    "consents": "the newest word counts, and a refusal wins ties",
    "status": "erased and deceased stick, then active before former before prospect",
}


def complain_of_path(path: str) -> str | None:
    """Why no rule can be set for ``path``, and what to do; ``None`` when one can."""
    if path in DECIDED_PATHS:
        return None
    head = path.split("[")[0].split(".")[0].rstrip("+")
    if head in _FIXED:
        return f"has a rule that is the same everywhere ({_FIXED[head]}): remove this line"
    if head in DECIDED_PATHS:
        return f"is decided together with what is around it: write {head!r}"
    return f"is no path of a client: {did_you_mean(head, known=DECIDED_PATHS)}"


class PathRule(FrozenSettings):
    """How one path survives. A bare list in the file is an ``order`` with the rule ``precedence``."""

    order: tuple[Name, ...] = Field(
        default=(), description="Systems, highest trust first, for this path alone; empty: the general order."
    )
    rule: Literal["precedence", "newest", "union", "manual"] = Field(
        default="precedence",
        description="`precedence`: the most trusted system that says anything; `newest`: the latest; "
        "`union`: all values, once each; `manual`: where systems differ, a person decides.",
    )

    @model_validator(mode="before")
    @classmethod
    def _list_is_an_order(cls, value: Any) -> Any:
        return {"order": value} if isinstance(value, list) else value


class SurvivorshipSettings(FrozenSettings):
    """``[survivorship]``: the order of trust and what departs from the defaults."""

    order: tuple[Name, ...] = Field(
        default=(), description="Systems, highest trust first. Those not named come after, as they stand in the file."
    )
    paths: Mapping[str, PathRule] = Field(
        default_factory=dict, description="For a canonical path, such as `name`: a list of systems, or a table."
    )

    def as_policy(self) -> Survivorship:
        """The same as the value that the pure side of the house decides by."""
        rules = {path: Rule(each.rule, each.order) for path, each in self.paths.items()}
        return Survivorship(order=self.order, rules=rules)
