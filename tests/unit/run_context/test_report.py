"""What a run tells of itself."""

from __future__ import annotations

from crm_bridge.run_context.report import RunReport


def test_a_report_names_the_bridge_that_made_it():
    """Reports of several installations lie in one place."""
    assert "north" == RunReport("run-1", "2026-10-20T08:00:00Z", bridge="north").as_dict()["bridge"]
