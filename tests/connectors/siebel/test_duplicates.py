"""A create that Siebel refuses as a duplicate: found again by our stamp, or by what Siebel can have matched."""

from __future__ import annotations

import pytest

from crm_bridge.api import Accepted, Refused, Stale

KEYS = "IntegrationId;LastName+FirstName+BirthDate"
ANNA = {"LastName": "Коваль", "FirstName": "Anna", "BirthDate": "03/08/1985"}


@pytest.fixture
def matching(siebel):
    """A Siebel that matches by name and birth date as well, and a connector that knows it."""
    siebel.simulator.configure(user_keys=KEYS)
    return siebel.connector(user_keys={"contact": ["LastName+FirstName+BirthDate"]})


def test_our_own_create_again_is_accepted(matching, create):
    """Its answer was lost before."""
    (first,) = matching.write("contact", [create(**ANNA, key="w-9")])
    (again,) = matching.write("contact", [create(**ANNA, key="w-9")])

    assert isinstance(first, Accepted)
    assert first.record_id == again.record_id


def test_a_record_with_the_same_user_key_is_named_for_reading(siebel, matching, create):
    """It is not ours to write before it was resolved."""
    (there,) = siebel.simulator.load("contact", [ANNA])

    (outcome,) = matching.write("contact", [create(**ANNA)])

    assert (Stale, there) == (type(outcome), outcome.record_id)


def test_a_record_with_a_given_integration_id_is_named_for_reading(siebel, create):
    """The mapping gave the id, so it is no proof of an earlier create of ours."""
    (there,) = siebel.simulator.load("contact", [{**ANNA, "IntegrationId": "EXT-7"}])

    (outcome,) = siebel.connector().write("contact", [create(**ANNA, IntegrationId="EXT-7")])

    assert (Stale, there) == (type(outcome), outcome.record_id)


def test_several_records_are_for_a_person(siebel, matching, create):
    """Nobody guesses."""
    siebel.simulator.load("contact", [ANNA, ANNA])

    (outcome,) = matching.write("contact", [create(**ANNA)])

    assert (Refused, "SBL-EAI-04390") == (type(outcome), outcome.code)


def test_a_record_that_cannot_be_found_is_refused(siebel, create):
    """The site matches by keys that the configuration does not name."""
    siebel.simulator.configure(user_keys=KEYS)
    siebel.simulator.load("contact", [ANNA])

    (outcome,) = siebel.connector().write("contact", [create(**ANNA)])

    assert (Refused, "SBL-EAI-04383") == (type(outcome), outcome.code)
