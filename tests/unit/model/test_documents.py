"""Documents in and out of the canonical model. The people are invented."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from crm_bridge.errors import RejectRecord
from crm_bridge.model import (
    InvalidClient,
    Organisation,
    Person,
    dump_claim,
    dump_client,
    validate_claim,
    validate_client,
    validate_interaction,
    validate_purchase,
)

EMAIL = {"type": "email", "value": "oksana@example.com"}
OKSANA: dict[str, Any] = {
    "kind": "person",
    "name": {"family": "Шевченко", "given": "Оксана", "patronymic": "Іванівна"},
    "other_names": [{"use": "maiden", "family": "Коваль", "lang": "uk-Cyrl"}],
    "gender": "female",
    "birth_date": "1985-03-08",
    "marital_status": "married",
    "status": "active",
    "job_title": "бухгалтер",
    "preferences": {"languages": ["uk"], "channels": ["sms"], "time_zone": "Europe/Kyiv", "quiet_hours": "21:00-09:00"},
    "identifiers": [
        {"system": "siebel.contact.row_id", "value": "1-4X7Q", "type": "record"},
        {"system": "ua.rnokpp", "value": "3111010136", "type": "tax", "country": "UA"},
    ],
    "contact_points": [
        {"id": "p1", "type": "phone", "value": "+380505550101", "purpose": "mobile", "features": ["voice", "sms"]},
        {"type": "email", "value": "oksana@example.com", "rank": 1, "valid": {"start": "2024-01-01"}},
        {
            "type": "postal",
            "value": "вул. Січових Стрільців, 7, Київ",
            "purpose": "home",
            "address": {
                "lines": ["вул. Січових Стрільців, 7"],
                "city": "Київ",
                "postal_code": "04053",
                "country": "UA",
            },
        },
        {"type": "messenger", "value": "oksana", "service": "viber"},
    ],
    "consents": [
        {
            "purpose": "claims",
            "channel": "sms",
            "status": "granted",
            "captured_at": "2026-01-02T03:04:05Z",
            "evidence": {"kind": "signed_form", "ref": "42"},
        }
    ],
    "relationships": [
        {"type": "child", "to": {"name": "Марко", "age": {"years": 7, "on": "2024-05-15"}}},
        {"type": "spouse", "to": {"client_id": "c-2"}},
    ],
    "facts": [
        {"key": "personal.favourite_dish", "type": "text", "value": "вареники", "sensitivity": "personal"},
        {"key": "pets", "type": "number", "value": 2},
        {"key": "car.price", "type": "money", "value": {"amount": "12500.00", "currency": "UAH"}},
        {"key": "smoker", "type": "bool", "value": False},
        {"key": "hobbies", "type": "list", "value": ["шахи", "спів"]},
        {"key": "wedding", "type": "partial_date", "value": "--06-15"},
        {"key": "visit", "type": "date", "value": "2026-06-15"},
    ],
    "holdings": [{"type": "policy", "number": "POL-7", "status": "active"}],
    "segments": [{"key": "nps.detractor", "since": "2026-01-02T03:04:05Z"}],
    "scores": [{"key": "nps", "value": "9", "scale": {"min": "0", "max": "10"}}],
}


def with_(**changes: Any) -> dict[str, Any]:
    return {**deepcopy(OKSANA), **changes}


def test_a_whole_person_survives_the_way_in_and_out() -> None:
    """Nothing of a full document is lost, added or respelt."""
    client = validate_client(OKSANA)

    assert isinstance(client, Person)
    assert dump_client(client) == OKSANA


def test_an_organisation_is_told_by_its_kind() -> None:
    """``kind`` decides which of the two a document is."""
    doc = {
        "kind": "organisation",
        "name": {"use": "legal", "text": "Ромашка", "legal_form": "ТОВ"},
        "industry": "retail",
    }
    client = validate_client(doc)

    assert isinstance(client, Organisation)
    assert dump_client(client) == doc


def test_empty_lists_and_values_are_left_out_of_a_document() -> None:
    """A key is there only when something is said."""
    assert dump_client(validate_client({"kind": "person", "name": {}, "facts": []})) == {"kind": "person"}


def test_a_client_cannot_be_changed() -> None:
    """Values are frozen."""
    client = validate_client({"kind": "person"})

    with pytest.raises(ValueError, match="frozen"):
        client.status = "active"  # type: ignore[misc]  # that it cannot be done is the claim


@pytest.mark.parametrize(
    ("change", "path", "value", "code", "allowed"),
    [
        ({"gender": "f"}, "gender", "f", "unknown_code", "'female'"),
        ({"birth_date": "1985-02-30"}, "birth_date", "1985-02-30", "bad_value", "no such day"),
        ({"deceased_on": "1985-13-01"}, "deceased_on", "1985-13-01", "bad_value", "no such day in the calendar"),
        *(
            (
                {"contact_points": [{**EMAIL, "verified_at": moment}]},
                "contact_points.0.verified_at",
                moment,
                "bad_value",
                words,
            )
            for moment, words in (
                ("2026-02-31T00:00:00Z", "no such day, time of day or offset"),
                ("2026-01-02T25:00:00Z", "no such day, time of day or offset"),
                ("2026-01-02T03:04:05+24:00", "no such day, time of day or offset"),
                ("31.02.1985", "not a date-time"),
            )
        ),
        (
            {"contact_points": [{**EMAIL, "valid": {"start": "1985-02-31"}}]},
            "contact_points.0.valid.start",
            "1985-02-31",
            "bad_value",
            "no such day in the calendar",
        ),
        (
            {"contact_points": [{**EMAIL, "rank": "1"}]},
            "contact_points.0.rank",
            "1",
            "bad_value",
            "give a whole number",
        ),
        ({"name": {"family": 8}}, "name.family", 8, "bad_value", "give text"),
        ({"name": {"family": ["x"]}}, "name.family", ["x"], "bad_value", "give text"),
        ({"contact_points": {}}, "contact_points", {}, "bad_value", "give a list"),
        ({"name": []}, "name", [], "bad_value", "give an object"),
        ({"birth_date": "30.02.1985"}, "birth_date", "30.02.1985", "bad_value", "--MM-DD"),
        ({"favourite": 1}, "favourite", 1, "unknown_key", "facts"),
        ({"name": {"first": "x"}}, "name.first", "x", "unknown_key", "given"),
        ({"name": {"family": " "}}, "name.family", " ", "bad_value", "not empty"),
        ({"name": {"family": 7}}, "name.family", 7, "bad_value", "text"),
        ({"preferences": {"languages": ["ua"]}}, "preferences.languages.0", "ua", "bad_value", "uk (not ua)"),
        ({"preferences": {"time_zone": "Europe"}}, "preferences.time_zone", "Europe", "bad_value", "Europe/Kyiv"),
        ({"preferences": {"quiet_hours": "9-21"}}, "preferences.quiet_hours", "9-21", "bad_value", "21:00-09:00"),
        (
            {"contact_points": [{"type": "phone", "value": "050"}]},
            "contact_points.0.value",
            "050",
            "bad_value",
            "E.164",
        ),
        (
            {"contact_points": [{"type": "email", "value": "A@Example.com"}]},
            "contact_points.0.value",
            "A@Example.com",
            "bad_value",
            "lower case",
        ),
        (
            {"contact_points": [{"type": "email", "value": "a@b.cc", "features": ["sms"]}]},
            "contact_points.0.features",
            ["sms"],
            "bad_value",
            "only a phone",
        ),
        (
            {"contact_points": [{"type": "messenger", "value": "a"}]},
            "contact_points.0.service",
            None,
            "bad_value",
            "messenger",
        ),
        (
            {"contact_points": [{"type": "postal", "value": "x", "address": {"country": "Ukraine"}}]},
            "contact_points.0.address.country",
            "Ukraine",
            "bad_value",
            "ISO 3166",
        ),
        ({"facts": [{"key": "a", "type": "number", "value": 1.5}]}, "facts.0.value", 1.5, "bad_value", "string"),
        (
            {"facts": [{"key": "a", "type": "money", "value": {"amount": "1", "currency": "GRN"}}]},
            "facts.0.value",
            {"amount": "1", "currency": "GRN"},
            "bad_value",
            "ISO 4217",
        ),
        (
            {"consents": [{"purpose": "claims", "channel": "sms", "status": "granted", "captured_at": "2026-01-01"}]},
            "consents.0.captured_at",
            "2026-01-01",
            "bad_value",
            "ISO 8601",
        ),
        (
            {"relationships": [{"type": "child", "to": {}}]},
            "relationships.0.to",
            {},
            "bad_value",
            "client_id or by name",
        ),
        ({"identifiers": [{"system": "ua.rnokpp"}]}, "identifiers.0.value", None, "missing", "required"),
        (
            {"scores": [{"key": "nps", "value": "11", "scale": {"min": 0, "max": 10}}]},
            "scores.0.value",
            "11",
            "bad_value",
            "scale",
        ),
        ({"kind": "robot"}, "kind", "robot", "unknown_code", "'person' or 'organisation'"),
    ],
)
def test_a_mistake_names_its_path_and_what_is_allowed(
    change: dict[str, Any], path: str, value: Any, code: str, allowed: str
) -> None:
    """The message names the path and what may stand there; the value is beside it, not in it."""
    with pytest.raises(InvalidClient) as caught:
        validate_client(with_(**change))

    error = caught.value
    assert error.path == path
    assert error.code == code
    assert allowed in str(error)
    if value is not None and code != "missing":
        assert error.value == value


def test_no_value_of_a_person_gets_into_a_message() -> None:
    """A message may be logged; the offending value goes to the dead letter alone."""
    with pytest.raises(InvalidClient) as caught:
        validate_client(with_(birth_date="Тарасівна", contact_points=[{"type": "phone", "value": "0505550101"}]))

    text = f"{caught.value}{caught.value.__cause__}{caught.value.problems}"
    assert "Тарасівна" not in text
    assert "0505550101" not in text
    assert isinstance(caught.value, RejectRecord)
    assert [each.path for each in caught.value.problems] == ["contact_points.0.value", "birth_date"]


def test_a_document_without_kind_is_refused() -> None:
    """Nobody guesses whether a client is a person."""
    with pytest.raises(InvalidClient) as caught:
        validate_client({"name": {"family": "Шевченко"}})

    assert (caught.value.path, caught.value.code) == ("kind", "missing")


def test_a_claim_survives_the_way_in_and_out() -> None:
    """A claim with its payout, exact to the kopeck."""
    doc = {
        "number": "CL-2026-0042",
        "policy": "POL-7",
        "status": "paid",
        "documents": ["паспорт"],
        "payout": {"order": "4471", "date": "2026-10-20", "amount": {"amount": "12500.00", "currency": "UAH"}},
        "registered_at": "2026-10-01T08:00:00Z",
    }

    assert dump_claim(validate_claim(doc)) == doc


def test_money_is_never_a_float() -> None:
    """A float cannot say 0.10."""
    with pytest.raises(InvalidClient) as caught:
        validate_claim({"number": "1", "payout": {"amount": {"amount": 0.1, "currency": "UAH"}}})

    assert caught.value.path == "payout.amount.amount"


def test_interactions_and_purchases_are_checked_too() -> None:
    """What lies beside the client is held to the same forms."""
    call = validate_interaction(
        {"direction": "inbound", "channel": "voice", "started_at": "2026-10-20T10:00:00+03:00", "nps": {"score": 9}}
    )
    purchase = validate_purchase(
        {
            "id": "r-1",
            "at": "2026-10-20T08:15:00Z",
            "amount": {"amount": "99.90", "currency": "UAH"},
            "items": [{"sku": "A", "quantity": "1.5", "amount": {"amount": "99.90", "currency": "UAH"}}],
        }
    )

    assert call.started_at.isoformat() == "2026-10-20T07:00:00+00:00"
    assert str(purchase.items[0].quantity) == "1.5"
    with pytest.raises(InvalidClient):
        validate_interaction({"direction": "inbound", "channel": "voice", "started_at": 5, "nps": {"score": 11}})
