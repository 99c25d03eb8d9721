"""A plugin cannot put a value on the card that the model does not allow."""

from __future__ import annotations

from typing import Any

import pytest

from crm_bridge.plugin_manager.proposed_values import fits


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name.family", "Коваль"),
        ("name", {"family": "Коваль", "given": "Anna"}),
        ("gender", "female"),
        ("birth_date", "--03-08"),
        ("preferences.channels", ["sms"]),
        ("preferences.time_zone", "Europe/Kyiv"),
        ("contact_points[phone/+380505550101].features", ["voice", "sms"]),
        ("contact_points[phone/+380505550101].purpose", "mobile"),
        ("contact_points[email/anna@example.com]", {"type": "email", "value": "anna@example.com"}),
        ("facts[personal.favourite_dish].value", "вареники"),
    ],
)
def test_what_the_model_allows_fits(path: str, value: Any) -> None:
    """Whatever else a whole client would need."""
    assert fits(path, value, kind="person")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name.family", 5),
        ("gender", "femal"),
        ("birth_date", "31.02.1980"),
        ("preferences.channels", "sms"),
        ("preferences.channels", ["pigeon"]),
        ("preferences.time_zone", "Kyiv"),
        ("contact_points[phone/+380505550101].features", ["talk"]),
        ("contact_points[email/anna@example.com]", "anna@example.com"),
        ("name.family", {"text": "Коваль"}),
    ],
)
def test_what_the_model_does_not_allow_does_not(path: str, value: Any) -> None:
    """A wrong type, an unknown code, an impossible date."""
    assert not fits(path, value, kind="person")


def test_an_organisation_has_no_gender() -> None:
    """The kind decides what there is."""
    assert not fits("gender", "female", kind="organisation")
