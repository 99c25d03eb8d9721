"""A town of real processes on loopback: a simulated Siebel and call centre, `crm-bridge serve`, and runs of `sync`.

Nothing here is in the process of the test: what is killed is killed as an operating system kills. All waiting is for a
condition, with a deadline.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

# One for all: httpx.get would make a TLS context for each request. No connection outlives its answer: peers are killed.
_HTTP = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=20)
SECRET = "an-invented-path-token-0123456789"
_CONFIG = """
[bridge]
region = "UA"
[systems.siebel]
connector = "siebel"
{siebel}
retry_wait_seconds = 0.05
timeouts = {{connect = 2.0, read = 5.0, total = 10.0}}
events = {{path_token_ref = "file:siebel-events.token"}}
[systems.siebel.records.contact]
mapping = "crm_bridge_mappings:siebel/contact.yaml"
create = true
[systems.callcenter]
connector = "callcenter"
{callcenter}
[systems.callcenter.records.client]
mapping = "crm_bridge_mappings:callcenter/client.yaml"
create = true
[survivorship]
order = ["siebel", "callcenter"]
[plugins]
active = ["dedup.exact_keys"]
[guard]
max_change_percent = 100.0
[outbox]
first_delay = "1s"
max_delay = "1s"
give_up_after = "1h"
"""


def until(condition: Callable[[], Any], *, what: str, seconds: float = 60.0) -> Any:
    """What ``condition`` gives, once that is true. An HTTP peer that is not there yet is not yet."""
    ends = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        with suppress(httpx.TransportError):
            found = condition()
            if found:
                return found
        assert time.monotonic() < ends, f"{what}: not within {seconds} s"
        pause.wait(0.05)


@dataclass
class Town:
    """The processes, and what their users do."""

    at: Path
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    url: str = ""

    def start(self, system: str, **knobs: object) -> Mapping[str, Any]:
        """Start a simulator, again on the port that it had; gives the settings that reach it."""
        options = [part for name, value in knobs.items() for part in ("--set", f"{name}={json.dumps(value)}")]
        port = str(self.ports.get(system, 0))
        process = self._process("simulate", system, "--port", port, "--json", *options, out=subprocess.PIPE)
        self.running[system] = process
        settings: Mapping[str, Any] = json.loads(_document(process.stdout))["simulators"][system]
        url = settings.get("endpoint") or settings["base_url"]
        self.ports[system] = httpx.URL(url).port or 0
        return settings

    def configure(self, **settings: Mapping[str, Any]) -> None:
        """Write the configuration for the simulators that are running."""
        blocks = {
            name: "\n".join(f"{key} = {_toml(value, self.at)}" for key, value in each.items() if key != "connector")
            for name, each in settings.items()
        }
        (self.at / "crm-bridge.toml").write_text(_CONFIG.format(**blocks), encoding="utf-8")
        (self.at / "siebel-events.token").write_text(SECRET, encoding="ascii")

    def serve(self) -> None:
        """Start `crm-bridge serve`, where it listened before."""
        listen = f"127.0.0.1:{self.ports.get('serve', 0)}"
        log = self.at / "serve.log"
        log.write_text("", encoding="utf-8")
        with log.open("ab") as err:  # a pipe that nobody empties would stop it in the end
            self.running["serve"] = self._process("serve", "--listen", listen, err=err)
        ready = until(lambda: re.search(r"^listening on (\S+)$", log.read_text("utf-8"), re.M), what="serve")
        self.url = ready[1]
        self.ports["serve"] = httpx.URL(self.url).port or 0

    def sync(self, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One run, to its end."""
        done = subprocess.run(
            [*_COMMAND, "sync", "--json"], cwd=self.at, capture_output=True, text=True, timeout=120, check=False
        )
        if check:
            assert 0 == done.returncode, done.stdout + done.stderr
        return done

    def begin_sync(self) -> subprocess.Popen[str]:
        """One run, to be killed."""
        return self._process("sync", err=subprocess.DEVNULL, out=subprocess.DEVNULL)

    def kill(self, name: str) -> None:
        """``kill -9``."""
        process = self.running.pop(name)
        process.kill()
        process.communicate(timeout=30)  # closes its pipes too

    def end(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.running.values():
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def control(self, system: str, path: str, body: object = None) -> Any:
        """A control address of a simulator: what its own users do and see."""
        url = f"http://127.0.0.1:{self.ports[system]}/_simulator/{path}"
        answer = _HTTP.get(url) if body is None else _HTTP.post(url, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def held(self, system: str) -> list[dict[str, Any]]:
        """All contacts of Siebel, or clients of the call centre."""
        records: list[dict[str, Any]] = self.control(system, f"state/{KIND[system]}")
        return records

    def card(self, phone: str) -> Mapping[str, Any]:
        """The card with this phone; empty: there is none."""
        found = _HTTP.get(f"{self.url}/lookup", params={"phone": phone}).json()["clients"]
        return found[0] if found else {}

    def notify(self, body: bytes, *, secret: str = SECRET) -> int:
        """What a workflow posts; gives the status. 0: the connection was closed."""
        try:
            return _HTTP.post(f"{self.url}/webhooks/siebel/{secret}", content=body, timeout=30).status_code
        except httpx.TransportError:
            return 0

    def _process(
        self, *arguments: str, out: int | None = None, err: int | IO[bytes] | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen([*_COMMAND, *arguments], cwd=self.at, stdout=out, stderr=err, text=True)


KIND = {"siebel": "contact", "callcenter": "client"}
_COMMAND = (sys.executable, "-m", "crm_bridge")


def contact(number: int, **fields: Any) -> dict[str, Any]:
    """An invented contact of Siebel."""
    return {
        "LastName": "Вигаданий",
        "FirstName": f"Петро{number}",
        "BirthDate": f"03/08/{1950 + number % 50}",
        "CellularPhone": phone(number),
        **fields,
    }


def phone(number: int) -> str:
    return f"+380505550{number:03}"


def message(record_id: str, *, said: str = "", component: str = "Contact") -> bytes:
    """A SiebelMessage with no more than the row id; as many sites send it, without a number of its own."""
    return (
        f'<?xml version="1.0"?><SiebelMessage MessageId="{said}" IntObjectName="CRM Contact Outbound" '
        f'IntObjectFormat="Siebel Hierarchical"><ListOfX><{component}><Id>{record_id}</Id></{component}></ListOfX>'
        "</SiebelMessage>"
    ).encode()


def _document(stream: Any) -> str:
    text = ""
    for line in stream:
        text += line
        with suppress(ValueError):
            json.loads(text)
            return text
    raise AssertionError(f"it ended and said: {text}")


def _toml(value: Any, base: Path) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(each, base)}" for key, each in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
