"""The repository works on any machine: no path, address or index of the one where it was written."""

from __future__ import annotations

import re

# Written in pieces, so that this file does not find itself.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb.debian" + ".org"]
PATHS = [r"/wo" r"rk/", r"/ro" r"ot/", r"/ho" r"me/[a-z]", r"/Us" r"ers/[a-z]", r"/t" r"mp/", r"/op" r"t/(wheels|py)"]
HOST = re.compile("|".join(re.escape(host) for host in HOSTS))
MACHINE_PATH = re.compile(r"(?<![\w.$})-])(" + "|".join(PATHS) + ")")


def _found(text_files, pattern):
    return [
        f"{file.name}:{number}: {line.strip()[:120]}"
        for file in text_files
        for number, line in enumerate(file.text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_index_is_named(text_files):
    """Where packages come from is the choice of the machine that installs them."""
    assert [] == _found(text_files, HOST)


def test_no_path_of_one_machine_is_named(text_files):
    """Paths are relative to the project, or come from the configuration."""
    assert [] == _found(text_files, MACHINE_PATH)


def test_the_lock_file_of_uv_is_not_kept(text_files):
    """It holds addresses; the pins stand in requirements.txt and pyproject.toml."""
    assert "uv.lock" not in {file.name for file in text_files}
