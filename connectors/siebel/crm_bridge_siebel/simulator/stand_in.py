"""The simulator as the bridge's ``simulate`` command and the demo use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_bridge_siebel.simulator.installation import PASSWORD, USERNAME, Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.server import PATH, SimulatorServer

_PASSWORD_FILE = "password"  # noqa: S105  # a file name


class SiebelSimulator:
    """A Siebel on loopback, whose state is in ``folder``.

    Args:
        folder: made when it is not there; one simulator at a time may use it.
        clock: the present time, aware.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock
        self._knobs = Knobs()
        self._opened: Installation | None = None
        self._server: SimulatorServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int = 0) -> Mapping[str, Any]:
        """Serve on 127.0.0.1; returns the connector's settings. The password is in a file beside the state."""
        if self._server is not None:
            raise RuntimeError("the simulator is running already")
        self._server = SimulatorServer(port, self._installation, self._knobs)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="siebel-simulator", daemon=True
        )
        self._thread.start()
        secret = (self._folder / _PASSWORD_FILE).resolve()
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o600)
        return {
            "endpoint": f"{self._server.origin}{PATH}",
            "username": USERNAME,
            "password_ref": f"file:{secret}",
        }

    def stop(self) -> None:
        """Stop serving, and write the state to disk."""
        server, self._server = self._server, None
        if server is not None:
            server.stopping.set()
            server.shutdown()
            server.hang_up()
            server.server_close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def load(self, kind: str, records: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Put records in; returns their ids. Nothing is checked, so bad data can be put in."""
        return self._installation.load(kind, records)

    def records(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """What it holds now, in the order of ids."""
        return self._installation.records(kind)

    def edit(self, kind: str, record_id: str, changes: Mapping[str, Any]) -> None:
        """Change a record: ModId and Updated move."""
        self._installation.edit(kind, record_id, changes)

    def remove(self, kind: str, record_id: str) -> None:
        """Delete a record without a trace."""
        self._installation.remove(kind, record_id)

    def configure(self, **knobs: object) -> None:
        """Turn knobs; see :data:`crm_bridge_siebel.simulator.knobs.KNOBS`."""
        self._knobs.set(knobs)

    @property
    def _installation(self) -> Installation:
        if self._opened is None:
            self._opened = Installation(self._folder, self._clock, self._knobs)
        return self._opened
