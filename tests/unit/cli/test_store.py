"""A store that cannot be opened is told with its line, and one that does not answer with its address."""

from __future__ import annotations

import pytest

from crm_bridge.errors import ExitCode

AWAY = "postgresql://crm_bridge@127.0.0.1:1/crm_bridge"


@pytest.fixture
def with_store(cli, tmp_path):
    """Run a command with these lines under ``[bridge]``."""

    def run(*lines, command=("check",)):
        (tmp_path / "crm-bridge.toml").write_text("\n".join(["[bridge]", *lines, ""]))
        return cli(*command)

    return run


@pytest.mark.parametrize("command", [("check",), ("runs", "list")], ids=" ".join)
def test_a_store_that_cannot_be_opened_is_told_with_its_line(with_store, command):
    """Whether a system is reached by the command or not."""
    ended = with_store('store = "sqlite:///nowhere/bridge.db"', command=command)

    expected = "the store file bridge.db cannot be opened (No such file or directory); check its directory and rights"
    assert (ExitCode.CONFIG, f"crm-bridge.toml:2: bridge.store: {expected}\n") == (ended.code, ended.err)


def test_a_password_that_is_not_there_is_told_with_its_line(with_store):
    """Also by a command that wants no other secret."""
    ended = with_store(f'store = "{AWAY}"', 'store_password_ref = "file:none"', command=("runs", "list"))

    expected = "crm-bridge.toml:3: bridge.store_password_ref: the file none is not there: put the secret into it\n"
    assert (ExitCode.CONFIG, expected) == (ended.code, ended.err)


def test_a_store_that_does_not_answer_is_named(with_store):
    """Without its parameters, which are nobody's business in a log."""
    ended = with_store(f'store = "{AWAY}?sslmode=disable"')

    expected = f"{AWAY}: the database server does not answer; nothing was half written\n"
    assert (ExitCode.UNAVAILABLE, expected) == (ended.code, ended.err)


def test_a_check_says_which_store_answers(with_store):
    """Before it looks at the systems."""
    ended = with_store('store = "sqlite:///here.db"')

    assert "store sqlite:///here.db: reached (schema 0001)" == ended.out.splitlines()[0]
    assert {"schema": "0001", "store": "sqlite:///here.db"} == with_store(
        'store = "sqlite:///here.db"', command=("check", "--json")
    ).json["store"]
