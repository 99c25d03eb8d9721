"""Each command asks the bridge what it says it asks, and shows the answer to people and to programs."""

from __future__ import annotations

import pytest

from crm_bridge.cli.report import NEXT
from crm_bridge.errors import ExitCode
from crm_bridge.runner.checkup import Checkup, Finding, SeenKind
from crm_bridge.store.causes import EVERY, Cause

from .conftest import CARD, WRITE, Plan, Report

SYNC = {"systems": None, "allow_large_change": False, "sweep": False, "plan": None, "all_or_nothing": False}
# Options of `unknown resolve` that are not given.
LEFT = {"send_again": False, "despite_identifiers": False, "deleted_since": False}
ASKS = [
    (["sync"], ("sync", (), SYNC)),
    (
        ["sync", "-s", "siebel", "--system", "callcenter"],
        ("sync", (), {**SYNC, "systems": ["siebel", "callcenter"]}),
    ),
    (["sync", "--allow-large-change"], ("sync", (), {**SYNC, "allow_large_change": True})),
    (["plan", "-s", "siebel"], ("plan", (), {"systems": ["siebel"], "sweep": False})),
    (["check"], ("check", (None,), {})),
    (
        ["client", "lookup", "--phone", "+380505550101"],
        ("lookup", (), {"phone": "+380505550101", "email": None, "identifier": None, "name": None, "limit": 51}),
    ),
    (["client", "show", "c-1"], ("show", ("c-1",), {})),
    (["client", "history", "c-1"], ("history", ("c-1",), {})),
    (["client", "why", "c-1", "name"], ("why", ("c-1", "name"), {"system": None})),
    (["client", "why", "c-1", "name", "--in", "siebel"], ("why", ("c-1", "name"), {"system": "siebel"})),
    (["client", "why", "c-1", "name", "-s", "siebel"], ("why", ("c-1", "name"), {"system": "siebel"})),
    (
        ["client", "merge", "c-1", "c-2", "--reason", "one person", "--by", "Anna"],
        ("merge", ("c-1", "c-2"), {"by": "Anna", "reason": "one person", "despite_identifiers": False}),
    ),
    (
        ["client", "merge", "c-1", "c-2", "--reason", "a typing error", "--by", "Anna", "--despite-identifiers"],
        ("merge", ("c-1", "c-2"), {"by": "Anna", "reason": "a typing error", "despite_identifiers": True}),
    ),
    (
        ["client", "unmerge", "c-1", "siebel/contact/1-A", "--reason", "two persons", "--by", "Anna"],
        ("unmerge", ("c-1", "siebel/contact/1-A"), {"by": "Anna", "reason": "two persons"}),
    ),
    (["review", "list"], ("review_list", (), {"limit": 200, "after": 0})),
    (["review", "show", "1"], ("review_case", (1,), {})),
    (
        ["review", "accept", "1", "--by", "Anna"],
        ("review_decide", (1, True), {"by": "Anna", "value": None, "despite_identifiers": False}),
    ),
    (
        ["review", "accept", "1", "--value", "left", "--despite-identifiers", "--by", "Anna"],
        ("review_decide", (1, True), {"by": "Anna", "value": "left", "despite_identifiers": True}),
    ),
    (
        ["review", "reject", "1", "--by", "Anna"],
        ("review_decide", (1, False), {"by": "Anna", "value": None, "despite_identifiers": False}),
    ),
    (["dead-letters", "list"], ("dead_letters", (), {"cause": EVERY, "limit": 200, "after": 0})),
    (
        ["dead-letters", "list", "--system", "siebel", "--code", "bad_date", "--limit", "5", "--after", "7"],
        ("dead_letters", (), {"cause": Cause(system="siebel", code="bad_date"), "limit": 5, "after": 7}),
    ),
    (["dead-letters", "groups"], ("dead_letter_groups", (), {"cause": EVERY})),
    (["dead-letters", "show", "1"], ("dead_letter", (1,), {})),
    (["dead-letters", "replay", "1", "2"], ("replay", ([1, 2],), {"cause": None, "dry_run": False})),
    (
        ["dead-letters", "replay", "--stage", "map", "--kind", "contact", "--path", "gender", "--dry-run"],
        ("replay", ([],), {"cause": Cause(stage="map", kind="contact", path="gender"), "dry_run": True}),
    ),
    (
        ["dead-letters", "discard", "1", "--reason", "a test row", "--by", "Anna"],
        ("discard", ([1],), {"reason": "a test row", "by": "Anna", "cause": None}),
    ),
    (
        ["dead-letters", "discard", "--code", "bad_date", "--reason", "a test row", "--by", "Anna"],
        ("discard", ([],), {"reason": "a test row", "by": "Anna", "cause": Cause(code="bad_date")}),
    ),
    (["undo", "run-1", "--yes", "--by", "Anna"], ("undo", ("run-1",), {"by": "Anna", "allow_large_change": False})),
    (["undo", "run-1"], ("plan_undo", ("run-1",), {})),
    (["resume", "siebel"], ("resume", ("siebel",), {})),
    (["unknown", "list"], ("unknown_list", (), {})),
    (["unknown", "show", "i-1"], ("unknown_case", ("i-1",), {})),
    (
        ["unknown", "resolve", "i-1", "--arrived", "--record-id", "1-A", "--by", "Anna"],
        ("unknown_resolve", ("i-1",), {"arrived": True, "record_id": "1-A", **LEFT, "by": "Anna"}),
    ),
    (
        ["unknown", "resolve", "m-1", "--not-arrived", "--send-again", "--by", "Anna"],
        ("unknown_resolve", ("m-1",), {"arrived": False, "record_id": None, **LEFT, "send_again": True, "by": "Anna"}),
    ),
    (["runs", "list"], ("runs", (), {})),
    (["runs", "show", "run-1"], ("run", ("run-1",), {})),
]


