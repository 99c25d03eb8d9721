"""Checks and how they are told."""

from __future__ import annotations

import io
import json

from rich.console import Console

from crm_bridge.demo.checks import Check, as_json, check_table, exit_code, figure_table
from crm_bridge.demo.evaluation import evaluate
from crm_bridge.demo.scenario import records_read

GOOD = Check("one card", expected=1, found=1)
BAD = Check("phone in Siebel", expected="+380505550101", found=None)


def test_the_demo_succeeds_only_when_every_check_holds() -> None:
    """And a demo that checked nothing has shown nothing."""
    assert 0 == exit_code([GOOD])
    assert 1 == exit_code([GOOD, BAD])
    assert 1 == exit_code([])


def test_data_of_which_nothing_can_be_read_are_no_fault_of_the_bridge() -> None:
    """65: mend the file."""
    unread = records_read(evaluate({}, truth={}))

    assert 65 == exit_code([GOOD, unread])
    assert 1 == exit_code([BAD, unread])


def test_the_json_object_names_each_check_with_expected_and_found() -> None:
    """It survives the way through JSON."""
    result = json.loads(json.dumps(as_json([GOOD, BAD], figures={"records": 2}, seconds=1.234, directory="d")))

    assert result["ok"] is False
    assert {"expected": 1, "found": 1, "holds": True} == result["checks"]["one card"]
    assert {"expected": "+380505550101", "found": None, "holds": False} == result["checks"]["phone in Siebel"]
    assert (1.2, {"records": 2}, "d") == (result["seconds"], result["figures"], result["directory"])


def test_a_figure_over_nothing_is_no_figure() -> None:
    """JSON has null for it, and people read n/a."""
    page = io.StringIO()
    Console(file=page, width=120).print(figure_table({"recall": None, "dead letters by cause": {"bad_date": 1200}}))

    assert "n/a" in page.getvalue()
    assert "bad_date: 1,200" in page.getvalue()
    assert None is as_json([GOOD], figures={"recall": None}, seconds=1, directory="d")["figures"]["recall"]


def test_a_run_that_read_nothing_has_shown_nothing() -> None:
    """However well it put every record aside."""
    nobody, somebody = evaluate({}, truth={}), evaluate({"a": 1}, truth={"a": 1})

    assert [False, True] == [records_read(each).holds for each in (nobody, somebody)]


def test_a_failed_check_shows_both_values() -> None:
    """Square brackets in values are text, not markup."""
    page = io.StringIO()
    console = Console(file=page, width=120)
    console.print(check_table([GOOD, Check("list", expected=["[b]"], found=[])]))
    console.print(figure_table({"records": 1234, "recall": 0.5}))

    assert "holds" in page.getvalue()
    assert "FAILS" in page.getvalue()
    assert "[b]" in page.getvalue()
    assert "1,234" in page.getvalue()
    assert "0.500" in page.getvalue()
