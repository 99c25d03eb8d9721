"""What waits is told in a run's report, and is not called in step."""

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
        "1 write to b postponed until 2026-10-20 10:07 UTC (away: not there)",
        "2 writes to c held until somebody decides; see crm-bridge plan",
    ]
