"""How a command line ends: an exit code after sysexits, one clean message, and never a traceback unasked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crm_bridge.errors import (
    ConfigMistake,
    CredentialsRefused,
    DataMistake,
    ExitCode,
    Locked,
    OutcomeUnknown,
    Place,
    RejectRecord,
    RetryLater,
    SafetyStop,
    UserMistake,
)

ENDINGS = [
    (UserMistake("say which"), 64),
    (DataMistake("no header"), 65),
    (RetryLater("no answer in 30 s", system="siebel"), 69),
    (Locked("run-1 holds the store"), 75),
    (CredentialsRefused("refused", system="siebel"), 77),
    (ConfigMistake("unknown key", place=Place("x.toml", 3), path="bridge.nam"), 78),
    (SafetyStop("31 % gone"), 4),
    (OutcomeUnknown("lost answer"), 5),
    (RejectRecord("bad date", record="contact:1-A"), 3),
]


@pytest.mark.parametrize(("error", "code"), ENDINGS, ids=[type(error).__name__ for error, _ in ENDINGS])
def test_an_error_ends_with_its_code_and_one_message(cli, bridge, error, code):
    """What to do next decides the code; the message is the error's own."""
    bridge.answers["sync"] = error
    ended = cli("sync")

    assert (code, "", f"{error}\n") == (ended.code, ended.out, ended.err)


def test_a_bug_says_where_and_not_what(cli, bridge):
    """The text of an unforeseen error may quote a record."""
    bridge.answers["sync"] = KeyError("+380505550101")
    ended = cli("sync")

    assert ExitCode.BUG == ended.code
    assert ended.err.startswith("internal error: KeyError at conftest.py:")
    assert "380505550101" not in ended.err


def test_debug_shows_the_traceback(cli, bridge):
    """Asked for on either side of the command."""
    bridge.answers["sync"] = Locked("busy")

    assert "Traceback" in cli("--debug", "sync").err
    assert "Traceback" in cli("sync", "--debug").err


def test_an_interrupt_ends_with_130(cli, bridge):
    """As shells expect after Ctrl-C."""
    bridge.answers["sync"] = KeyboardInterrupt()

    assert 130 == cli("sync").code


@pytest.mark.parametrize(
    "arguments", [["--no-such"], ["no-such"], ["client", "show"], ["plan", "--no-such"], ["client", "merge", "a", "b"]]
)
def test_a_usage_error_ends_with_64(cli, arguments):
    """Two means drift here."""
    ended = cli(*arguments)

    assert ExitCode.USAGE == ended.code
    assert ended.err.strip()


def test_help_is_no_error(cli):
    """For the whole and for a command."""
    assert "simulate" in cli("--help").out
    assert (0, "") == (cli("sync", "--help").code, cli("sync", "--help").err)
    assert "crm-bridge 0.1.0\n" == cli("--version").out


def test_every_mistake_of_a_configuration_is_printed(cli, tmp_path):
    """``file:line: path: what to do``, one a line, and 78."""
    (tmp_path / "other.toml").write_text('[bridge]\nstor = "x"\nregion = "Kyiv"\n')
    for arguments in (["-c", "other.toml", "sync"], ["sync", "-c", "other.toml"], ["sync", "--config=other.toml"]):
        ended = cli(*arguments)

        assert ExitCode.CONFIG == ended.code
        assert [
            "other.toml:2: bridge.stor: unknown key: did you mean 'store'?",
            "other.toml:3: bridge.region: 'Kyiv' is no region: "
            "use an ISO 3166 code of two capital letters, such as 'UA'",
        ] == ended.err.splitlines()


def test_a_missing_configuration_says_what_to_do(cli):
    """And how to get one."""
    ended = cli("-c", "none.toml", "sync")

    assert ExitCode.CONFIG == ended.code
    assert "none.toml: there is no such file: give it with --config, or make one with `crm-bridge init`\n" == ended.err


def test_the_module_is_the_command(tmp_path):
    """``python -m crm_bridge`` in a process of its own."""
    command = [sys.executable, "-m", "crm_bridge", "-c", str(tmp_path / "none.toml"), "check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (78, "") == (ended.returncode, ended.stdout)
    assert "Traceback" not in ended.stderr
