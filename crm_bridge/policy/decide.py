"""Whether a client may be contacted now: one chain of rules, and the first that denies decides.

consent → no minors → status → a usable contact point → quiet hours in the client's zone → caps over 7, 30 and 90 days.
Asked at the moment of dispatch, never earlier: between an event and its message the client may have withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crm_bridge.model import ConsentState, age_bounds, current_consent, known_zone
from crm_bridge.policy.decision import Decision, PastContact
from crm_bridge.policy.reachability import usable_points
from crm_bridge.policy.settings import Caps, PolicySettings, QuietHours

_NEVER_CONTACTED = frozenset({"deceased", "erased", "merged"})


def decide(
    client: Mapping[str, Any],
    *,
    purpose: str,
    channel: str,
    at: datetime,
    settings: PolicySettings,
    contacts_so_far: Sequence[PastContact] = (),
) -> Decision:
    """Whether ``client`` (a canonical document) may be contacted for ``purpose`` on ``channel`` at ``at``.

    Args:
        at: now, with its offset.
        contacts_so_far: contacts of at least the last 90 days, over all systems and channels.

    Raises:
        ValueError: ``at`` has no offset.
    """
    if at.tzinfo is None:
        raise ValueError("at needs an offset: a contact policy without a time zone is a guess")
    points = usable_points(client, channel=channel, at=at)
    state, allowed_points = _consent(client, purpose=purpose, channel=channel, at=at, points=points)
    if not state.granted:
        rule = "consent_refused" if state.status in ("denied", "withdrawn") else "no_consent"
        return Decision(False, rule, f"consent to {purpose} by {channel}: {state.status} ({state.rule})")
    zone = _zone(client, settings)
    if _may_be_minor(client, at=at.astimezone(zone), settings=settings):
        return Decision(False, "minor", f"the client is or may be under {settings.age_of_majority}")
    status = client.get("status")
    if status in _NEVER_CONTACTED or "deceased_on" in client:
        return Decision(False, "status", f"the client is {status if status in _NEVER_CONTACTED else 'deceased'}")
    if not allowed_points:
        return Decision(False, "no_contact_point", f"no usable contact point for {channel}")
    return (
        _quiet(client, purpose=purpose, channel=channel, at=at, zone=zone, settings=settings)
        or _capped(contacts_so_far, purpose=purpose, at=at, caps=settings.caps)
        or Decision(True, "allowed", f"consent by rule {state.rule}", contact_point=allowed_points[0])
    )


def _consent(
    client: Mapping[str, Any], *, purpose: str, channel: str, at: datetime, points: Sequence[Mapping[str, Any]]
) -> tuple[ConsentState, tuple[Mapping[str, Any], ...]]:
    """The state that decides, and the points that it covers. A consent may be about one point alone."""
    consents = client.get("consents", ())
    if not points:
        return current_consent(consents, purpose=purpose, channel=channel, at=at), ()
    states = [
        current_consent(consents, purpose=purpose, channel=channel, at=at, contact_point=point.get("id"))
        for point in points
    ]
    granted = tuple(point for point, state in zip(points, states, strict=True) if state.granted)
    deciding = next((state for state in states if state.granted), states[0])
    return deciding, granted


def _zone(client: Mapping[str, Any], settings: PolicySettings) -> ZoneInfo:
    own = client.get("preferences", {}).get("time_zone")
    return ZoneInfo(own if own is not None and known_zone(own) else settings.time_zone)


def _may_be_minor(client: Mapping[str, Any], *, at: datetime, settings: PolicySettings) -> bool:
    """A client without a year of birth is taken for an adult: adults are who systems keep incomplete cards of."""
    birth_date = client.get("birth_date")
    bounds = age_bounds(birth_date, on=at.date()) if birth_date else None
    return bounds is not None and bounds[0] < settings.age_of_majority


def _quiet(
    client: Mapping[str, Any],
    *,
    purpose: str,
    channel: str,
    at: datetime,
    zone: ZoneInfo,
    settings: PolicySettings,
) -> Decision | None:
    """The end of the quiet stretch that ``at`` lies in; the client's own hours count beside the configured ones."""
    configured = settings.quiet_hours
    if channel in (configured or QuietHours()).exempt_channels:
        return None
    stretches: list[tuple[time, time]] = []
    if configured is not None and purpose not in configured.exempt_purposes:
        stretches.append((configured.begin, configured.end))
    own = client.get("preferences", {}).get("quiet_hours")
    if own:  # the client's own word holds for every purpose
        begin, end = (time.fromisoformat(part) for part in own.split("-"))
        stretches.append((begin, end))
    local = at.astimezone(zone)
    ends = [_end_of_stretch(local, begin=begin, end=end) for begin, end in stretches if _within(local, begin, end)]
    if not ends:
        return None
    return Decision(False, "quiet_hours", f"quiet hours in {zone.key}", defer_until=max(ends).astimezone(UTC))


def _within(local: datetime, begin: time, end: time) -> bool:
    clock = local.time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def _end_of_stretch(local: datetime, *, begin: time, end: time) -> datetime:
    """On the wall clock, so that a night with a clock change still ends at ``end``."""
    day = local.date() + timedelta(days=1 if begin > end and local.time() >= begin else 0)
    return datetime.combine(day, end, tzinfo=local.tzinfo)


def _capped(contacts: Sequence[PastContact], *, purpose: str, at: datetime, caps: Caps) -> Decision | None:
    """A simple count over all systems and channels. The answer says when enough of them will lie behind the window."""
    if purpose in caps.uncapped_purposes:
        return None
    for days, limit in caps.windows():
        window = timedelta(days=days)
        recent = sorted(contact.at for contact in contacts if contact.at > at - window)
        if len(recent) >= limit:
            free_again = recent[len(recent) - limit] + window if limit else None
            reason = f"{len(recent)} contacts in {days} days, {limit} allowed"
            return Decision(False, f"cap_{days}_days", reason, defer_until=free_again)
    return None
