"""``dead-letters``: which letters are meant, how a record is edited, and what a replay is said to have done."""

from __future__ import annotations

import pytest

from crm_bridge.store.causes import Cause


def test_all_of_one_cause_are_named_by_a_letter_of_it(cli, bridge):
    """``--group ID``: whatever has the same cause as that letter."""
    bridge.answers["cause_of"] = Cause("siebel", "contact", "map", "unknown_code", "gender")
    cli("dead-letters", "replay", "--group", "7")

    assert [("cause_of", (7,), {}), ("replay", ([],), {"cause": bridge.answers["cause_of"], "dry_run": False})] == (
        bridge.calls
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay"],
        ["discard", "--reason", "r"],
        ["replay", "1", "--code", "x"],
        ["replay", "--group", "1", "--code", "x"],
    ],
)
def test_which_letters_are_meant_has_to_be_plain(cli, bridge, arguments):
    """Nobody replays or discards everything by leaving something out."""
    ended = cli("dead-letters", *arguments)

    assert (64, []) == (ended.code, bridge.calls)


def test_single_values_of_a_record_are_edited(cli, bridge):
    """Text stays text; another type is read as JSON."""
    bridge.answers["dead_letter"] = {"raw": {"id": "1", "gender": "X", "do_not_call": False}}
    bridge.answers["edit_letter"] = {
        "record": "siebel/contact/1",
        "changed": {"gender": ["X", "F"]},
        "still": [],
        "in_source": "siebel still holds it",
    }
    out = cli("dead-letters", "edit", "7", "--set", "gender=F", "--set", "do_not_call=true", "--by", "Anna").out

    assert ("edit_letter", (7, {"id": "1", "gender": "F", "do_not_call": True}), {"by": "Anna"}) == bridge.calls[-1]
    assert "gender: X → F" in out


def test_a_whole_record_is_taken_from_a_file(cli, bridge, tmp_path):
    (tmp_path / "record.json").write_text('{"id": "1", "gender": "F"}')
    bridge.answers["edit_letter"] = {
        "record": "siebel/contact/1",
        "changed": {"gender": ["X", "F"]},
        "still": ["gender: no code"],
    }
    out = cli("dead-letters", "edit", "7", "--file", "record.json", "--by", "Anna").out

    assert ("edit_letter", (7, {"id": "1", "gender": "F"}), {"by": "Anna"}) == bridge.calls[-1]
    assert "it would fail again" in out


def test_a_record_is_edited_in_the_editor(cli, bridge, tmp_path, monkeypatch):
    """Whatever ``$EDITOR`` leaves in the file counts."""
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i s/X/F/ "$1"\n')
    editor.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    bridge.answers["dead_letter"] = {"raw": {"id": "1", "gender": "X"}}
    bridge.answers["edit_letter"] = {
        "record": "siebel/contact/1",
        "changed": {"gender": ["X", "F"]},
        "still": [],
        "in_source": "siebel still holds it",
    }
    cli("dead-letters", "edit", "7", "--by", "Anna")

    assert ("edit_letter", (7, {"id": "1", "gender": "F"}), {"by": "Anna"}) == bridge.calls[-1]


def test_a_replayed_write_is_said_to_be_due_and_not_done(cli, bridge):
    """Only the next sync finds out whether it goes."""
    bridge.answers["replay"] = {"counts": {"replayed": 0, "put_back": 4, "still": 0}}

    assert "4 put back to be written (the next sync tries them)\n" == cli("dead-letters", "replay", "7").out


def test_an_unknown_number_is_told_after_the_others_were_replayed(cli, bridge):
    """And ends with a usage error."""
    bridge.answers["replay"] = {"counts": {"replayed": 2, "unknown": 1}, "unknown": [999]}

    done = cli("dead-letters", "replay", "25", "9", "999")

    assert (64, True) == (done.code, "2 replayed" in done.out and "no dead letter: 999" in done.out)


def test_an_unknown_number_is_told_after_the_others_were_discarded(cli, bridge):
    """As by a replay: with a usage error."""
    bridge.answers["discard"] = {"discarded": 1, "already": 1, "unknown": [999]}

    done = cli("dead-letters", "discard", "25", "9", "999", "--reason", "r")

    assert (64, "1 discarded, 1 closed before\nno dead letter: 999; see `crm-bridge dead-letters list`\n") == (
        done.code,
        done.out,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["dead-letters", "show"],
        ["dead-letters", "replay"],
        ["dead-letters", "list", "--after"],
        ["dead-letters", "list", "--group"],
        ["review", "show"],
        ["review", "list", "--limit"],
    ],
)
def test_a_number_that_no_store_can_have_is_a_usage_error(cli, bridge, arguments):
    """SQLite counts to 2^63 - 1: beyond, it would be an internal error."""
    ended = cli(*arguments, str(2**63))

    assert (64, []) == (ended.code, bridge.calls)
