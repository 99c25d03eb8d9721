"""The shape of the files: one idea each, in a room whose name says what is in it, with a reason for every exception."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import PurePosixPath

LONGEST = 400
MAY_BE_LONGER = {
    "crm_bridge/connector.py": "what a connector author needs, protocols and values, on one page",
}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base", "shared", "stuff", "manager2"}
WITHOUT_REASON = re.compile(r"#\s*(type:\s*ignore(\[[^\]]*\])?|noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?)\s*$")


def test_no_file_outgrows_its_idea(python_files):
    """A file over 400 lines holds more than one idea: split it by idea."""
    long = {file.name: lines for file in python_files if (lines := file.text.count("\n")) > LONGEST}

    assert {} == {name: lines for name, lines in long.items() if name not in MAY_BE_LONGER}
    assert set() == MAY_BE_LONGER.keys() - long.keys(), "no longer needed in MAY_BE_LONGER"


def test_every_room_has_a_name_that_says_what_is_in_it(text_files):
    """No utils, helpers or common: what belongs nowhere in particular belongs to somebody."""
    found = [
        file.name
        for file in text_files
        if SAYS_NOTHING & {part.partition(".")[0].strip("_").lower() for part in PurePosixPath(file.name).parts}
    ]

    assert [] == found


def _comments(text):
    return [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT]


def test_every_exception_to_a_rule_says_why(python_files):
    """``# type: ignore[code]`` and ``# noqa: CODE`` are followed by ``# the reason``."""
    found = [
        f"{file.name}:{token.start[0]}: {token.string}"
        for file in python_files
        for token in _comments(file.text)
        if WITHOUT_REASON.search(token.string)
    ]

    assert [] == found


def test_every_module_says_what_lives_in_it(shipped_files):
    """A module that holds code starts with a docstring."""
    assert [] == [file.name for file in shipped_files if file.tree.body and not ast.get_docstring(file.tree)]
