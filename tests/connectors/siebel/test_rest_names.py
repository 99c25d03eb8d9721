"""Addresses, settings and field names of REST: what needs no server."""

from __future__ import annotations

import pytest

from crm_bridge_siebel.rest_connector import rest_base
from crm_bridge_siebel.rest_names import names_for
from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.shapes import Component


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://s.example/siebel/app/eai/enu?SWEExtSource=x&WSSOAP=1", "https://s.example/siebel/v1.0"),
        ("https://s.example/siebel/v1.0/data", "https://s.example/siebel/v1.0"),
        ("https://s.example/siebel-rest/v1.0/", "https://s.example/siebel-rest/v1.0"),
        ("https://s.example:9001/openintegration/v1.0/data/", "https://s.example:9001/openintegration/v1.0"),
    ],
)
def test_the_address_follows_from_the_endpoint(endpoint, expected):
    """One line of configuration chooses the transport."""
    assert expected == rest_base(endpoint, "/siebel/v1.0")


@pytest.mark.parametrize("more", [{"session": "stateless"}, {"security": "wsse-2004"}])
def test_what_rest_does_not_have_is_refused_as_a_setting(more):
    """Before anything is sent."""
    with pytest.raises(ValueError, match="rest"):
        SiebelSettings(endpoint="https://s.example/", username="u", password_ref="env:X", transport="rest", **more)


def test_names_without_a_row_are_words_at_capitals():
    """A guess, until a row has shown the real ones."""
    component = Component("Contact", "", ("Id", "ModId", "LastName", "Gender", "SLAId"))

    names = names_for(component, given={}, seen=None)

    assert {"Id": "Id", "ModId": "Mod Id", "LastName": "Last Name", "Gender": "M/F", "SLAId": "SLA Id"} == names.name_of
    assert {"LastName", "Gender", "SLAId"} == names.guessed