@pytest.mark.parametrize(("arguments", "call"), ASKS, ids=[" ".join(arguments) for arguments, _ in ASKS])
def test_a_command_asks_the_bridge_and_shows_the_answer(cli, bridge, arguments, call):
    """Once as a table, once as JSON, with ``--json`` on either side of the command."""
    table = cli(*arguments)
    behind, before = cli(*arguments, "--json"), cli("--json", *arguments)

    assert [call] * 3 == bridge.calls
    assert (0, "") == (table.code, table.err)
    assert table.out.strip()
    assert isinstance(behind.json, dict)
    assert behind == before


@pytest.mark.parametrize(("command", "question"), [("review", "review_total"), ("dead-letters", "dead_letters_total")])
def test_a_list_says_that_there_is_more(cli, bridge, command, question):
    """And how to see it; a whole list says nothing of the kind."""
    bridge.answers[question] = 2096
    part = cli(command, "list")
    told = cli(command, "list", "--json").json

    assert "showing 1 of 2,096; `--after 1` goes on, `--limit N` shows more" in part.out
    assert (1, 2096) == (told["shown"], told["total"])
    bridge.answers[question] = 1
    assert "showing" not in cli(command, "list").out


def test_status_tells_who_is_left_alone_and_what_waits(cli, bridge):
    pause = {"system": "siebel", "until": "2026-10-20T11:00:00Z", "reason": "too many calls", "since": ""}
    run = {"id": "run-1", "kind": "sync", "started_at": "2026-10-20T10:00:00Z", "finished_at": None}
    bridge.answers["status"] = {"paused": [pause], "waiting": [], "dead_letters": 2, "latest_run": run}
    shown = cli("status").out

    assert "too many calls" in shown
    assert "2 dead letters" in shown
    assert "sync run-1, started 2026-10-20T10:00:00Z, not finished" in shown


def test_a_card_is_shown_by_path(cli, bridge):
    """Nested values are named by where they are."""
    shown = cli("client", "show", "c-1").out

    assert "name.family            Тестова" in shown
    assert "contact_points.0.type  phone" in shown
    assert CARD == cli("client", "show", "c-1", "--json").json


def test_a_planned_field_is_one_line(cli, bridge):
    """Which record, which field, old → new, and the reason."""
    line = next(line for line in cli("plan").out.splitlines() if "last_name" in line)

    assert ["callcenter", "client:cc-1", "update", "c-1", "last_name", "Old → New", "siebel is trusted more"] == [
        part.strip() for part in line.split("  ") if part.strip()
    ]


def test_drift_has_its_own_exit_code_when_asked_for(cli, bridge):
    """2 for a schedule that wants to know, 0 otherwise."""
    assert ExitCode.OK == cli("plan").code
    assert ExitCode.DRIFT == cli("plan", "--detailed-exitcode").code

    bridge.answers["plan"] = Plan()
    assert ExitCode.OK == cli("plan", "--detailed-exitcode").code


