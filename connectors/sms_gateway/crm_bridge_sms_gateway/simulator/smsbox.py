"""Kannel's ``sendsms``: the answers of its guide, and the list of what was sent, as the handset shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from crm_bridge.testing.simulation import Asked, Knobs, Reply, Shelf
from crm_bridge_sms_gateway.segments import count_segments

from .handset import raw_query, shown_text
from .report_sender import Report, ReportSender

MESSAGE = "message"


class SmsBox:
    """Thread-safe. It takes the same message as often as it is offered, as Kannel does."""

    def __init__(self, shelf: Shelf, *, knobs: Knobs, account: tuple[str, str], clock: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._knobs = knobs
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._messages: dict[str, dict[str, Any]] = dict(shelf.all(MESSAGE))

    def answer(self, asked: Asked, *, reports: ReportSender | None) -> Reply:
        """One request; texts as Kannel words them."""
        if (asked.method, asked.path) != ("GET", "/cgi-bin/sendsms"):
            return _said(404, "Unknown request.")
        query = raw_query(asked.query_bytes)
        plain = {name: value.decode("utf-8", "replace") for name, value in query.items() if name != "text"}
        if (plain.get("username"), plain.get("password")) != self._account:
            return _said(403, "Authorization failed for sendsms")
        if not plain.get("to", "").strip():
            return _said(400, "Missing receiver number, rejected")
        if not plain.get("from"):
            return _said(400, "Sender missing and no global set, rejected")
        try:
            text = shown_text(query.get("text", b""), coding=plain.get("coding", "0"), charset=plain.get("charset", ""))
        except LookupError:
            return _said(400, "Charset or body misformed, rejected")
        queued = self._knobs.take("queued_next")
        early = self._knobs.take("dlr_before_answer_next")
        lost = self._knobs.take("dlr_lost_next")
        outcome = 2 if self._knobs.take("undeliverable_next") else 1
        for number in plain["to"].split():
            message = self._keep(plain | {"to": number}, text=text)
            for kind in ((4,) if queued else ()) + (8, outcome):
                url = "" if lost else plain.get("dlr-url", "")
                report = Report(kind, message, int(plain.get("dlr-mask") or 0), url)
                if reports is not None:
                    (reports.at_once if early else reports.later)(report)
        return _said(202, "3: Queued for later delivery" if queued else "0: Accepted for delivery")

    def move(self, name: str, status: str) -> None:
        """What became of a message."""
        with self._lock:
            self._messages[name]["status"] = status
            self._shelf.put(MESSAGE, {name: self._messages[name]})

    def all(self) -> list[dict[str, Any]]:
        """Every message, in the order of sending; copies."""
        with self._lock:
            return [dict(message) for message in self._messages.values()]

    def _keep(self, query: Mapping[str, str], *, text: str) -> Mapping[str, str]:
        with self._lock:
            name = f"m-{len(self._messages) + 1:08}"
            self._messages[name] = {
                "id": name,
                "from": query["from"],
                "to": query["to"],
                "text": text,
                "coding": query.get("coding", "0"),
                "parts": count_segments(text).parts,
                "status": "accepted",
                "accepted_at": self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            self._shelf.put(MESSAGE, {name: self._messages[name]})
            return {field: str(value) for field, value in self._messages[name].items()}


def _said(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), content_type="text/html")
