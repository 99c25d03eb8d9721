"""Webhooks that go out: signed after Standard Webhooks, tried a few times, then given up, as most systems do."""

from __future__ import annotations

import base64
import heapq
import threading
import time
from collections.abc import Callable
from datetime import datetime

import httpx

from crm_bridge_callcenter.webhooks import sign

WAITS = (0.2, 1.0, 5.0)  # seconds before the second, third and fourth try


class WebhookSender:
    """One background thread. Events that were not delivered when it stops are lost: the bridge polls as well."""

    def __init__(self, key: bytes, *, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._clock = clock
        self._due: list[tuple[float, int, int, str, str, bytes, bool]] = []
        self._number = 0
        self._wake = threading.Condition()
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True, name="webhooks")
        self._thread.start()

    def send(self, url: str, *, event_id: str, body: bytes, forged: bool = False) -> None:
        """Soon. ``forged``: signed with another key, as somebody else would."""
        self._put(time.monotonic(), 0, url, event_id, body, forged)

    def stop(self) -> None:
        """Try no more."""
        with self._wake:
            self._running = False
            self._wake.notify()
        self._thread.join()

    def _put(self, at: float, tries: int, url: str, event_id: str, body: bytes, forged: bool) -> None:
        with self._wake:
            self._number += 1
            heapq.heappush(self._due, (at, self._number, tries, url, event_id, body, forged))
            self._wake.notify()

    def _run(self) -> None:
        with httpx.Client(timeout=5.0, trust_env=False) as client:
            while True:
                with self._wake:
                    while self._running and (not self._due or self._due[0][0] > time.monotonic()):
                        self._wake.wait(max(0.0, self._due[0][0] - time.monotonic()) if self._due else None)
                    if not self._running:
                        return
                    _, _, tries, url, event_id, body, forged = heapq.heappop(self._due)
                if not self._try(client, url, event_id, body, forged) and tries < len(WAITS):
                    self._put(time.monotonic() + WAITS[tries], tries + 1, url, event_id, body, forged)

    def _try(self, client: httpx.Client, url: str, event_id: str, body: bytes, forged: bool) -> bool:
        timestamp = str(int(self._clock().timestamp()))
        key = bytes(24) if forged else self._key
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(key, event_id=event_id, timestamp=timestamp, body=body),
        }
        try:
            return client.post(url, content=body, headers=headers).is_success
        except (httpx.HTTPError, httpx.InvalidURL):
            return False


def new_secret(random_bytes: bytes) -> str:
    """A signing secret in its usual spelling."""
    return "whsec_" + base64.b64encode(random_bytes).decode()
