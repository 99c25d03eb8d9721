"""The reference pages name every setting, class of faults and knob."""

from __future__ import annotations

import re
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


def test_the_page_and_the_code_have_the_same_knobs_with_the_same_first_positions():
    """A knob without a line is unknown to its user; a line without a knob is a promise that nobody keeps."""
    page = (REFERENCE / "siebel-simulator.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`|empty) \|", page[page.index("## Knobs") :], re.MULTILINE)
    first = Knobs().values()

    assert {name: _shown(value) for name, value in first.items()} == dict(rows)
    assert set(KNOBS) == set(first)


def test_the_simulator_says_what_it_is_not():
    """Nobody may take it for a proof."""
    page = (REFERENCE / "siebel-simulator.md").read_text(encoding="utf-8")

    assert "never been compared with a live Siebel" in page


def _shown(value: float | str) -> str:
    """A position as the page has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
