"""Which of several statements about one purpose and channel holds (ISO/IEC TS 27560): no order of reading widens it.

The same rules as :func:`crm_bridge.model.current_consent`, as an order: undated refusal, then the newest dated word
with refusals winning ties, then undated grants; ``pending`` says nothing against anybody. A grant for ``any`` purpose
or channel allows nothing by itself, so it never hides a refusal either. A date that cannot be read is none.

It compares statements of one period only. Statements of different periods are units of their own, and all stand on the
card: which of them counts depends on the day, and the day is known where somebody is to be contacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

REFUSALS = frozenset({"denied", "withdrawn"})
_NEVER = datetime.min.replace(tzinfo=UTC)


def force(consent: Mapping[str, Any]) -> tuple[int, datetime, bool]:
    """The greater one holds."""
    refusal, dated = consent["status"] in REFUSALS, _moment(consent.get("captured_at"))
    if refusal:
        return (2 if dated is not None else 3), dated or _NEVER, True
    if consent["status"] != "granted":
        return 0, dated or _NEVER, False
    sweeping = "any" in (consent["purpose"], consent["channel"])
    return (1 if sweeping else 2), dated or _NEVER, False


def _moment(stored: Any) -> datetime | None:
    """``None`` for no moment, and for one that cannot be read: a store may be older than what we now refuse."""
    try:
        moment = datetime.fromisoformat(str(stored)) if stored else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
