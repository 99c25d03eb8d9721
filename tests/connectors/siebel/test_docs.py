"""The reference pages name every setting, class of faults and knob."""

from __future__ import annotations

from pathlib import Path

from crm_bridge_siebel.faults import FaultClass
from crm_bridge_siebel.settings import SiebelSettings, SiebelTimeouts
from crm_bridge_siebel.simulator.knobs import KNOBS, Knobs

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def test_every_setting_is_documented():
    """A setting without a line on the page does not exist for its user."""
    page = (REFERENCE / "siebel.md").read_text(encoding="utf-8")
    names = [name for name in SiebelSettings.model_fields if name != "timeouts"]
    names += [f"timeouts.{name}" for name in SiebelTimeouts.model_fields]

    assert [] == [name for name in names if f"| `{name}` |" not in page]


def test_every_class_of_faults_is_documented():
    """The setting `faults` takes these words."""
    page = (REFERENCE / "siebel.md").read_text(encoding="utf-8")

    assert [] == [kind.value for kind in FaultClass if f"`{kind.value}`" not in page]


def test_every_knob_is_documented_and_has_a_position():
    """The page, the list and the knobs agree."""
    page = (REFERENCE / "siebel-simulator.md").read_text(encoding="utf-8")

    assert [] == [name for name in KNOBS if f"| `{name}` |" not in page]
    assert set(KNOBS) == set(Knobs().values())


def test_the_simulator_says_what_it_is_not():
    """Nobody may take it for a proof."""
    page = (REFERENCE / "siebel-simulator.md").read_text(encoding="utf-8")

    assert "never been compared with a live Siebel" in page