def test_a_plan_without_a_system_says_so(cli, bridge):
    """Nobody knows what a system needs that could not be asked, so the plan is not whole, and does not end with 0."""
    bridge.answers["plan"] = Plan(
        writes=(WRITE,), stopped={"siebel": "siebel: no answer in 30 s"}, report=Report(ExitCode.UNAVAILABLE)
    )
    ended = cli("plan", "--detailed-exitcode")

    assert ExitCode.UNAVAILABLE == ended.code
    assert "siebel: no answer in 30 s\n1 write planned\n" in ended.out


def test_a_plan_says_what_its_reading_found(cli, bridge):
    """The first one of a project writes nothing, and would load thousands of clients."""
    bridge.answers["plan"] = Plan(
        found={
            "reads": {"siebel/contact": {"read": 4003, "new": 4000, "quarantined": 3}, "agency/client": {"read": 0}},
            "clients": {"created": 3990, "linked": 10},
            "dead_letters": 3,
            "new_dead_letters": 2,
            "reviews": 1,
        }
    )
    out = cli("plan").out

    assert ["siebel/contact", "4003", "4000", "3"] == next(
        each for each in out.splitlines() if "siebel" in each
    ).split()
    assert (
        "clients: 3990 created, 10 linked\n"
        "then waiting for somebody: 3 dead letters (2 new), 1 case to decide\n"
        "0 writes planned; `crm-bridge sync` would take in what was read\n"
    ) in out


def test_a_plan_that_read_nothing_new_is_short(cli, bridge):
    bridge.answers["plan"] = Plan(found={"reads": {"siebel/contact": {"read": 0}}, "clients": {}, "dead_letters": 0})

    assert "0 writes planned\n" == cli("plan").out


def test_a_report_is_a_table_of_systems_and_what_is_not_nothing(cli, bridge):
    """Zeros and empty lists are left to ``--json``."""
    out = cli("sync").out

    assert ["siebel/contact", "2", "1"] == next(line for line in out.splitlines() if "siebel" in line).split()
    assert "clients: 1 created\nnothing to write: the systems are in step\n" in out
    assert "note" not in out


def test_systems_are_not_in_step_while_a_dead_letter_waits(cli, bridge):
    """A record that was refused keeps what is to be written into it from its system."""
    bridge.answers["sync"] = Report(dead_letters=1)
    out = cli("sync").out

    assert "waiting for somebody: 1 dead letter; see crm-bridge dead-letters groups\nnothing else to write\n" in out


@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.DEAD_LETTERS, ExitCode.SAFETY_STOP, ExitCode.UNAVAILABLE])
def test_a_sync_ends_with_its_reports_code(cli, bridge, code):
    """The report knows what a schedule should be told."""
    bridge.answers["sync"] = Report(exit_code=code)

    assert code == cli("sync").code


def _checked(*codes):
    kinds = [SeenKind("contact", 3, "incremental, updates")]
    findings = [Finding("siebel", code, "no modification key") for code in codes]
    return [Checkup("siebel", "127.0.0.1:8101", reached=True, kinds=kinds, findings=findings)]


def test_findings_of_a_check_need_a_person(cli, bridge):
    """Each on a line of its own, under what was reached and read."""
    bridge.answers["check"] = _checked("finding")
    ended = cli("check")

    assert ExitCode.NEEDS_PERSON == ended.code
    assert [
        "store sqlite:///bridge.db: reached (schema 0001)",
        "siebel at 127.0.0.1:8101: reached",
        "  contact: 3 read (first page); incremental, updates",
        "  finding: no modification key",
    ] == ended.out.splitlines()


def test_a_note_of_a_check_is_shown_and_all_is_in_order(cli, bridge):
    """What one should know is nothing that somebody has to mend."""
    bridge.answers["check"] = _checked("note")
    ended = cli("check")

    assert ExitCode.OK == ended.code
    assert ["  note: no modification key", "all is in order"] == ended.out.splitlines()[-2:]
    answer = cli("check", "--json").json
    assert (True, [], 1) == (answer["ok"], answer["findings"], len(answer["notes"]))


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["away"], ExitCode.UNAVAILABLE),
        (["away", "credentials"], ExitCode.CREDENTIALS),
        (["finding", "config", "credentials"], ExitCode.CONFIG),
        (["finding", "away"], ExitCode.UNAVAILABLE),
        (["bug", "finding"], ExitCode.BUG),
    ],
)
def test_a_check_ends_with_the_gravest_finding(cli, bridge, codes, expected):
    """Away 69, credentials 77, configuration 78; each finding says its own code."""
    bridge.answers["check"] = _checked(*codes)
    ended = cli("check", "--json")

    assert (expected, codes) == (ended.code, [finding["code"] for finding in ended.json["findings"]])


