"""What a command does not need, it does not load: the command line answers at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"zeep", "lxml", "pyarrow", "alembic", "uvicorn", "starlette", "httpx", "ruamel"}
NOT_FOR_HELP = HEAVY | {"rich", "pydantic", "sqlalchemy", "phonenumbers", "structlog", "orjson", "pluggy"}
PROGRAM = """
import sys
from crm_bridge.cli.main import main
code = main(sys.argv[1:])
print(code, *{name.partition(".")[0] for name in sys.modules}, sep="\\n", file=sys.stderr)
"""


def loaded(folder, *arguments):
    """The exit code, and the top-level packages that are there afterwards."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    code, *names = ended.stderr.splitlines()
    return int(code), set(names)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_loads_the_command_line_alone(tmp_path, arguments):
    """Not even the libraries that every other command needs."""
    assert set() == NOT_FOR_HELP & loaded(tmp_path, *arguments)[1]


def test_a_look_up_opens_the_store_alone(tmp_path):
    """No connector, no web server, no mapping: a screen pop waits for its answer."""
    (tmp_path / "crm-bridge.toml").write_text("")
    loaded(tmp_path, "client", "lookup", "--name", "Nobody")  # makes the store
    code, names = loaded(tmp_path, "client", "lookup", "--phone", "+380505550101")

    assert 0 == code
    assert set() == HEAVY & names
    assert set() == {name for name in names if name.startswith("crm_bridge_")}
