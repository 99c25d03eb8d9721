"""The hooks of the SMS-gateway connector."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.api import ConnectorType, SimulatorType, hookimpl

from .connector import CONNECTOR
from .simulator import SIMULATOR


@hookimpl
def register_connectors() -> Sequence[ConnectorType]:
    """Offer the connector ``sms_gateway``."""
    return [CONNECTOR]


@hookimpl
def register_simulators() -> Sequence[SimulatorType]:
    """Offer its stand-in."""
    return [SIMULATOR]
