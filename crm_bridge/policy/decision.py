"""What the policy says: allow or deny, with the rule that decided and, when it helps, the moment to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class PastContact:
    """A contact that was made or is under way, whichever system made it."""

    at: datetime
    channel: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question. It is logged as it is, so ``reason`` holds no personal data.

    Attributes:
        rule: a stable word: ``allowed``, ``no_consent``, ``consent_refused``, ``minor``, ``status``,
            ``no_contact_point``, ``quiet_hours``, ``cap_7_days``, ``cap_30_days``, ``cap_90_days``.
        reason: one sentence for people.
        defer_until: ask again then; ``None`` in a denial: time alone will not change it.
        contact_point: the document of the point to use when allowed; never shown in a log.
    """

    allowed: bool
    rule: str
    reason: str
    defer_until: datetime | None = None
    contact_point: Mapping[str, Any] | None = field(default=None, repr=False)
