"""Canonical paths."""

from __future__ import annotations

import pytest

from crm_bridge.model import codes, known_path


@pytest.mark.parametrize(
    "path",
    [
        "name",
        "name.family",
        "preferences.languages.0",
        "contact_points[phone/mobile].value",
        "contact_points[phone/+380505550101].features",
        "contact_points+",
        "facts[personal.favourite_dish].value",
        "identifiers[ua.rnokpp].value",
        "consents[claims/sms].status",
        "relationships[child]",
        "relationships[child].to.age.years",
        "relationships.to.name",
        "contact_points.address.lines.0",
        "payout.amount.currency",
        "documents",
    ],
)
def test_paths_of_the_model_are_known(path: str) -> None:
    """Positions, selectors, appended and unnamed entries all lead into lists."""
    assert known_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "birthdate", "name.0", "name.family.x", "name..family", "name.", "gender[x]", "contact_points[", "Name"],
)
def test_paths_that_the_model_lacks_are_unknown(path: str) -> None:
    """A misspelt path is found when a mapping is read, not when the first record comes."""
    assert not known_path(path)


def test_a_path_belongs_to_an_entity() -> None:
    """A claim has no family name."""
    assert known_path("payout.order", entity="claim")
    assert not known_path("name.family", entity="claim")
    assert not known_path("name.family", entity="organisation")


@pytest.mark.parametrize(
    ("path", "some"),
    [
        ("gender", {"male", "female", "other", "unknown"}),
        ("contact_points[phone].purpose", {"home", "work", "mobile"}),
        ("contact_points.features", {"voice", "sms", "fax"}),
        ("preferences.channels.0", {"sms", "voice", "email"}),
        ("contact_points.address.country", {"UA", "PL"}),
        ("payout.amount.currency", {"UAH", "USD"}),
        ("consents.status", {"granted", "denied", "withdrawn", "pending"}),
    ],
)
def test_codes_are_listed_where_the_model_has_them(path: str, some: set[str]) -> None:
    """So that a value map in a mapping is checked when it is read."""
    found = codes(path)

    assert found is not None
    assert some <= found


def test_open_values_have_no_codes() -> None:
    """Purposes of consent are a site's own."""
    assert codes("consents.purpose") is None
    assert codes("name.family") is None
    assert codes("no.such.path") is None
