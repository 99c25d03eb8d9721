"""``crm-bridge serve`` as a process: the whole edge over a real store, from start to SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import sys

import httpx
import pytest


@pytest.fixture
def served(tmp_path):
    """A bridge without systems on any free port: its URL and its process."""
    (tmp_path / "crm-bridge.toml").write_text("")
    command = [sys.executable, "-m", "crm_bridge", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            first = next(line for line in process.stderr if line.startswith("listening on "))
            yield first.removeprefix("listening on ").strip(), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def test_it_serves_until_it_is_asked_to_end(served):
    """Alive, ready, answering look-ups, refusing a system that there is not; SIGTERM ends it with 0."""
    url, process = served

    assert 200 == httpx.get(f"{url}/livez").status_code
    assert 200 == httpx.get(f"{url}/readyz").status_code
    assert {"clients": [], "more": False} == httpx.get(f"{url}/lookup?phone=+380505550101").json()
    assert 404 == httpx.post(f"{url}/webhooks/none", content=b"x").status_code

    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=30)
    assert 0 == process.returncode
    assert "Traceback" not in rest


def test_what_was_asked_is_not_logged(served):
    """A log of requests would be a list of phones."""
    url, process = served
    httpx.get(f"{url}/lookup?phone=+380505550101")
    assert 400 == httpx.get(f"{url}/lookup?phone=not-a-phone").status_code

    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=30)
    assert "505550101" not in rest
