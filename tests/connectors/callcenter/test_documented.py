"""The reference page has every setting and every knob, and says what the simulator was built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge_callcenter import plugin

PAGE = Path(__file__).parents[3].joinpath("docs/reference/callcenter.md").read_text(encoding="utf-8")
(CONNECTOR,) = plugin.register_connectors()
(SIMULATOR,) = plugin.register_simulators()


@pytest.mark.parametrize("name", [*CONNECTOR.settings.model_fields, *SIMULATOR.knobs])
def test_the_page_names_it(name):
    """In a row of its own."""
    assert f"| `{name}` |" in PAGE


def test_the_page_says_what_the_simulator_is():
    """Nobody takes it for the real thing."""
    assert "built from documents" in PAGE
    assert "built from documents" in SIMULATOR.summary


def test_the_plugin_offers_what_the_configuration_calls_it():
    """The entry point, the connector and the simulator have one name."""
    assert ("callcenter", "callcenter", 8102) == (CONNECTOR.name, SIMULATOR.name, SIMULATOR.default_port)
