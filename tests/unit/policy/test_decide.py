"""Who may be contacted, when, and which rule says so. The clients are invented."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crm_bridge.policy import Caps, Decision, PastContact, PolicySettings, QuietHours, decide, usable_points

NOON = datetime(2026, 11, 2, 10, tzinfo=UTC)  # noon in Kyiv
GRANTED = {"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-02T03:04:05Z"}
MOBILE = {"id": "p1", "type": "phone", "value": "+380505550101", "purpose": "mobile", "features": ["voice", "sms"]}
OKSANA: dict[str, Any] = {
    "kind": "person",
    "birth_date": "1985-03-08",
    "status": "active",
    "contact_points": [MOBILE],
    "consents": [GRANTED],
}
SETTINGS = PolicySettings()


def ask(client: dict[str, Any], *, at: datetime = NOON, purpose: str = "claims", **more: Any) -> Decision:
    return decide(client, purpose=purpose, channel="sms", at=at, **{"settings": SETTINGS, **more})


def test_a_client_who_consented_gets_the_message() -> None:
    """Consent, an adult, a mobile phone, daytime: allowed, to that phone."""
    decision = ask(OKSANA)

    assert (decision.allowed, decision.rule, decision.contact_point) == (True, "allowed", MOBILE)
    assert "+380505550101" not in repr(decision)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"consents": []}, "no_consent"),
        ({"consents": [{**GRANTED, "status": "pending"}]}, "no_consent"),
        ({"consents": [{**GRANTED, "purpose": "sales"}]}, "no_consent"),
        ({"consents": [GRANTED, {**GRANTED, "status": "withdrawn"}]}, "consent_refused"),
        ({"consents": [GRANTED, {"purpose": "any", "channel": "any", "status": "denied"}]}, "consent_refused"),
        ({"birth_date": "2008-11-03"}, "minor"),
        ({"birth_date": "2008"}, "minor"),
        ({"status": "deceased"}, "status"),
        ({"status": "erased"}, "status"),
        ({"deceased_on": "2025"}, "status"),
        ({"contact_points": []}, "no_contact_point"),
        ({"contact_points": [{**MOBILE, "status": "wrong_person"}]}, "no_contact_point"),
        ({"contact_points": [{**MOBILE, "features": ["voice"]}]}, "no_contact_point"),
        ({"contact_points": [{"type": "phone", "value": "+380445550101", "purpose": "home"}]}, "no_contact_point"),
        ({"contact_points": [{**MOBILE, "valid": {"end": "2026-01-01"}}]}, "no_contact_point"),
    ],
)
def test_each_rule_denies_for_good(change: dict[str, Any], rule: str) -> None:
    """The first rule of the chain that denies is named; waiting would not help."""
    decision = ask({**OKSANA, **change})

    assert (decision.allowed, decision.rule, decision.defer_until, decision.contact_point) == (False, rule, None, None)


@pytest.mark.parametrize("change", [{"birth_date": "2008-11-02"}, {"birth_date": "--03-08"}, {"status": "former"}])
def test_nothing_speaks_against_these(change: dict[str, Any]) -> None:
    """Eighteen today, a birthday without its year, a former client: consent decides."""
    assert ask({**OKSANA, **change}).allowed


def test_a_consent_for_one_number_picks_that_number() -> None:
    """The preferred phone is not the one that was agreed to."""
    other = {**MOBILE, "id": "p2", "value": "+380505550102"}
    client = {
        **OKSANA,
        "contact_points": [{**MOBILE, "rank": 1}, other],
        "consents": [{**GRANTED, "contact_point": "p2"}],
    }

    assert ask(client).contact_point == other


@pytest.mark.parametrize(
    ("at", "zone", "until"),
    [
        (datetime(2026, 11, 2, 19, tzinfo=UTC), None, datetime(2026, 11, 3, 7, tzinfo=UTC)),  # 21:00 in Kyiv
        (datetime(2026, 11, 2, 6, 59, tzinfo=UTC), None, datetime(2026, 11, 2, 7, tzinfo=UTC)),  # 08:59 in Kyiv
        (datetime(2026, 11, 2, 16, tzinfo=UTC), "Asia/Almaty", datetime(2026, 11, 3, 4, tzinfo=UTC)),  # 21:00 there
        (datetime(2026, 10, 24, 20, tzinfo=UTC), None, datetime(2026, 10, 25, 7, tzinfo=UTC)),  # the clock goes back
        (datetime(2026, 11, 2, 19, tzinfo=UTC), "Mars/Olympus", datetime(2026, 11, 3, 7, tzinfo=UTC)),
    ],
)
def test_nobody_is_disturbed_at_night(at: datetime, zone: str | None, until: datetime) -> None:
    """Quiet hours hold in the client's own zone, else in the configured one, and end on the wall clock."""
    decision = ask({**OKSANA, "preferences": {"time_zone": zone} if zone else {}}, at=at)

    assert (decision.allowed, decision.rule, decision.defer_until) == (False, "quiet_hours", until)


