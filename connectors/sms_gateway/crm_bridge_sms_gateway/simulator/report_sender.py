"""Delivery reports that go out: the message's own address with Kannel's escapes filled in, called in the background."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import httpx

KINDS: Mapping[int, tuple[str, str]] = {  # of `dlr-mask`: what the SMSC says, and what becomes of the message
    1: ("stat:DELIVRD err:000", "delivered"),
    2: ("stat:UNDELIV err:001", "failed"),
    4: ("", "queued"),
    8: ("ACK/", "sent"),
    16: ("NACK/", "rejected"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """One report on one message."""

    kind: int
    message: Mapping[str, str]
    mask: int
    url: str


def filled(url: str, *, report: Report, now: datetime) -> str:
    """The address with its escapes filled in; unknown ones stay as they are."""
    said = KINDS[report.kind][0]
    if said.startswith("stat:"):
        stamp = now.astimezone(UTC).strftime("%y%m%d%H%M")
        said = f"id:{report.message['id']} sub:001 dlvrd:001 submit date:{stamp} done date:{stamp} {said} text:"
        said += report.message["text"][:20]
    escapes = {
        "d": str(report.kind),
        "A": said,
        "F": report.message["id"],
        "p": report.message["to"],
        "P": report.message["from"],
        "t": now.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
        "T": str(int(now.timestamp())),
        "%": "%",
    }
    return re.sub(r"%([dAFpPtT%])", lambda found: "%" if found[1] == "%" else quote(escapes[found[1]], safe=""), url)


class ReportSender:
    """One background thread, in order. As Kannel does by default (``http-request-retry`` is 0), it tries once."""

    def __init__(self, *, clock: Callable[[], datetime], told: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._told = told
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[Report | None] = queue.SimpleQueue()
        self._client: httpx.Client | None = None  # made for the first report: most tests and trials need none
        self._thread = threading.Thread(target=self._run, daemon=True, name="delivery reports")
        self._thread.start()

    def later(self, report: Report) -> None:
        """In the background."""
        self._waiting.put(report)

    def at_once(self, report: Report) -> None:
        """Before this returns. The message's state moves on whether or not anybody listens."""
        self._told(report.message["id"], KINDS[report.kind][1])
        if report.url and report.mask & report.kind:
            try:
                self._http().get(filled(report.url, report=report, now=self._clock()))
            except (httpx.HTTPError, httpx.InvalidURL):
                return

    def stop(self) -> None:
        """Send what waits, then no more."""
        self._waiting.put(None)
        self._thread.join()
        if self._client:
            self._client.close()

    def _http(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(timeout=5.0, trust_env=False)
            return self._client

    def _run(self) -> None:
        while (report := self._waiting.get()) is not None:
            self.at_once(report)
