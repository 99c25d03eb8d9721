"""Which system carries messages of a channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog

from crm_bridge.connector import MessageChannel
from crm_bridge.errors import BridgeError
from crm_bridge.outbox.notices import MessageRoute
from crm_bridge.run_context.isolation import calling, to_log
from crm_bridge.run_context.systems import System

_log = structlog.get_logger("crm_bridge")


def route(systems: Iterable[System], public_url: str | None, channel: str) -> MessageRoute | None:
    """The first configured system that carries messages of this channel."""
    for system in systems:
        connector = system.connector
        if isinstance(connector, MessageChannel) and channel in _channels_of(connector, system=system.name):
            url = f"{public_url}/webhooks/{system.name}" if public_url else None
            return MessageRoute(system.name, channel, connector, report_url=url)
    return None


def _channels_of(connector: MessageChannel, *, system: str) -> Sequence[str]:
    try:
        with calling(connector, "channels"):
            return list(connector.channels())
    except BridgeError as error:
        _log.warning("a connector cannot say what it carries", system=system, **to_log(error))
        return ()
