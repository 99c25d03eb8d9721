"""The hooks of the call-centre connector."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.api import ConnectorType, SimulatorType, hookimpl

from .connector import CONNECTOR
from .simulator import SIMULATOR


@hookimpl
def register_connectors() -> Sequence[ConnectorType]:
    """Offer the connector ``callcenter``."""
    return [CONNECTOR]


@hookimpl
def register_simulators() -> Sequence[SimulatorType]:
    """Offer its stand-in."""
    return [SIMULATOR]
