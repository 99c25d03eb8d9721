"""A run's report for people: what waits, what was stopped, and nothing that says nothing."""

from io import StringIO

from rich.console import Console

from crm_bridge.cli.report import draw_report


def test_postponed_and_held_writes_are_told_and_nothing_is_said_to_be_in_step():
    to = Console(file=StringIO(), width=200)
    until = "2026-10-20T10:07:30.000000Z"
    postponed = {"system": "b", "state": "postponed", "writes": 1, "until": until, "reason": "away: not there"}
    held = {"system": "c", "state": "held", "writes": 2, "until": None, "reason": None}

    draw_report(to, {"exit_code": 0, "waiting": [postponed, held]})

    assert to.file.getvalue().splitlines() == [
        "1 write to b postponed until 2026-10-20 10:07:30 UTC (away: not there)",
        "2 writes to c held until somebody decides; see crm-bridge plan",
    ]


def test_a_system_that_got_nothing_has_no_row_and_an_echo_is_unchanged():
    """Only what happened is told."""
    to = Console(file=StringIO(), width=200)
    reads = {"a/person": {"read": 3, "echoes": 1, "unchanged": 1, "new": 1}}

    draw_report(to, {"exit_code": 0, "reads": reads, "writes": {"a": {"same": 2}, "b": {"updated": 1, "same": 7}}})

    lines = [line.split() for line in to.file.getvalue().splitlines() if line and not line.startswith("─")]
    assert [
        ["read", "from", "records", "new", "unchanged"],
        ["a/person", "3", "1", "2"],
        ["written", "to", "updated"],
        ["b", "1"],
    ] == lines


def test_a_stopped_plan_is_shown_in_figures():
    """How much, of which fields, and how to see it whole."""
    to = Console(file=StringIO(), width=200)
    fields = {f"field{number}": 20 - number for number in range(10)}
    too_much = {"b": {"known": 30, "changed": 20, "created": 0, "fields": fields}}

    draw_report(to, {"exit_code": 4, "stopped": {"b": "b: too much"}, "too_much": too_much})

    out = to.file.getvalue()
    assert "`crm-bridge plan` shows it write by write" in out
    assert ["b", "30", "20"] == next(line.split()[:3] for line in out.splitlines() if line.startswith("b  "))
    assert "field7 13, 2 more" in out
    assert "Nothing was written to any system" in out


def test_new_dead_letters_are_told_apart_from_old_ones():
    """The number is of all that wait; a run says how many it added."""
    to = Console(file=StringIO(), width=200)

    draw_report(to, {"exit_code": 3, "dead_letters": 5, "new_dead_letters": 2})

    assert "5 dead letters (2 new)" in to.file.getvalue()
