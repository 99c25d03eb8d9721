"""Looking clients up: what cannot be read is told in words that fit the installation."""

from __future__ import annotations

from typing import Any, cast

import pytest

from crm_bridge.errors import UserMistake
from crm_bridge.runner.queries import lookup


@pytest.mark.parametrize(("region", "code"), [("PL", r"\+48…"), ("UA", r"\+380…")])
def test_an_example_of_a_number_is_of_the_configured_region(region: str, code: str) -> None:
    """The country's code alone: any whole number may be somebody's."""
    with pytest.raises(UserMistake, match=f"{code}, or in the national form of {region}"):
        lookup(cast(Any, None), phone="abc", email=None, identifier=None, name=None, region=region)
