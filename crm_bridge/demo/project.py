"""The demo's configuration, and the bridge opened by it with its web edge listening."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from crm_bridge.app import open_bridge
from crm_bridge.config import load_settings, resolve_secret
from crm_bridge.demo.scenes import DemoBridge
from crm_bridge.demo.shapes import KINDS
from crm_bridge.demo.stand import Stand
from crm_bridge.demo.workdir import CONFIG, config_text, relative_references, write_secret
from crm_bridge.web import create_app, serve_in_thread

PLUGINS: Mapping[str, Mapping[str, Any]] = {
    "enrichment.phones": {},
    "enrichment.names": {},
    "dedup.exact_keys": {},
    "notification.claims_sms": {},
}
RECORDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "siebel": {
        "contact": {"mapping": "mappings/siebel/contact.yaml"},
        "claim": {"mapping": "mappings/siebel/claim.yaml", "write": False},
    },
    "callcenter": {"client": {"mapping": "mappings/callcenter/client.yaml"}},
    "sms_gateway": {"subscriber": {"mapping": "mappings/sms_gateway/subscriber.yaml"}},
    "vendor_files": {"client": {"mapping": "mappings/vendor_files/client.yaml"}},
}
_WEB_PORT = 8090


def configure(directory: Path, stand: Stand) -> None:
    """Write ``crm-bridge.toml`` and the web edge's token for the systems that are running."""
    settings = {system: relative_references(stand.settings[system], directory=directory) for system in KINDS}
    # A consent that changes leaves its contact's stamp alone, so these rows are looked at by themselves, at each run.
    settings["siebel"] = {**settings["siebel"], "children": {"contact": ["ListOfConsent"]}}
    port = _free_port(_WEB_PORT)
    token = write_secret(directory, "web-token", secrets.token_urlsafe(24))
    text = config_text(
        systems=settings,
        records=RECORDS,
        plugins=PLUGINS,
        web={"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}", "token_ref": token},
        # The first run fills gaps everywhere; afterwards a run that changes more than this share stops itself.
        guard={"max_change_percent": 90},
        # A demo may be run at night. Only messages about a client's own claim pass the quiet hours.
        policy={"quiet_hours": {"exempt_purposes": ["claims"]}},
    )
    (directory / CONFIG).write_text(text, encoding="utf-8")


@contextmanager
def open_project(
    directory: Path, stand: Stand, received: threading.Event, *, clock: Callable[[], datetime]
) -> Iterator[DemoBridge]:
    """The bridge of ``directory``, taking webhooks and reports until the block ends. Raises as opening does."""
    settings = load_settings(directory / CONFIG)
    token = settings.web.token_ref
    with open_bridge(settings, clock=clock) as bridge:
        app = create_app(
            bridge,
            clock=clock,
            token=resolve_secret(token, base_dir=settings.base_dir) if token else None,
            on_received=received.set,
        )
        with serve_in_thread(app, host=settings.web.host, port=settings.web.port) as url:
            stand.simulators["callcenter"].configure(webhook_url=f"{url}/webhooks/callcenter")
            yield bridge


def _free_port(wished: int) -> int:
    """``wished`` when nobody listens there, else any that is free."""
    for port in (wished, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
