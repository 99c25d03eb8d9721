"""The settings of the contact rules: ``[policy]`` in the configuration. Every default is the safer choice."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from crm_bridge.model import known_zone


def _off(value: Any) -> Any:
    """TOML has no null, so ``false`` switches a rule off."""
    return None if value is False else value


_Limit = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_off)]


class _RuleSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Caps(_RuleSettings):
    """The most contacts with one client, over all systems and channels, in the days before. ``false``: no limit."""

    days_7: _Limit = 3
    """Contacts in any 7 days."""

    days_30: _Limit = 6
    """Contacts in any 30 days."""

    days_90: _Limit = 12
    """Contacts in any 90 days."""

    uncapped_purposes: frozenset[str] = frozenset({"claims"})
    """Purposes that are counted but never stopped by a cap: the client waits for news of their own claim."""

    def windows(self) -> tuple[tuple[int, int], ...]:
        """(days, limit) of the caps that are set, the shortest window first."""
        pairs = ((7, self.days_7), (30, self.days_30), (90, self.days_90))
        return tuple((days, limit) for days, limit in pairs if limit is not None)


class QuietHours(_RuleSettings):
    """When nobody is disturbed, in the client's own time zone. Begin and end may lie on two sides of midnight."""

    begin: time = time(21, 0)
    """First quiet moment of the day."""

    end: time = time(9, 0)
    """First moment at which contacts are allowed again."""

    exempt_purposes: frozenset[str] = frozenset()
    """Purposes that may go at any hour, such as ``claims`` where the client has asked for it."""

    exempt_channels: frozenset[str] = frozenset({"email", "post"})
    """Channels that wake nobody."""

    @field_validator("begin", "end")
    @classmethod
    def _is_local(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("give a time of day without an offset: it is the client's own clock")
        return value

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.begin == self.end:
            raise ValueError("begin and end are the same: write quiet_hours = false to have none")
        return self


class PolicySettings(_RuleSettings):
    """The rules that every contact passes, whichever system or partner asks for it."""

    time_zone: str = "Europe/Kyiv"
    """IANA zone of a client whose own zone is unknown."""

    age_of_majority: int = Field(default=18, ge=0, le=30)
    """Younger clients are never contacted; a birth date known in part counts as the youngest that it allows."""

    quiet_hours: Annotated[QuietHours | None, BeforeValidator(_off)] = QuietHours()
    """When nobody is disturbed; ``false``: at no time. The client's own ``preferences.quiet_hours`` hold as well."""

    caps: Caps = Caps()
    """How many contacts one client gets."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if not known_zone(value):
            raise ValueError("not an IANA time zone: give a name such as Europe/Kyiv")
        return value
