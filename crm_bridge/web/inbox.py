"""Works off what webhooks have stored, beside the server: a request is answered before it is processed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

import structlog

from crm_bridge.errors import BridgeError

_log = structlog.get_logger("crm_bridge.web")


class InboxWorker:
    """One thread that calls ``process`` when woken, and every ``every_seconds`` for what an earlier life left behind.

    ``process`` may raise a :class:`BridgeError`: the events stay stored, and the next round tries again.
    """

    def __init__(self, process: Callable[[], object], *, every_seconds: float = 5.0) -> None:
        self._process = process
        self._every_seconds = every_seconds
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crm-bridge-inbox", daemon=True)

    def wake(self) -> None:
        """There is something to do. Returns at once; may be called from any thread."""
        self._woken.set()

    def __enter__(self) -> InboxWorker:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._process()
            except BridgeError as error:
                _log.warning("inbox round failed", error_type=type(error).__qualname__)
            except Exception as error:  # noqa: BLE001  # a bug in one round must not end all later ones
                _log.error("inbox round broke", error_type=type(error).__qualname__)
            self._woken.wait(self._every_seconds)
            self._woken.clear()
