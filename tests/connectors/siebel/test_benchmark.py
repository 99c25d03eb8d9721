"""What the benchmark of reading says of goals that it could not measure."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[3] / "bench" / "siebel_read.py"


@pytest.fixture
def benchmark(monkeypatch):
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("siebel_read", FILE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "siebel_read", module)
    spec.loader.exec_module(module)
    return module


def test_a_goal_that_was_not_measured_is_not_reached(benchmark):
    """The published WSDLs are not in every clone."""
    told = benchmark.verdict([], measured=["narrow"])

    assert "NOT MEASURED wide" in told
    assert told.splitlines()[-1].startswith("INCOMPLETE: nothing is known of wide;")
    assert "reached" not in told
    assert "every goal reached" == benchmark.verdict([], measured=["narrow", "wide"])


def test_missed_goals_are_named(benchmark):
    """And nothing is then said to be reached."""
    told = benchmark.verdict(["wide: 3 times zeep"], measured=["narrow", "wide"])

    assert "MISSED wide: 3 times zeep" == told