def test_the_clients_own_quiet_hours_hold_beside_the_configured_ones() -> None:
    """The client's own word holds even for a purpose that may go at any hour."""
    settings = PolicySettings(quiet_hours=QuietHours(exempt_purposes=frozenset({"claims"})))
    client = {**OKSANA, "preferences": {"quiet_hours": "11:00-13:00"}}

    assert ask(OKSANA, at=NOON + timedelta(hours=9), settings=settings).allowed
    assert ask(client, settings=settings).defer_until == NOON + timedelta(hours=1)


def contacts(*days_ago: float) -> list[PastContact]:
    return [PastContact(NOON - timedelta(days=days), "voice", "sales") for days in days_ago]


def test_caps_count_over_all_systems_and_channels() -> None:
    """Three calls this week, by whomever: no fourth contact until the oldest is seven days past."""
    client = {**OKSANA, "consents": [{**GRANTED, "purpose": "sales"}]}
    decision = ask(client, purpose="sales", contacts_so_far=contacts(6, 2, 1))

    assert (decision.allowed, decision.rule) == (False, "cap_7_days")
    assert decision.defer_until == NOON + timedelta(days=1)
    assert ask(client, purpose="sales", contacts_so_far=contacts(7, 2, 1)).allowed
    assert ask(client, purpose="sales", contacts_so_far=contacts(8, 9, 10, 11, 12, 13)).rule == "cap_30_days"


def test_news_of_a_claim_is_not_capped() -> None:
    """The client waits for it."""
    assert ask(OKSANA, contacts_so_far=contacts(1, 2, 3, 4, 5)).allowed


def test_rules_are_switched_off_by_false() -> None:
    """TOML has no null."""
    settings = PolicySettings.model_validate(
        {"quiet_hours": False, "caps": {"days_7": False, "days_30": False, "days_90": False, "uncapped_purposes": []}}
    )

    assert ask(OKSANA, at=NOON + timedelta(hours=9), settings=settings, contacts_so_far=contacts(*range(1, 80))).allowed


def test_a_cap_of_zero_lets_nothing_through() -> None:
    """And no moment helps."""
    settings = PolicySettings(caps=Caps(days_7=0, uncapped_purposes=frozenset()))

    assert ask(OKSANA, settings=settings) == Decision(False, "cap_7_days", "0 contacts in 7 days, 0 allowed")


@pytest.mark.parametrize(
    "settings",
    [
        {"time_zone": "Kyiv"},
        {"quiet_hours": {"begin": "09:00", "end": "09:00"}},
        {"caps": {"days_7": -1}},
        {"caps": {"weekly": 1}},
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    """A misspelt rule must not silently mean no rule."""
    with pytest.raises(ValidationError):
        PolicySettings.model_validate(settings)


def test_settings_read_as_they_stand_in_toml() -> None:
    """Times of day are strings."""
    settings = PolicySettings.model_validate({"quiet_hours": {"begin": "22:00", "end": "08:00"}})

    assert settings.quiet_hours == QuietHours(begin=time(22), end=time(8))


def test_every_setting_is_documented() -> None:
    """The reference page is made of these sentences."""
    for model in (PolicySettings, QuietHours, Caps):
        assert all(field.description for field in model.model_fields.values())


def test_a_moment_without_an_offset_is_a_mistake() -> None:
    """Nobody knows what hour it is."""
    with pytest.raises(ValueError, match="offset"):
        ask(OKSANA, at=datetime(2026, 11, 2, 10))  # noqa: DTZ001  that it is refused is the claim


def test_proven_and_preferred_points_come_first() -> None:
    """Active before unverified, then by rank, then a mobile phone."""
    points = [
        {"type": "phone", "value": "+380505550101", "rank": 1},
        {"type": "phone", "value": "+380505550102", "status": "active", "rank": 2},
        {"type": "phone", "value": "+380505550103", "purpose": "mobile", "rank": 1},
        {"type": "email", "value": "oksana@example.com"},
    ]
    found = usable_points({"contact_points": points}, channel="sms", at=NOON)

    assert [point["value"][-1] for point in found] == ["2", "3", "1"]
