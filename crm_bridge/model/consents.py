"""Consents: what the client allowed or refused, for which purpose, on which channel (ISO/IEC TS 27560).

The list is append-only: a withdrawal is one more entry. What holds now is computed by :func:`current_consent`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from crm_bridge.model.contact_points import Channel
from crm_bridge.model.dates import Moment, Period
from crm_bridge.model.formats import Key, Text
from crm_bridge.model.value import Item, Value

ANY = "any"
_REFUSALS = frozenset({"denied", "withdrawn"})


class Evidence(Value):
    """What proves the consent. ``ref`` finds the proof (a form's number), ``text_version`` the wording agreed to."""

    kind: Literal[
        "signed_form", "web_form", "call_recording", "sms_reply", "double_opt_in", "operator", "imported_flag"
    ]
    ref: Text | None = None
    text_version: Text | None = None


class Consent(Item):
    """One statement of consent. ``purpose`` is ``claims``, ``service``, ``sales``, ``retention``, ``survey``,
    ``greeting``, ``sharing.<partner>``, ``any``, or a site's own key; ``contact_point`` is the id of the one point it
    is about (none: all points of the channel)."""

    purpose: Key
    channel: Channel
    contact_point: str | None = None
    status: Literal["granted", "denied", "withdrawn", "pending"]
    basis: Literal["consent", "contract", "legal_obligation", "legitimate_interest"] | None = None
    captured_at: Moment | None = None
    valid: Period | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What holds for one purpose and channel.

    Attributes:
        status: ``granted``, ``denied``, ``withdrawn``, ``pending``, or ``none`` when nobody said anything that counts.
        rule: which rule decided, as a stable word.
        decided_by: the entry that decided, as a document; ``None`` for status ``none``.
    """

    status: str
    rule: str
    decided_by: Mapping[str, Any] | None = None

    @property
    def granted(self) -> bool:
        return self.status == "granted"


def current_consent(
    consents: Iterable[Mapping[str, Any] | Consent],
    *,
    purpose: str,
    channel: str,
    at: datetime,
    contact_point: str | None = None,
) -> ConsentState:
    """What the client allows for ``purpose`` on ``channel`` at the moment ``at``.

    - The newest dated entry wins; a refusal wins a tie.
    - A refusal wins over every grant without a date, and a refusal without a date over every grant: nobody can tell
      which came later.
    - Purpose ``any`` and channel ``any`` cover everything in a refusal. A grant counts only where it names purpose and
      channel itself.
    - A grant counts within its ``valid`` period and not before its date; a refusal dated ahead of ``at`` counts:
      a clock that runs fast must not cost a client their refusal.
    - A date that cannot be read is none; a period that cannot be read holds for a refusal, and for no grant.
    - ``pending`` neither grants nor refuses. No entry is no consent.

    Args:
        contact_point: the id of the point about to be used. Without it, a refusal for any one point counts, and a grant
            for one point does not.
    """
    refusals: list[tuple[datetime | None, Mapping[str, Any]]] = []
    grants: list[tuple[datetime | None, Mapping[str, Any]]] = []
    pending: Mapping[str, Any] | None = None
    for each in consents:
        consent = _as_document(each)
        status = consent.get("status")
        dated = _moment(consent.get("captured_at"))
        if status in _REFUSALS:
            if _refusal_covers(consent, purpose, channel, contact_point) and _period_covers(consent, at):
                refusals.append((dated, consent))
        elif consent.get("purpose") == purpose and consent.get("channel") == channel:
            if consent.get("contact_point") not in (None, contact_point):
                continue
            if status == "pending":
                pending = consent
            elif status == "granted" and (dated is None or dated <= at) and _period_covers(consent, at):
                grants.append((dated, consent))
    return _settle(refusals, grants, pending)


def _settle(
    refusals: list[tuple[datetime | None, Mapping[str, Any]]],
    grants: list[tuple[datetime | None, Mapping[str, Any]]],
    pending: Mapping[str, Any] | None,
) -> ConsentState:
    for dated, refusal in refusals:
        if dated is None:
            return ConsentState(str(refusal["status"]), "undated_refusal", refusal)
    newest_refusal = max(refusals, key=_by_date, default=None)
    newest_grant = max(grants, key=_by_date, default=None)
    if newest_refusal is not None and (newest_grant is None or _by_date(newest_grant) <= _by_date(newest_refusal)):
        tie = newest_grant is not None and newest_grant[0] == newest_refusal[0]
        rule = "refusal_wins_tie" if tie else "newest"
        return ConsentState(str(newest_refusal[1]["status"]), rule, newest_refusal[1])
    if newest_grant is not None:
        return ConsentState("granted", "newest" if newest_grant[0] else "undated_grant", newest_grant[1])
    if pending is not None:
        return ConsentState("pending", "pending", pending)
    return ConsentState("none", "never_given")


_NEVER = datetime.min.replace(tzinfo=UTC)


def _by_date(entry: tuple[datetime | None, Mapping[str, Any]]) -> datetime:
    return entry[0] or _NEVER


def _refusal_covers(consent: Mapping[str, Any], purpose: str, channel: str, contact_point: str | None) -> bool:
    point = consent.get("contact_point")
    return (
        consent.get("purpose") in (purpose, ANY)
        and consent.get("channel") in (channel, ANY)
        and (point is None or contact_point is None or point == contact_point)
    )


def _period_covers(consent: Mapping[str, Any], at: datetime) -> bool:
    """Whether the statement holds at that moment. A bound that cannot be read never cuts a refusal short."""
    valid = consent.get("valid")
    if not valid:
        return True
    start, end = _moment(valid.get("start")), _moment(valid.get("end"))
    if consent.get("status") not in _REFUSALS and any(
        valid.get(bound) is not None and _moment(valid[bound]) is None for bound in ("start", "end")
    ):
        return False
    return (start is None or start <= at) and (end is None or at < end)


def _as_document(consent: Mapping[str, Any] | Consent) -> Mapping[str, Any]:
    if isinstance(consent, Consent):
        document: dict[str, Any] = consent.model_dump(mode="json", exclude_none=True)
        return document
    return consent


def _moment(value: Any) -> datetime | None:
    """``None`` for no moment, and for one that cannot be read: a store may be older than what is now refused."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if isinstance(moment, date):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    raise TypeError("a consent's dates are strings, dates or date-times")
