"""The simulator as the bridge's ``simulate`` command and the demo use it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_bridge_siebel.settings import SiebelSettings
from crm_bridge_siebel.simulator.catalogue import CATALOGUE
from crm_bridge_siebel.simulator.door import Door, default_service
from crm_bridge_siebel.simulator.installation import PASSWORD_FILE, Installation
from crm_bridge_siebel.simulator.knobs import Knobs
from crm_bridge_siebel.simulator.server import PATH, SimulatorServer
from crm_bridge_siebel.simulator.services import CONTACT_BS
from crm_bridge_siebel.simulator.sessions import USERNAME, Sessions
from crm_bridge_siebel.simulator.wsdl_text import wsdl


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
        """Serve on 127.0.0.1; returns the connector's settings. The password is in a file beside the state.

        In another dialect than the connector's bundled WSDLs have, the WSDL is written beside the state too.
        """
        if self._server is not None:
            raise RuntimeError("the simulator is running already")
        installation = self._installation
        sessions = Sessions(
            password=installation.password,
            clock=self._clock,
            knobs=self._knobs,
            new_token=lambda: secrets.token_urlsafe(24),
        )
        self._server = SimulatorServer(port, Door(installation, sessions, self._knobs))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="siebel-simulator", daemon=True
        )
        self._thread.start()
        endpoint = f"{self._server.origin}{PATH}"
        settings: dict[str, Any] = {
            "endpoint": endpoint,
            "username": USERNAME,
            "password_ref": f"file:{(self._folder / PASSWORD_FILE).resolve()}",
        }
        if not self._knobs.on("child_touches_parent"):
            settings["children"] = {name: [f"ListOf{tag}" for tag in kind.children] for name, kind in CATALOGUE.items()}
            settings["children_seconds"] = 0  # whoever tries things out waits for nothing
        limit = int(self._knobs.number("max_page_size"))
        for name in ("page_size", "child_page_size"):
            if limit < SiebelSettings.model_fields[name].default:
                settings[name] = limit
        service = default_service(self._knobs)
        if service is not CONTACT_BS:
            file = (self._folder / f"{service.file}.wsdl").resolve()
            file.write_text(wsdl(service, address=endpoint), encoding="utf-8")
            settings["wsdl"] = {"contact": str(file)}
        return settings

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

    def merge(self, kind: str, winner: str, loser: str) -> None:
        """Merge two records: the loser vanishes."""
        self._installation.merge(kind, winner, loser)

    def bulk(self, kind: str, record_id: str, changes: Mapping[str, Any]) -> None:
        """Change a record as EIM does, without events."""
        self._installation.edit(kind, record_id, changes, bulk=True)

    def begin(self, kind: str, record_id: str, changes: Mapping[str, Any]) -> str:
        """Begin a change that is stamped and announced now and committed later; returns its name."""
        return self._installation.begin(kind, record_id, changes)

    def commit(self, transaction: str) -> None:
        """Make a begun change visible, with its older ``Updated``."""
        self._installation.commit(transaction)

    def roll_back(self, transaction: str) -> None:
        """Drop a begun change, whose event has left."""
        self._installation.roll_back(transaction)

    def assign(
        self, kind: str, record_id: str, *, organization: str | None = None, positions: Sequence[str] | None = None
    ) -> None:
        """Say whose a record is; without a word, the integration user's."""
        self._installation.assign(kind, record_id, organization=organization, positions=positions)

    def kill_tasks(self) -> None:
        """End every server task, as a restart of the object manager does."""
        if self._server is not None:
            self._server.door.sessions.kill_tasks()

    def configure(self, **knobs: object) -> None:
        """Turn knobs; see :data:`crm_bridge_siebel.simulator.knobs.KNOBS`."""
        self._knobs.set(knobs)

    @property
    def _installation(self) -> Installation:
        if self._opened is None:
            self._opened = Installation(self._folder, self._clock, self._knobs)
        return self._opened
