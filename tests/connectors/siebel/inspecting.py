"""`crm-bridge siebel inspect`, called as a user would."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from crm_bridge.cli.main import main


def started(*arguments):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "crm_bridge", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def run(*arguments):
    """The same command without the second in which a process starts."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = main([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def inspected(wsdl, *arguments):
    done = run("siebel", "inspect", wsdl, "--json", *arguments)
    assert 0 == done.returncode, done.stderr

    return json.loads(done.stdout)
