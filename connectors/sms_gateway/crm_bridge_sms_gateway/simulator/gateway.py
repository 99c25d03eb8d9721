"""The simulator: smsbox, register, delivery reports and knobs, put together and kept in one folder."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from crm_bridge.api import RawRecord, SimulatorType
from crm_bridge.testing.simulation import Asked, Knobs, KnobValue, LoopbackServer, Reply, Shelf, as_json, kept_secret

from .register_api import RegisterApi
from .report_sender import ReportSender
from .smsbox import MESSAGE, SmsBox
from .subscribers import KIND, SubscriberBook

USERNAME = "bridge"
KNOBS: Mapping[str, tuple[KnobValue, str]] = {
    "fail_next": (0, "this many calls are answered 503"),
    "drop_answer_next": (0, "this many calls are carried out, and the connection is closed without an answer"),
    "queued_next": (0, "this many messages are answered `3: Queued`"),
    "undeliverable_next": (0, "this many messages are reported as not delivered"),
    "dlr_lost_next": (0, "the reports of this many messages are not sent"),
    "dlr_before_answer_next": (0, "the reports of this many messages are sent before the answer"),
    "malformed_next": (0, "this many readings of the register are answered with half a document"),
    "delay": (0.0, "seconds before each answer"),
    "stop": ("", "the holder of this number answers STOP, at once"),
}


class SmsGatewaySimulator:
    """Fulfils :class:`crm_bridge.api.Simulator`; kinds ``subscriber`` and, to read alone, ``message``."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._shelf = Shelf(folder / "sms_gateway.db")
        self._knobs = Knobs({name: value for name, (value, _) in KNOBS.items()}, shelf=self._shelf)
        self._password = kept_secret(folder / "password", secrets.token_urlsafe(18))
        kept_secret(folder / "dlr_secret", secrets.token_urlsafe(32))
        self._subscribers = SubscriberBook(self._shelf, clock=clock)
        self._smsbox = SmsBox(self._shelf, knobs=self._knobs, account=(USERNAME, self._password), clock=clock)
        self._register = RegisterApi(self._subscribers, knobs=self._knobs, account=(USERNAME, self._password))
        self._server: LoopbackServer | None = None
        self._reports: ReportSender | None = None

    def start(self, port: int = 0) -> Mapping[str, Any]:
        self._reports = ReportSender(clock=self._clock, told=self._smsbox.move)
        self._server = LoopbackServer(self._answer, port=port, clock=self._clock)
        return {
            "base_url": self._server.url,
            "register_url": self._server.url,
            "username": USERNAME,
            "password_ref": f"file:{self._folder.resolve() / 'password'}",
            "dlr_secret_ref": f"file:{self._folder.resolve() / 'dlr_secret'}",
            "sender": "CRMBRIDGE",
        }

    def stop(self) -> None:
        if self._server:
            self._server.stop()
        if self._reports:
            self._reports.stop()
        self._server = self._reports = None

    def close(self) -> None:
        """Stop, and let go of the folder."""
        self.stop()
        self._shelf.close()

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        _known(kind, KIND)
        with self._lock:
            return self._subscribers.load(records)

    def records(self, kind: str) -> Sequence[RawRecord]:
        _known(kind, KIND, MESSAGE)
        with self._lock:
            return self._smsbox.all() if kind == MESSAGE else self._subscribers.all()

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        _known(kind, KIND)
        with self._lock:
            self._subscribers.change(record_id, changes)

    def configure(self, **knobs: object) -> None:
        number = knobs.pop("stop", "")
        self._knobs.set(knobs)
        if number:
            with self._lock:
                self._subscribers.stop(str(number))

    def _answer(self, asked: Asked) -> Reply:
        try:
            if asked.path.startswith("/_simulator/"):
                return self._control(asked)
            time.sleep(self._knobs.number("delay"))
            if self._knobs.take("fail_next"):
                return Reply(503, b"Temporal failure, try again later.", content_type="text/html")
            if asked.path.startswith("/cgi-bin/"):
                reply = self._smsbox.answer(asked, reports=self._reports)
            else:
                with self._lock:
                    reply = self._register.answer(asked)
        except orjson.JSONDecodeError:
            return as_json(400, {"errors": {"": "not_json"}})
        return Reply(0, drop=True) if self._knobs.take("drop_answer_next") else reply

    def _control(self, asked: Asked) -> Reply:
        edited = asked.path.removeprefix(f"/_simulator/edit/{KIND}/")
        try:
            match asked.method, asked.path:
                case "GET", "/_simulator/state/subscriber" | "/_simulator/state/message":
                    return as_json(200, self.records(asked.path.rpartition("/")[2]))
                case "POST", "/_simulator/load/subscriber":
                    return as_json(200, {"ids": self.load(KIND, orjson.loads(asked.body))})
                case "GET", "/_simulator/knobs":
                    return as_json(200, self._knobs.all())
                case "POST", "/_simulator/knobs":
                    self.configure(**orjson.loads(asked.body))
                    return as_json(200, self._knobs.all())
                case "POST", _ if edited != asked.path:
                    self.edit(KIND, edited, orjson.loads(asked.body))
                    return as_json(200, {})
        except KeyError:
            return as_json(404, {"error": "no such subscriber"})
        except (ValueError, TypeError) as error:
            return as_json(422, {"error": str(error)})
        return as_json(404, {"error": "state|load|edit|knobs, kinds subscriber and message"})


def _known(kind: str, *kinds: str) -> None:
    if kind not in kinds:
        raise ValueError(f"the SMS gateway holds {', '.join(kinds)}, not {kind!r}")


SIMULATOR = SimulatorType(
    name="sms_gateway",
    open=SmsGatewaySimulator,
    summary="Kannel's HTTP contract with delivery reports, and a register; built from documents, sends nothing.",
    default_port=8103,
    knobs={name: words for name, (_, words) in KNOBS.items()},
)
