"""The hooks of the connector of drop folders."""

from __future__ import annotations

from collections.abc import Sequence

from crm_bridge.api import ConnectorType, SimulatorType, hookimpl

from .connector import CONNECTOR
from .simulator import SIMULATOR


@hookimpl
def register_connectors() -> Sequence[ConnectorType]:
    """Offer the connector ``vendor_files``."""
    return [CONNECTOR]


@hookimpl
def register_simulators() -> Sequence[SimulatorType]:
    """Offer its stand-in."""
    return [SIMULATOR]
