"""docs/reference/cli.md lists every command with its options, and exit-codes.md every code."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from crm_bridge.cli.main import app
from crm_bridge.errors import ExitCode

PAGES = Path(__file__).resolve().parents[3] / "docs/reference"
SECTION = re.compile(r"^## `(?P<command>[^`]+)`\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (?P<names>`[^|]+`) \| (?P<words>[^|]+) \|$", re.MULTILINE)
CODE = re.compile(r"^\| (?P<code>\d+) \| `(?P<name>\w+)` \| (?P<meaning>[^|]+) \| (?P<remedy>[^|]+) \|$", re.MULTILINE)


def _commands(command, words=("crm-bridge",)):
    """What each command is, and the help of each of its parameters by all its names."""
    yield " ".join(words), command
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, (*words, name))


def _names(parameter):
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    return ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])


def _built():
    return {
        name: {_names(each): each.help for each in command.params if each.name != "help"}
        for name, command in _commands(typer.main.get_command(app))
    }


def _documented():
    text = (PAGES / "cli.md").read_text(encoding="utf-8")
    return {
        section["command"]: {row["names"]: row["words"].strip() for row in ROW.finditer(section["body"])}
        for section in SECTION.finditer(text)
    }


def test_every_command_is_documented():
    """Neither a forgotten one nor one that went."""
    assert _built().keys() == _documented().keys()


def test_every_option_is_documented_in_the_words_of_its_help():
    """One wording, in two places that cannot drift apart."""
    assert _built() == _documented()


def test_every_command_and_option_says_what_it_does():
    """``--help`` is never empty."""
    assert [] == [name for name, command in _commands(typer.main.get_command(app)) if not command.help]
    assert [] == [(name, each) for name, options in _built().items() for each, words in options.items() if not words]


def test_every_exit_code_is_documented():
    """With what to do."""
    text = (PAGES / "exit-codes.md").read_text(encoding="utf-8")

    assert {code.name: str(int(code)) for code in ExitCode} == {row["name"]: row["code"] for row in CODE.finditer(text)}
