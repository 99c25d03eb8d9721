"""The simulator: the API, its book, its webhooks and its knobs, put together and kept in one folder."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from crm_bridge.api import RawRecord, SimulatorType
from crm_bridge.testing.simulation import Knobs, KnobValue, LoopbackServer, Shelf, kept_secret

from .api import Api
from .clients import KIND, ClientBook
from .webhook_sender import WebhookSender, new_secret

KNOBS: Mapping[str, tuple[KnobValue, str]] = {
    "fail_next": (0, "this many calls are answered 503"),
    "rate_limit_next": (0, "this many calls are answered 429"),
    "retry_after": (1, "seconds in the header Retry-After of both"),
    "drop_answer_next": (0, "this many calls are carried out, and the connection is closed without an answer"),
    "malformed_next": (0, "this many readings are answered with half a document"),
    "broken_client": ("", "the client of this id makes every page that holds it malformed JSON"),
    "delay": (0.0, "seconds before each answer"),
    "webhook_url": ("", "where webhooks go; empty: nowhere"),
    "webhook_duplicate_next": (0, "this many webhooks are sent twice"),
    "webhook_lost_next": (0, "this many webhooks are not sent"),
    "webhook_forged_next": (0, "this many webhooks are signed with a key that is not ours"),
}


class CallCenterSimulator:
    """Fulfils :class:`crm_bridge.api.Simulator`. ``/_simulator/`` is open to all of this machine."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._lock = threading.RLock()
        self._shelf = Shelf(folder / "callcenter.db")
        self._knobs = Knobs({name: value for name, (value, _) in KNOBS.items()}, shelf=self._shelf)
        self._token = kept_secret(folder / "token", secrets.token_urlsafe(24))
        self._secret = kept_secret(folder / "webhook_secret", new_secret(secrets.token_bytes(32)))
        self._book = ClientBook(self._shelf, clock=clock, changed=self._tell)
        self._server: LoopbackServer | None = None
        self._sender: WebhookSender | None = None

    def start(self, port: int = 0) -> Mapping[str, Any]:
        api = Api(self._book, shelf=self._shelf, knobs=self._knobs, token=self._token, lock=self._lock, wait=time.sleep)
        key = base64.b64decode(self._secret.removeprefix("whsec_"))
        self._server = LoopbackServer(api.answer, port=port, clock=self._clock)
        self._sender = WebhookSender(key, clock=self._clock)
        return {
            "base_url": self._server.url,
            "token_ref": f"file:{self._folder.resolve() / 'token'}",
            "webhook_secret_ref": f"file:{self._folder.resolve() / 'webhook_secret'}",
        }

    def stop(self) -> None:
        if self._server:
            self._server.stop()
        if self._sender:
            self._sender.stop()
        self._server = self._sender = None

    def close(self) -> None:
        """Stop, and let go of the folder."""
        self.stop()
        self._shelf.close()

    def load(self, kind: str, records: Sequence[RawRecord]) -> Sequence[str]:
        _known(kind)
        with self._lock:
            return self._book.load(records)

    def records(self, kind: str) -> Sequence[RawRecord]:
        _known(kind)
        with self._lock:
            return self._book.all()

    def edit(self, kind: str, record_id: str, changes: RawRecord) -> None:
        _known(kind)
        with self._lock:
            self._book.change(record_id, changes)

    def configure(self, **knobs: object) -> None:
        self._knobs.set(knobs)

    def _tell(self, record: Mapping[str, Any]) -> None:
        url = self._knobs.text("webhook_url")
        if not url or self._sender is None or self._knobs.take("webhook_lost_next"):
            return
        event_id = f"evt_{record['id']}_{record['version']}"
        event = {"id": event_id, "type": "client.changed", "client_id": record["id"], "at": record["updated_at"]}
        forged = self._knobs.take("webhook_forged_next")
        for _ in range(2 if self._knobs.take("webhook_duplicate_next") else 1):
            self._sender.send(url, event_id=event_id, body=orjson.dumps(event), forged=forged)


def _known(kind: str) -> None:
    if kind != KIND:
        raise ValueError(f"the call centre holds {KIND}, not {kind!r}")


SIMULATOR = SimulatorType(
    name="callcenter",
    open=CallCenterSimulator,
    summary="A call centre with a JSON API and signed webhooks; built from documents.",
    default_port=8102,
    knobs={name: words for name, (_, words) in KNOBS.items()},
)
