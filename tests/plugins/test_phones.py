"""enrichment.phones. Every number is invented."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.api import ProposalMode, SourceView
from crm_bridge.plugins.enrichment.phones import enrich_clients


def proposals(*phones: dict[str, Any], **doc: Any) -> dict[str, Any]:
    points = [{"type": "phone", **phone} for phone in phones]
    view = SourceView("siebel/contact/1", "siebel", "contact", "1", {"kind": "person", "contact_points": points, **doc})
    found = list(enrich_clients([view]))

    assert {ProposalMode.FILL} >= {proposal.mode for proposal in found}
    return {proposal.path: proposal.value for proposal in found}


def test_a_mobile_number_takes_voice_and_sms() -> None:
    """The numbering plan says what the source did not."""
    assert {
        "contact_points[phone/+380505550101].features": ["voice", "sms"],
        "contact_points[phone/+380505550101].purpose": "mobile",
        "preferences.time_zone": "Europe/Kyiv",
    } == proposals({"value": "+380505550101"})


def test_a_fixed_line_has_no_purpose() -> None:
    """Whether it stands at home or at work, no plan tells."""
    found = proposals({"value": "+380445550101"})

    assert {"contact_points[phone/+380445550101].features": ["voice"], "preferences.time_zone": "Europe/Kyiv"} == found


def test_what_the_source_says_is_left_alone() -> None:
    """A plugin does not contradict a person who typed it in."""
    phone = {"value": "+380505550101", "features": ["voice"], "purpose": "work"}

    assert {} == proposals(phone, preferences={"time_zone": "Europe/Warsaw"})


@pytest.mark.parametrize("number", ["+79165550101", "+74955550101", "+77015550101"])
def test_no_time_zone_is_told_from_plus_seven(number: str) -> None:
    """Eleven zones, and people keep their numbers when they move."""
    assert "preferences.time_zone" not in proposals({"value": number})


def test_phones_of_two_countries_tell_no_time_zone() -> None:
    """Two zones are none."""
    assert "preferences.time_zone" not in proposals({"value": "+380505550101"}, {"value": "+48505550101"})


def test_a_number_of_no_plan_is_left_alone() -> None:
    """Nothing is known of it, so nothing is said."""
    assert {} == proposals({"value": "+000"}, {"value": "nonsense"})