def test_both_sides_of_a_case_stand_side_by_side(cli, bridge):
    """With the evidence, and the two ways to answer."""
    out = cli("review", "show", "1").out

    assert ["gender", "male", "female", "≠"] == next(line for line in out.splitlines() if "gender" in line).split()
    assert "evidence: a street" in out
    assert "`crm-bridge review accept 1`: they are one client" in out


def test_a_dead_letter_says_what_to_do(cli, bridge):
    """Which record, where in it, what value, and the way back."""
    bridge.answers["dead_letter"] = {
        "id": 7,
        "system": "siebel",
        "kind": "contact",
        "record_id": "1-A",
        "path": "gender",
        "value": "?",
        "message": "this value is not in the value map",
        "raw": {"Id": "1-A"},
    }
    out = cli("dead-letters", "show", "7").out

    assert "record         siebel/contact/1-A" in out
    assert "value          ?" in out
    assert "`crm-bridge dead-letters replay 7`" in out


def test_a_torn_row_is_shown_with_the_only_way_to_be_rid_of_its_letter(cli, bridge):
    """Nothing tells when it was corrected, so it is not said that the next sync would."""
    bridge.answers["dead_letter"] = {
        "id": 7,
        "stage": "read",
        "record_id": "a.csv:3",
        "message": "a.csv:3: 2 columns where the header has 15",
        "raw": "A-2;Тор",
        "of_a_place": True,
    }
    out = cli("dead-letters", "show", "7").out

    assert "the row as it came: A-2;Тор" in out
    assert "`crm-bridge dead-letters discard 7 --reason TEXT`" in out
    assert "next sync" not in out


@pytest.mark.parametrize("code", sorted(set(ExitCode) - {ExitCode.OK, ExitCode.DRIFT, ExitCode.USAGE, ExitCode.DATA}))
def test_a_report_that_does_not_end_with_0_says_what_to_do_next(cli, bridge, code):
    """Every code that a run can end with."""
    bridge.answers["sync"] = Report(exit_code=code)

    assert f"next (exit code {int(code)}): " in cli("sync").out
    assert code in NEXT


def test_an_empty_answer_is_a_sentence(cli, bridge):
    """Not an empty table."""
    bridge.answers["lookup"] = []

    assert "no client found\n" == cli("client", "lookup", "--name", "Nobody").out
    assert {"clients": [], "more": False} == cli("client", "lookup", "--name", "Nobody", "--json").json


def test_a_look_up_that_is_cut_says_so(cli, bridge):
    """A person looks no further otherwise; and a program cannot know."""
    bridge.answers["lookup"] = [{"id": str(number)} for number in range(51)]

    told = cli("client", "lookup", "--name", "Anna").out
    answer = cli("client", "lookup", "--name", "Anna", "--json").json

    assert "the first 50; there are more" in told
    assert "--limit" in told
    assert (50, True) == (len(answer["clients"]), answer["more"])
    assert cli("client", "lookup", "--name", "Anna", "--limit", "51", "--json").json["more"] is False


def test_a_look_up_without_a_question_is_a_usage_error(cli, bridge):
    """Rather than everybody."""
    ended = cli("client", "lookup")

    assert (ExitCode.USAGE, []) == (ended.code, bridge.calls)


def test_foreign_data_cannot_steer_the_terminal(cli, bridge):
    """Neither by escape sequences nor by markup."""
    bridge.answers["lookup"] = [{"name": "\x1b[2J[bold]Anna[/bold]"}]

    assert "\ufffd[2J[bold]Anna[/bold]" in cli("client", "lookup", "--name", "A").out


def test_what_became_of_it_has_to_be_said(cli, bridge):
    """Neither is the default."""
    ended = cli("unknown", "resolve", "i-1")

    assert (ExitCode.USAGE, []) == (ended.code, bridge.calls)


def test_who_decides_is_the_user_logged_in(cli, bridge, monkeypatch):
    """Unless told otherwise."""
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    cli("review", "accept", "1")

    assert ["anna"] == [named["by"] for _, _, named in bridge.calls]


def test_a_long_list_goes_on_in_the_next_line_of_its_column(cli, bridge):
    """Also where nobody's window limits it, and nothing of it is cut."""
    fields = ", ".join(f"field_{number}" for number in range(60))
    bridge.answers["runs"] = [{"id": "run-1", "fields": fields}]
    out = cli("runs", "list").out

    assert max(map(len, out.splitlines())) < 80
    assert all(f"field_{number}" in out for number in range(60))
